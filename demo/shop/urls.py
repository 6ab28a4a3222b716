"""Addresses of the demo shop: the engine's own, its pictures, and robots.txt."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.static import serve

ROBOTS = """User-agent: *
Disallow: /accounts/
Disallow: /basket/
Disallow: /checkout/
Disallow: /dashboard/
"""


def robots(request: HttpRequest) -> HttpResponse:
    """Return the rules for robots: goods may be read, carts and accounts may not."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("robots.txt", robots),
    path("i18n/", include("django.conf.urls.i18n")),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
