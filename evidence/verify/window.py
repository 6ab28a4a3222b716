"""A window onto part of a file: packages inside packages are read in place, in chunks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from evidence.format.digests import CHUNK


@dataclass(frozen=True)
class Window:
    """``size`` bytes of ``file`` from ``start``; reading past the end gives fewer bytes."""

    file: BinaryIO
    start: int
    size: int

    @classmethod
    def whole(cls, file: BinaryIO) -> Window:
        """Return the window onto all of a seekable file."""
        return cls(file, 0, file.seek(0, os.SEEK_END))

    def read(self, at: int, count: int) -> bytes:
        """Return up to ``count`` bytes from ``at``."""
        count = min(count, self.size - at)
        if at < 0 or count <= 0:
            return b""
        self.file.seek(self.start + at)
        return self.file.read(count)

    def part(self, at: int, size: int) -> Window:
        """Return the window onto ``size`` bytes from ``at``, cut at this window's end."""
        at = max(0, min(at, self.size))
        return Window(self.file, self.start + at, max(0, min(size, self.size - at)))

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
