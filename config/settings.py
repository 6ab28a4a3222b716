"""Django's settings (Django 5.2), derived from the registered environment variables.

Loading this module touches nothing on disk: the session key is made on first use.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from config.browser import find_browser
from config.database import database
from config.environment import LAW, RECIPES, http2, public_url, resolvers, setting, time_servers
from config.secret import secret_key

ROOT = Path(__file__).resolve().parent.parent

MARKSEAL_HOME = Path(setting("MARKSEAL_HOME"))
MARKSEAL_RECIPES = RECIPES
MARKSEAL_LAW = LAW
MARKSEAL_ALLOW_LOOPBACK = bool(setting("MARKSEAL_ALLOW_LOOPBACK"))
MARKSEAL_RESOLVERS = resolvers()
MARKSEAL_TIME_SERVERS = time_servers()
MARKSEAL_HTTP2 = http2()
MARKSEAL_NO_SANDBOX = bool(setting("MARKSEAL_NO_SANDBOX"))
MARKSEAL_CAPTURE_USER = setting("MARKSEAL_CAPTURE_USER")
MARKSEAL_FIND_BROWSER = find_browser
MARKSEAL_USER_AGENT = setting("MARKSEAL_USER_AGENT")
MARKSEAL_PUBLIC_URL = public_url()
MARKSEAL_UPLOAD_LIMIT = 256 * 1024 * 1024
MARKSEAL_PUBLIC_VERIFY = bool(setting("MARKSEAL_PUBLIC_VERIFY"))
MARKSEAL_PUBLIC_LIMIT = 64 * 1024 * 1024
MARKSEAL_PUBLIC_LOG = bool(setting("MARKSEAL_PUBLIC_LOG"))
MARKSEAL_OFFLINE_VERIFIER = ROOT / "verifier" / "dist" / "markseal-verify.html"

_public = urlsplit(MARKSEAL_PUBLIC_URL)
_https = _public.scheme == "https"

SECRET_KEY = SimpleLazyObject(lambda: secret_key(Path(setting("MARKSEAL_SECRET_KEY_FILE"))))
DEBUG = False
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    *([_public.hostname] if _public.hostname else []),
    *([setting("MARKSEAL_HOST")] if setting("MARKSEAL_HOST") not in {"0.0.0.0", "::"} else []),  # noqa: S104
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if _public.netloc else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "desk.register",
    "desk.leads",
    "desk.cases",
    "desk.jobs",
    "desk.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "desk.console.limits.Limits",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database(setting("MARKSEAL_DATABASE_URL"), MARKSEAL_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "register.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LOCALE_PATHS = [ROOT / "desk" / "console" / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # nothing needs to be collected
FILE_UPLOAD_HANDLERS = ["desk.console.uploads.NamelessUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

SESSION_ENGINE = "desk.register.sessions"
SESSION_COOKIE_NAME = "markseal_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_SSL_REDIRECT = _https
# Subdomains and preload lists are the domain owner's to decide, not one installation's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}

JOB_HANDLERS = {
    "sweep": "desk.leads.services.sweep.run_sweep",
    "preserve": "desk.cases.services.preserve.run_preserve",
    "selftest": "desk.cases.services.selftest.run_selftest",
    "renewal": "desk.cases.services.keeping.run_renewal",
    "erase": "desk.cases.services.erasing.run_erase",
    "witness": "desk.cases.services.witnessing.run_witnessing",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"brief": {"()": "config.brief.Brief"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["brief"]}
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
