"""What the steps of one capture share, and what one visit to the page gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Steps
from evidence.capture.login import LoginState
from evidence.capture.page import Records
from evidence.capture.recorder import Seen
from evidence.capture.veil import Veil
from evidence.format.declared import Line

KEPT_DIALOGS = 200


@dataclass(frozen=True)
class NotRecorded:
    """Something the page did that is named but not in the WARC, and why."""

    what: str
    url: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """Return the item as it stands in ``capture.json``."""
        return {"what": self.what, "url": self.url[:2000], "reason": self.reason[:300]}


@dataclass
class Course:
    """One capture as it runs; ``stopped`` says why the browser was ended before its time.

    ``kill`` ends the browser; it is there while one runs. ``veil`` is there for a login.
    ``declared`` are sentences for the first line that no record has of its own.
    """

    order: CaptureOrder
    steps: Steps
    started: datetime
    hit: list[str] = field(default_factory=list)
    extra: list[NotRecorded] = field(default_factory=list)
    declared: list[Line] = field(default_factory=list)
    dialogs: list[dict[str, str]] = field(default_factory=list)
    dialogs_seen: int = 0
    stopped: str | None = None
    kill: Callable[[], None] = field(default=lambda: None)
    veil: Veil | None = None

    @property
    def login(self) -> LoginState | None:
        """The declared login state that the browser begins with."""
        return self.veil.state if self.veil is not None else None

    def end(self, why: str) -> None:
        """End the browser at once; every pending call on it then fails."""
        self.stopped = self.stopped or why
        self.kill()

    def reached(self, limit: str) -> None:
        """Note once that a bound was reached."""
        if limit not in self.hit:
            self.hit.append(limit)
            self.steps.add("limit", limit)


@dataclass(frozen=True)
class Visit:
    """What one visit gives; the exchanges come from the browser's log afterwards.

    ``problem`` is the sentence about a bad certificate with which the page was loaded all the
    same, empty when the certificate was accepted. ``seen`` is the live index. ``answered`` is the
    address that the server answered with ``status``; the page's script can show another.
    """

    records: Records
    final_url: str
    status: int
    problem: str
    seen: tuple[Seen, ...]
    answered: str = ""

    @property
    def renamed(self) -> bool:
        """Whether the address shown is one that the server was not asked for."""
        return is_renamed(self.final_url, self.answered)


def is_renamed(shown: str, answered: str | None) -> bool:
    """Return whether an address is another one than that which the server answered."""
    return bool(answered) and str(answered).partition("#")[0] != shown.partition("#")[0]
