"""The log as people see it: growth, last checkpoints, how witnesses and authorities fare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from desk.cases.logbook import checkpoints, growth, store
from desk.console.access import WATCHERS, role_required
from desk.console.curve import curve
from evidence.errors import EvidenceError
from evidence.log.store import Head
from evidence.seal.authorityhealth import AuthorityHealth, authority_health
from evidence.witness.health import health

T = TypeVar("T")


@require_GET
@role_required(*WATCHERS)
def log_page(request: HttpRequest) -> HttpResponse:
    """Return how the log grows and how those fare who vouch for it; no content is shown."""
    home, now, faults = Path(settings.MARKSEAL_HOME), timezone.now(), list[str]()
    grown = _read(faults, growth) or ()
    context = {
        "head": _read(faults, _head),
        "growth": grown,
        "curve": curve([(one.time.timestamp(), one.size) for one in grown]),
        "checkpoints": _read(faults, checkpoints),
        "witnesses": _read(faults, lambda: health(home, now=now)),
        "authorities": _read(faults, lambda: _authorities(home, now)),
        "faults": list(dict.fromkeys(faults)),
        "public_log": settings.MARKSEAL_PUBLIC_LOG,
    }
    return render(request, "console/log.html", context)


def _authorities(home: Path, now: datetime) -> tuple[AuthorityHealth, ...]:
    """Return how the authorities fare; none before the first of them was set up."""
    return authority_health(home, now=now) if (home / "authority").is_dir() else ()


def _head() -> Head | None:
    log = store()
    return log.head() if log is not None else None


def _read(faults: list[str], read: Callable[[], T]) -> T | None:
    """Return what is read; what cannot be read is told on the page, and leaves the rest there."""
    try:
        return read()
    except OSError as error:
        faults.append(str(error.strerror))
    except EvidenceError as error:
        faults.append(error.en if get_language() == "en" else error.zh)
    return None
