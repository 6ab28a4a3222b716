"""The single writer: two locks of a log, across threads, processes and, through a port, machines.

``stage`` is held while entries are lined up, ``commit`` while they are made durable; whoever
takes both takes ``stage`` first. Each is a mutex of this process, then ``fcntl.flock`` on a
file of the log's folder, then, where one is given, a ``WriterLock`` (a database's).
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from evidence.errors import LogError
from evidence.log.calls import Turn
from evidence.log.durable import LOCK_SECONDS, try_lock
from evidence.log.index import INDEX, CaseIndex
from evidence.log.staged import Tail
from evidence.log.store import Head

STAGE, COMMIT = "lock", "commit.lock"
SHORTEST, LONGEST = 0.0005, 0.005
KEPT = 8
Check = Callable[[], None]


class WriterLock(Protocol):
    """A lock that keeps writers on other machines out: a port, implemented by the caller."""

    def hold(self, name: str, *, seconds: float) -> AbstractContextManager[Check]:
        """Hold the lock ``name`` of this log, or raise LogError after ``seconds``.

        Yields a function that raises LogError when the lock is no longer held (a connection
        was lost): it is asked right before a checkpoint is put in place.
        """


@dataclass
class Shared:
    """What the threads of this process share of one log. Nothing in it is needed after a crash.

    ``settled`` are the latest durable entries by index: their leaf hashes. ``index`` and
    ``tail`` are used with the stage lock held only.
    """

    index: CaseIndex
    mutexes: dict[str, threading.Lock] = field(
        default_factory=lambda: {STAGE: threading.Lock(), COMMIT: threading.Lock()}
    )
    tail: Tail = field(default_factory=Tail)
    settled: dict[int, bytes] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    turn: Turn = field(default_factory=Turn)

    def close(self) -> bool:
        """Close the index's file; False when a thread is using it."""
        if not self.mutexes[STAGE].acquire(blocking=False):
            return False
        try:
            self.index.close()
        finally:
            self.mutexes[STAGE].release()
        return True


_SHARED: OrderedDict[tuple[int, str], Shared] = OrderedDict()
_GUARD = threading.Lock()


def shared(folder: Path) -> Shared:
    """Return what this process shares of the log in ``folder``."""
    key = (os.getpid(), str(folder.absolute()))
    with _GUARD:
        found = _SHARED.get(key)
        if found is None:
            found = _SHARED[key] = Shared(CaseIndex(folder / INDEX))
        _SHARED.move_to_end(key)
        for old in [k for k in _SHARED if k[0] != key[0]]:
            del _SHARED[old]  # the parent's, after a fork
        for old in list(_SHARED)[:-KEPT]:
            if _SHARED[old].close():
                del _SHARED[old]
        return found


@contextmanager
def hold(
    name: str,
    folder: Path,
    mutex: threading.Lock,
    *,
    port: WriterLock | None,
    seconds: float = LOCK_SECONDS,
) -> Iterator[Check]:
    """Hold the lock ``name``; yield the function that checks that it is still held.

    Raises LogError after ``seconds``. The lock ends with the process, however that ends.
    """
    with hold_unless(_never, name, folder, mutex, port=port, seconds=seconds) as check:
        yield check or _nothing


@contextmanager
def hold_unless(
    done: Callable[[], bool],
    name: str,
    folder: Path,
    mutex: threading.Lock,
    *,
    port: WriterLock | None,
    seconds: float = LOCK_SECONDS,
) -> Iterator[Check | None]:
    """As ``hold``; but once ``done`` says true while waiting, yield None without the lock."""
    until = time.monotonic() + seconds
    if not mutex.acquire(timeout=seconds):
        raise _busy(name, seconds)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _wait(handle, done, until, name, seconds):
                yield None
            elif port is None:
                yield _nothing
            else:
                with port.hold(name, seconds=seconds) as check:
                    yield check
        finally:
            os.close(handle)
    finally:
        mutex.release()


def _never() -> bool:
    return False


def _wait(handle: int, done: Callable[[], bool], until: float, name: str, seconds: float) -> bool:
    """Wait for the file's lock; False when ``done`` was true before it was had."""
    pause = SHORTEST
    while True:
        if done():
            return False
        if try_lock(handle):
            return True
        if time.monotonic() > until:
            raise _busy(name, seconds)
        time.sleep(pause)
        pause = min(LONGEST, pause * 2)


def _nothing() -> None:
    """The file's lock cannot be lost while the process lives."""


def _busy(name: str, seconds: float) -> LogError:
    return LogError(
        f"Another process has held the log's {name} for {seconds:.0f} seconds; try again.",
        f"另一进程占用日志的 {name} 已超过 {seconds:.0f} 秒；请稍后重试。",
    )
