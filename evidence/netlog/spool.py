"""The bytes of one direction of a connection, in a file, with the moments they passed."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import BinaryIO

from evidence.netlog.model import Blob


class Channel:
    """One direction: bytes are appended to a spool file; times are the log's milliseconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file: BinaryIO | None = None
        self._ends = array("q")
        self._times = array("q")

    def write(self, data: bytes, time: int) -> None:
        """Append bytes that passed at ``time``."""
        if not data:
            return
        if self._file is None:
            self._file = self.path.open("ab")
        self._file.write(data)
        self.size += len(data)
        self._ends.append(self.size)
        self._times.append(time)

    def restart(self) -> None:
        """Forget everything so far (what went to a proxy before TLS began)."""
        self.close()
        self.path.unlink(missing_ok=True)
        self.size = 0
        self._ends, self._times = array("q"), array("q")

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def blob(self, start: int, end: int) -> Blob:
        """Return the bytes from ``start`` to ``end``."""
        return Blob(self.path, start, max(0, end - start))

    def time_of(self, offset: int) -> int | None:
        """Return when the byte at ``offset`` passed; None when there is no such byte."""
        place = bisect_right(self._ends, offset)
        return self._times[place] if place < len(self._times) else None

    def size_at(self, time: int) -> int:
        """Return how many bytes had passed before ``time``."""
        place = bisect_left(self._times, time)
        return self._ends[place - 1] if place else 0
