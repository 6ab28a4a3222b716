"""Where the records live: SQLite in the data folder, or the PostgreSQL of a URL.

Parses ``MARKSEAL_DATABASE_URL`` strictly; nothing is opened here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from config.environment import SettingError

SCHEMES = frozenset({"postgres", "postgresql"})
OPTIONS = frozenset({"host", "port", "sslmode", "sslrootcert", "connect_timeout"})


def database(url: str, home: Path) -> dict[str, Any]:
    """Return Django's description of the database for this URL (empty: SQLite in ``home``).

    Raises SettingError with what is wrong in the URL. Whether it answers is not checked.
    """
    return _postgres(url) if url else _sqlite(home)


def _sqlite(home: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(home / "markseal.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _wrong(what_en: str, what_zh: str) -> SettingError:
    return SettingError(
        f"MARKSEAL_DATABASE_URL {what_en}; expected postgres://user:password@host:port/name.",
        f"MARKSEAL_DATABASE_URL {what_zh}；应为 postgres://用户:口令@主机:端口/库名。",
    )


def _postgres(url: str) -> dict[str, Any]:
    parts, port = _split(url)
    if parts.scheme not in SCHEMES:
        raise _wrong("does not begin with postgres://", "不是以 postgres:// 开头")
    name = unquote(parts.path.lstrip("/"))
    if not name or "/" in name:
        raise _wrong("names no database", "没有写明库名")
    if parts.fragment:
        raise _wrong("contains a '#' (write it as %23)", "含有 #（请写成 %23）")
    options = _options(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": options.pop("port", None) or (str(port) if port else ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise _wrong("has a wrong host or port", "的主机或端口有误") from error


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise _wrong("has a broken part after '?'", "的 ? 之后有误") from error
    for key, _ in pairs:
        if key not in OPTIONS:
            raise _wrong(f"has an unknown option {key!r}", f"含有未知选项 {key!r}")
    return dict(pairs)
