"""Entries lined up for the next commit, in the file ``staged`` of the log's folder.

It makes one commit of many callers, across threads and processes: each adds its entries with
the stage lock held, and whoever gets the commit lock commits all that lie there. It promises
nothing: it is never synced, and an entry counts only once a checkpoint has it. A frame is
index, length, SHA-256 of the entry before, the entry, and 16 bytes of SHA-256 over all that;
reading ends at the first frame that is torn.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evidence.log.index import Row, row_of

STAGED = "staged"
MAGIC = b"markseal-staged/1\n"
HEADER = len(MAGIC) + 16
COMPACT = 1 << 20
_FIXED = struct.Struct(">QH32s")
_CHECK = 16


@dataclass(frozen=True)
class Frame:
    """One entry that waits: its index to be, SHA-256 of the entry before it, its bytes."""

    at: int
    previous: bytes
    entry: bytes

    def to_bytes(self) -> bytes:
        """Return the frame's bytes."""
        body = _FIXED.pack(self.at, len(self.entry), self.previous) + self.entry
        return body + hashlib.sha256(body).digest()[:_CHECK]

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the entry's bytes, which the next entry names."""
        return hashlib.sha256(self.entry).digest()


def read_frames(data: bytes, at: int = 0) -> tuple[list[Frame], int]:
    """Return the whole frames from ``at`` on and where they end."""
    found: list[Frame] = []
    while at + _FIXED.size <= len(data):
        index, length, previous = _FIXED.unpack_from(data, at)
        middle = at + _FIXED.size + length
        body = data[at:middle]
        if data[middle : middle + _CHECK] != hashlib.sha256(body).digest()[:_CHECK]:
            break
        found.append(Frame(index, previous, body[_FIXED.size :]))
        at = middle + _CHECK
    return found, at


def read_staged(folder: Path) -> list[Frame]:
    """Return every whole frame of the log's staged file, none when there is no such file."""
    try:
        data = (folder / STAGED).read_bytes()
    except FileNotFoundError:
        return []
    return read_frames(data, HEADER)[0] if data.startswith(MAGIC) else []


@dataclass
class Tail:
    """What this process knows of the staged file; read on from there, with the lock held."""

    generation: bytes = b""
    offset: int = 0
    frames: list[Frame] = field(default_factory=list)
    rows: list[Row | None] = field(default_factory=list)

    def refresh(self, folder: Path) -> None:
        """Take in what was added since; from the beginning when it is another file."""
        try:
            handle = os.open(folder / STAGED, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._forget(b"")
            return
        try:
            header = os.pread(handle, HEADER, 0)
            if len(header) < HEADER or not header.startswith(MAGIC):
                self._forget(b"")
                return
            size = os.fstat(handle).st_size
            if header != self.generation or size < self.offset:
                self._forget(header)
            if size > self.offset:
                found, end = read_frames(os.pread(handle, size - self.offset, self.offset))
                self._add(found, end)
        finally:
            os.close(handle)

    def _forget(self, generation: bytes) -> None:
        self.generation, self.offset, self.frames, self.rows = generation, HEADER, [], []

    def _add(self, frames: Sequence[Frame], length: int) -> None:
        self.frames += frames
        self.rows += [row_of(frame.at, frame.entry) for frame in frames]
        self.offset += length

    def check(self, folder: Path) -> None:
        """Forget a file that does not hold what we know of it: the next one is begun anew."""
        found = read_staged(folder)
        if [frame.at for frame in found[-1:]] != [frame.at for frame in self.frames[-1:]]:
            self._forget(b"")

    def drop_below(self, size: int) -> None:
        """Forget the frames that a checkpoint of ``size`` has; the file keeps them."""
        gone = sum(1 for frame in self.frames[:-1] if frame.at < size)
        del self.frames[:gone], self.rows[:gone]

    def add(self, folder: Path, frames: Sequence[Frame], *, keep: int) -> None:
        """Write ``frames`` behind those from index ``keep`` on, in a file begun anew if need be."""
        new = b"".join(frame.to_bytes() for frame in frames)
        if not self.generation or self.offset + len(new) > COMPACT:
            self._begin(folder, [frame for frame in self.frames if frame.at >= keep])
        handle = os.open(folder / STAGED, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(handle, self.offset)
            written = 0
            while written < len(new):
                written += os.pwrite(handle, new[written:], self.offset + written)
        finally:
            os.close(handle)
        self._add(frames, len(new))

    def _begin(self, folder: Path, kept: Sequence[Frame]) -> None:
        header = MAGIC + secrets.token_bytes(HEADER - len(MAGIC))
        body = b"".join(frame.to_bytes() for frame in kept)
        temporary = folder / f"{STAGED}.tmp"
        temporary.write_bytes(header + body)
        temporary.rename(folder / STAGED)
        self._forget(header)
        self._add(kept, len(body))


def discard(folder: Path) -> None:
    """Throw away what waits: its callers are told that it was not logged."""
    (folder / STAGED).unlink(missing_ok=True)
