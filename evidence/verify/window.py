"""A window onto part of a file: packages inside packages are read in place, in chunks.

Windows onto one file may be read from several threads at a time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from evidence.format.digests import CHUNK


class _Turns:
    """Lets one thread at a time read a file, and nobody once it is stopped."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stopped = False


@dataclass(frozen=True)
class Window:
    """``size`` bytes of ``file`` from ``start``; reading past the end gives fewer bytes."""

    file: BinaryIO
    start: int
    size: int
    turns: _Turns = field(default_factory=_Turns, compare=False, repr=False)

    @classmethod
    def whole(cls, file: BinaryIO) -> Window:
        """Return the window onto all of a seekable file."""
        return cls(file, 0, file.seek(0, os.SEEK_END))

    def read(self, at: int, count: int) -> bytes:
        """Return up to ``count`` bytes from ``at``."""
        count = min(count, self.size - at)
        if at < 0 or count <= 0:
            return b""
        with self.turns.lock:
            if self.turns.stopped:
                return b""
            self.file.seek(self.start + at)
            return self.file.read(count)

    def stop(self) -> None:
        """Have every window onto this file read nothing from now on, in whichever thread."""
        with self.turns.lock:
            self.turns.stopped = True

    def part(self, at: int, size: int) -> Window:
        """Return the window onto ``size`` bytes from ``at``, cut at this window's end."""
        at = max(0, min(at, self.size))
        return Window(self.file, self.start + at, max(0, min(size, self.size - at)), self.turns)

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in order."""
        at = 0
        while chunk := self.read(at, CHUNK):
            yield chunk
            at += len(chunk)

    def find(self, needle: bytes, at: int = 0) -> int:
        """Return where ``needle`` first occurs from ``at`` on, or -1."""
        while at < self.size:
            chunk = self.read(at, CHUNK + len(needle) - 1)
            found = chunk.find(needle)
            if found >= 0:
                return at + found
            at += CHUNK
        return -1
