"""Work begun before it is asked for, in a thread of its own: digests of large files side by side.

hashlib, zlib and cryptography let other threads run while they work on large pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Generic, TypeVar

from evidence.verify.window import Window

LEAST = 4 << 20
"""Bytes below which a thread of its own is not worth its while."""
_T = TypeVar("_T")


class Ahead(Generic[_T]):
    """The result of ``work`` on a window, begun at once if it is large, else when asked for.

    At the end of ``until`` the window is stopped, and a thread that still reads it ends.
    """

    def __init__(self, work: Callable[[Window], _T], window: Window, until: ExitStack) -> None:
        self._work, self._window = work, window
        self._begun: Future[_T] | None = None
        if window.size >= LEAST:
            pool = until.enter_context(ThreadPoolExecutor(max_workers=1))
            until.callback(window.stop)
            self._begun = pool.submit(work, window)

    def result(self) -> _T:
        """Return what the work gave, or raise what it raised."""
        return self._work(self._window) if self._begun is None else self._begun.result()
