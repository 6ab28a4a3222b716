"""The default way to take a capture: in a process of its own that cannot open this home's keys."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Clock
from evidence.capture import Snapshot
from evidence.home import EvidenceHome
from evidence.worker.apart import capture_apart
from evidence.worker.private import account
from evidence.worker.reach import require_runs
from evidence.worker.request import Secret


class Take(Protocol):
    """The seam of the browser: an order and a folder in, a finished capture out."""

    def __call__(
        self, order: CaptureOrder, folder: Path, *, software: str, clock: Clock
    ) -> Snapshot:
        """Capture the page into ``folder``, or raise PageNotCaptured."""


def apart_from(home: EvidenceHome, *, user: str = "") -> Take:
    """Return what captures in a process of its own, kept from everything in ``home``.

    ``user`` is the ordinary user that it becomes when this process is root's; raises InputError
    when it cannot.
    """
    require_reach(user)
    return partial(capture_apart, secrets=places(home), user=user)


def require_reach(user: str, *programs: Path) -> None:
    """Raise InputError unless ``user`` can run this interpreter, this code and ``programs``."""
    owner = account(user)
    if owner is not None:
        require_runs(owner, *programs)


def further_users(user: str) -> tuple[int, ...]:
    """Return the users (numbers) besides this process's own that captures run as, for the guard."""
    found = account(user)
    return (found.uid,) if found else ()


def places(home: EvidenceHome) -> tuple[Secret, ...]:
    """Return the places of a home that a capture must not be able to open."""
    return (
        Secret("signing keys", home.keys),
        Secret("authority keys", home.authority),
        Secret("log", home.log),
        Secret("other captures", home.work),
        Secret("data folder with database and exhibits", home.path),
    )
