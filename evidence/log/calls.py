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
    leads: bool = False
    wake: threading.Lock = field(default_factory=threading.Lock)

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

    mutex: threading.Lock = field(default_factory=threading.Lock)
    calls: list[Any] = field(default_factory=list)
    leading: bool = False
    group: int = 1

    def enter(self, call: Call[Any]) -> bool:
        """Queue ``call``; say whether its thread leads, at once or after waiting its turn."""
        call.wake.acquire()
        with self.mutex:
            self.calls.append(call)
            if not self.leading:
                self.leading = True
                return True
        try:
            call.wake.acquire()
        except BaseException:  # interrupted while waiting: nobody is left to lead by this call
            with self.mutex:
                if call in self.calls:
                    self.calls.remove(call)
                if call.leads:
                    self.hand_over()
            raise
        return call.leads

    def take(self) -> list[Any]:
        """Wait shortly for more callers, then take all of them over."""
        until = time.monotonic() + GATHERING
        while len(self.calls) < self.group and time.monotonic() < until:
            time.sleep(GATHERING / 8)
        with self.mutex:
            taken, self.calls, self.group = self.calls, [], len(self.calls)
        return taken

    def hand_over(self) -> None:
        """Let the first that waits lead, if any does; called with the mutex held."""
        self.leading = bool(self.calls)
        if self.calls:
            self.calls[0].leads = True
            self.calls[0].wake.release()


def appended(turn: Turn, call: Call[S], append_all: Callable[[Sequence[Call[S]]], None]) -> int:
    """Have ``call`` done, by this thread or by the one that leads; return its entry's index.

    ``append_all`` makes and commits the entries of all calls; what it raises, each of them
    raises.
    """
    if not turn.enter(call):
        return call.result()
    calls: list[Call[S]] = []
    whole = False
    try:
        calls = turn.take()
        append_all(calls)
        whole = True
    except EvidenceError as error:
        for other in calls:
            other.error = other.error or error
    finally:
        with turn.mutex:
            turn.hand_over()
        for other in calls:
            other.index = other.index if whole else None
            if other is not call:
                other.wake.release()
    return call.result()


def not_logged() -> LogError:
    """Return the error of a caller whose entry was thrown away."""
    return LogError(
        "What was to be appended was not logged, because a commit was refused; run markseal log "
        "audit, then try again.",
        "要追加的条目未被记入，因为一次提交被拒绝；请运行 markseal log audit，然后重试。",
    )
