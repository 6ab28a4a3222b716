"""C2SP tlog-tiles (c2sp.org/tlog-tiles): paths of tiles and entry bundles, and their bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from evidence.errors import FormatError
from evidence.format.merkle import HASH_SIZE, ReadHash, node_hash

WIDTH = 256
HEIGHT = 8
MAX_ENTRY = 65_535
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<n>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<w>[1-9][0-9]{0,2}))?\Z"
)


@dataclass(frozen=True)
class Tile:
    """One tile: ``level`` 0-63, or None for an entry bundle; index ``n``; ``width`` 1-256."""

    level: int | None
    n: int
    width: int = WIDTH

    def path(self) -> str:
        """Return the path below the log's prefix, such as ``tile/0/x001/234.p/5``."""
        groups = [f"{self.n % 1000:03d}"]
        rest = self.n // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        tail = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{tail}"

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Read a tile's path strictly, or raise FormatError."""
        match = _PATH.match(path)
        if match is None:
            raise FormatError(f"{path!r} is not a tile path", f"{path!r} 不是瓦片路径")
        level = None if match["level"] == "entries" else int(match["level"])
        number = int(match["n"].replace("/", "").replace("x", ""))
        tile = cls(level, number, int(match["w"] or WIDTH))
        if tile.path() != path or (level or 0) > 63 or tile.width > WIDTH:
            raise FormatError(f"{path!r} is not a tile path", f"{path!r} 不是瓦片路径")
        return tile


def tiles_of(size: int) -> list[Tile]:
    """Return every hash tile of a tree of ``size``: full ones and the partial one per level."""
    found: list[Tile] = []
    level, count = 0, size
    while count:
        found.extend(Tile(level, n) for n in range(count // WIDTH))
        if count % WIDTH:
            found.append(Tile(level, count // WIDTH, count % WIDTH))
        level, count = level + 1, count // WIDTH
    return found


def tile_width(level: int, n: int, size: int) -> int:
    """Return how many hashes tile ``n`` of ``level`` has in a tree of ``size`` (0 if none)."""
    count = size >> (HEIGHT * level)
    return max(0, min(WIDTH, count - n * WIDTH))


def tile_hash(data: bytes) -> bytes:
    """Return the hash of a full tile's bytes, as it stands in the level above."""
    if len(data) != WIDTH * HASH_SIZE:
        raise FormatError("this tile is not full", "该瓦片不完整")
    while len(data) > HASH_SIZE:
        pairs = range(0, len(data), 2 * HASH_SIZE)
        data = b"".join([sha256(b"\x01" + data[at : at + 64]).digest() for at in pairs])
    return data


def _slices(data: bytes) -> ReadHash:
    def read(level: int, index: int) -> bytes:
        if level == 0:
            return data[index * HASH_SIZE : (index + 1) * HASH_SIZE]
        return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))

    return read


def hash_reader(size: int, read_tile: Callable[[Tile], bytes]) -> ReadHash:
    """Return a ReadHash over the tiles of a tree of ``size``.

    ``read_tile`` gets the tile wanted, at its width in this tree; it may return the bytes of
    a wider one. A tile that is too short raises FormatError. Nothing is cached here.
    """

    def read(level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, HEIGHT)
        first = index << inner
        number, offset = divmod(first, WIDTH)
        tile = Tile(tile_level, number, tile_width(tile_level, number, size) or WIDTH)
        data = read_tile(tile)
        if len(data) < (offset + (1 << inner)) * HASH_SIZE:
            raise FormatError(f"{tile.path()} is too short", f"{tile.path()} 过短")
        return _slices(data)(inner, index - (number * WIDTH >> inner))

    return read


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """Return a bundle: each entry after its length as a big-endian uint16."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise FormatError(
                f"a log entry has at most {MAX_ENTRY} bytes", f"日志条目不得超过 {MAX_ENTRY} 字节"
            )
        parts.append(struct.pack(">H", len(entry)) + entry)
    return b"".join(parts)


def unpack_entries(data: bytes) -> list[bytes]:
    """Return the entries of a bundle; the exact inverse of ``pack_entries``."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        if at + 2 > end:
            raise FormatError("an entry bundle ends inside a length", "条目包在长度处中断")
        begin, at = at + 2, at + 2 + (data[at] << 8 | data[at + 1])
        entries.append(data[begin:at])
    if at > end:
        raise FormatError("an entry bundle ends inside an entry", "条目包在条目处中断")
    return entries
