"""A whole log's entries, bundle after bundle: read, hashed and glanced at, by two processes.

The second process (``python -c … FOLDER VKEY SIZE``, see ``Bundles``) does most of the bundles and
hands over those in which every entry is of a frequent kind and names the one before it, as a
length (4 bytes, big-endian) and a ``Sound`` bundle. Of any other it hands over the length 0: the
first process then reads that bundle itself, entry by entry, so that what an audit finds does not
depend on who read.
"""

from __future__ import annotations

import fcntl
import gc
import marshal
import os
import subprocess
import sys
from binascii import hexlify
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from evidence.errors import LogError
from evidence.format.glance import Glance, glances
from evidence.format.note import NoteKey
from evidence.format.tiles import WIDTH, tile_hash
from evidence.log.store import Store

WORTH_IT = 1 << 16
"""From this many entries on a second process is started: below, its start takes as long."""
TURNS = (1, 0, 1, 1, 0, 1, 1, 0)
"""Of eight bundles these are the second process's: the first also follows what both have read."""
_PIPE = 1 << 20
_LENGTH = 4
_FORM = 2  # of marshal: without its table of equal objects, of which there are none here
_ROOT = Path(__file__).resolve().parents[2]
_CODE = (
    "import sys; sys.path[:] = {path!r}; from evidence.log.reading import main; main(sys.argv[1:])"
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


@dataclass(frozen=True)
class Sound:
    """A bundle of frequent entries, each of which but the first names the one before it.

    ``last`` is the SHA-256 (hex) of the last entry, ``seen`` what each of them says.
    """

    leaves: bytes
    node: bytes
    last: bytes
    seen: list[Glance]

    @classmethod
    def of(cls, entries: Sequence[bytes]) -> Sound | None:
        """Return the entries as a sound bundle, None when they are none."""
        seen = [one for one in glances(entries) if one is not None]
        if not entries or len(seen) < len(entries):
            return None
        hashed = Hashed.of(entries)
        hexed = hexlify(hashed.digests)
        if b"".join([one[4] for one in seen[1:]]) != hexed[:-64]:
            return None
        return cls(hashed.leaves, hashed.node, hexed[-64:], seen)

    def to_bytes(self) -> bytes:
        """Return the bundle for the other process."""
        return marshal.dumps((self.leaves, self.node, self.last, self.seen), _FORM)

    @classmethod
    def read(cls, data: bytes) -> Sound:
        """Read what ``to_bytes`` returned in a process of ours."""
        return cls(*marshal.loads(data))  # noqa: S302 - from our own process, over a pipe


@dataclass
class Bundles:
    """The bundles that a second process has read; a context manager, which ends it.

    ``worth_it`` is the size from which on there is a second process at all.
    """

    store: Store
    size: int
    worth_it: int = WORTH_IT
    _child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Bundles:
        if self.size >= self.worth_it and len(os.sched_getaffinity(0)) > 1:
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

    def sound(self, number: int) -> Sound | None:
        """Return bundle ``number`` if the second process found it sound, else None.

        Called for every bundle in order.
        """
        if self._child is None or self._child.stdout is None or not _is_other(number):
            return None
        read = self._child.stdout.read
        head = read(_LENGTH)
        length = int.from_bytes(head, "big")
        data = read(length) if length else b""
        if len(head) < _LENGTH or len(data) < length:
            self.__exit__()  # it ended early: go on alone
            return None
        return Sound.read(data) if data else None


def _is_other(number: int) -> bool:
    return bool(TURNS[number % len(TURNS)])


def main(arguments: Sequence[str]) -> None:
    """Write what is sound of this process's bundles to standard output."""
    folder, vkey, size = Path(arguments[0]), arguments[1], int(arguments[2])
    store = Store(folder, NoteKey.parse(vkey))
    out = sys.stdout.buffer
    gc.disable()  # nothing here refers to itself
    with suppress(OSError):
        fcntl.fcntl(out.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
    for number in filter(_is_other, range(-(-size // WIDTH))):
        try:
            sound = Sound.of(store.bundle(number, size))
        except LogError:
            sound = None
        data = sound.to_bytes() if sound else b""
        out.write(len(data).to_bytes(_LENGTH, "big") + data)
        out.flush()
