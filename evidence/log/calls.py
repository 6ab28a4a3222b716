"""Callers that come at the same time: one thread leads and does the work of all that wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from evidence.errors import EvidenceError, LogError

GATHERING = 0.008
"""Seconds that a leader waits for as many callers as the last one had; a lone one never waits."""


class Appending(Protocol):
    """What a call is run in: something that takes entries and says at which indices."""

    def append(self, entries: Sequence[bytes]) -> list[int]:
        """Append the entries; return their indices."""


S = TypeVar("S", bound=Appending)


@dataclass
class Call(Generic[S]):
    """One caller: ``make`` returns its entry; afterwards the entry's index, or what went wrong."""

    make: Callable[[S], bytes]
    index: int | None = None
    error: Exception | None = None
    ended: bool = False

    def run(self, session: S) -> None:
        """Append the entry to the session, keeping an error for the caller."""
        try:
            (self.index,) = session.append([self.make(session)])
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, who raises it
            self.error = error

    def result(self) -> int:
        """Return the index of the entry, or raise what went wrong."""
        if self.error is not None:
            raise self.error
        if self.index is None:
            raise not_logged()
        return self.index


@dataclass
class Turn:
    """Who leads, and who waits; ``group`` is how many the last leader worked for."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    calls: list[Any] = field(default_factory=list)
    leading: bool = False
    group: int = 1

    def take(self) -> list[Any]:
        """Wait shortly for more callers, take all of them over and lead."""
        self.leading = True
        until = time.monotonic() + GATHERING
        while len(self.calls) < self.group and time.monotonic() < until:
            self.changed.wait(GATHERING / 4)
        taken, self.calls, self.group = self.calls, [], len(self.calls)
        return taken


def appended(turn: Turn, call: Call[S], append_all: Callable[[Sequence[Call[S]]], None]) -> int:
    """Have ``call`` done, by this thread or by the one that leads; return its entry's index.

    ``append_all`` makes and commits the entries of all calls; what it raises, each of them
    raises.
    """
    with turn.changed:
        turn.calls.append(call)
        while turn.leading and not call.ended:
            turn.changed.wait()
        if call.ended:
            return call.result()
        calls = turn.take()
    whole = False
    try:
        append_all(calls)
        whole = True
    except EvidenceError as error:
        for other in calls:
            other.error = other.error or error
    finally:
        with turn.changed:
            turn.leading = False
            for other in calls:
                other.index = other.index if whole else None
                other.ended = True
            turn.changed.notify_all()
    return call.result()


def not_logged() -> LogError:
    """Return the error of a caller whose entry was thrown away."""
    return LogError(
        "What was to be appended was not logged, because a commit was refused; run markseal log "
        "audit, then try again.",
        "要追加的条目未被记入，因为一次提交被拒绝；请运行 markseal log audit，然后重试。",
    )
