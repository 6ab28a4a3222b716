"""The hashes of a whole log, by a second process while the first follows the entries.

``python -c … FOLDER VKEY SIZE`` (see ``Hashes``) writes for each entry bundle one byte, 1 when
it could be read, and then the leaf hashes, the SHA-256 of its entries and the bundle's node.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from evidence.errors import LogError
from evidence.format.note import NoteKey
from evidence.format.tiles import WIDTH, tile_hash, tile_width
from evidence.log.store import Store

WORTH_IT = 1 << 24
"""From this many entries on a second process is started: below, one alone was measured faster."""
_ROOT = Path(__file__).resolve().parents[2]
_CODE = (
    "import sys; sys.path[:] = {path!r}; from evidence.log.hashing import main; main(sys.argv[1:])"
)


@dataclass(frozen=True)
class Hashed:
    """One bundle: leaf hashes and SHA-256 of its entries, and the node over a full one."""

    leaves: bytes
    digests: bytes
    node: bytes

    @classmethod
    def of(cls, entries: Sequence[bytes]) -> Hashed:
        """Hash the entries of a bundle."""
        leaves = b"".join([sha256(b"\x00" + data).digest() for data in entries])
        digests = b"".join([sha256(data).digest() for data in entries])
        return cls(leaves, digests, tile_hash(leaves) if len(entries) == WIDTH else b"")

    def to_bytes(self) -> bytes:
        """Return the three, one after the other."""
        return self.leaves + self.digests + self.node

    @classmethod
    def read(cls, data: bytes, width: int) -> Hashed:
        """Read what ``to_bytes`` returned for ``width`` entries."""
        return cls(data[: 32 * width], data[32 * width : 64 * width], data[64 * width :])


@dataclass
class Hashes:
    """Hashes bundle after bundle; a context manager, which ends the second process."""

    store: Store
    size: int
    _child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Hashes:
        if self.size >= WORTH_IT and (os.cpu_count() or 1) > 1:
            code = _CODE.format(path=[str(_ROOT), *sys.path])
            given = [str(self.store.folder.absolute()), self.store.key.text(), str(self.size)]
            with suppress(OSError):
                self._child = subprocess.Popen(
                    [sys.executable, "-c", code, *given],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
        return self

    def __exit__(self, *_: object) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def of(self, number: int, entries: Sequence[bytes]) -> Hashed:
        """Return the hashes of bundle ``number``, whose entries are ``entries``.

        Called for every bundle in order, those that could not be read included (no entries).
        """
        if self._child is not None and self._child.stdout is not None:
            width = tile_width(0, number, self.size)
            state = self._child.stdout.read(1)
            due = 64 * width + (32 if width == WIDTH else 0)
            data = self._child.stdout.read(due) if state == b"\x01" else b""
            if len(data) == due and len(entries) == width:
                return Hashed.read(data, width)
            if state != b"\x00":
                self.__exit__()  # it ended early: go on alone
        return Hashed.of(entries)


def main(arguments: Sequence[str]) -> None:
    """Write the hashes of the log to standard output."""
    folder, vkey, size = Path(arguments[0]), arguments[1], int(arguments[2])
    store = Store(folder, NoteKey.parse(vkey))
    out = sys.stdout.buffer
    for number in range(-(-size // WIDTH)):
        try:
            entries = store.bundle(number, size)
        except LogError:
            out.write(b"\x00")
            continue
        out.write(b"\x01" + Hashed.of(entries).to_bytes())
