"""The right edge of a growing tree (RFC 9162, C2SP tlog-tiles): its last, unfinished tiles.

From them and the leaves that follow every later tile and root is computed; what lies to the left
is never needed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evidence.errors import FormatError
from evidence.format.merkle import HASH_SIZE, tree_root
from evidence.format.tiles import WIDTH, Tile, hash_reader, tile_hash, tile_width


@dataclass
class Frontier:
    """The tree of the first ``size`` leaves: at each level the hashes of its unfinished tile."""

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=lambda: [[]])

    def copy(self) -> Frontier:
        """Return another one with the same leaves."""
        return Frontier(self.size, [list(level) for level in self.levels])

    def push(self, leaf: bytes) -> Iterator[tuple[Tile, bytes]]:
        """Add a leaf hash; yield each tile that it completes."""
        at = self.size
        self.size += 1
        carry, level = leaf, 0
        while True:
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(carry)
            at //= WIDTH
            if len(self.levels[level]) < WIDTH:
                return
            data = b"".join(self.levels[level])
            self.levels[level] = []
            yield Tile(level, at), data
            carry, level = tile_hash(data), level + 1

    def unfinished(self) -> Iterator[tuple[Tile, bytes]]:
        """Yield the partial tiles of this tree."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                number = (self.size >> (8 * level)) // WIDTH
                yield Tile(level, number, len(hashes)), b"".join(hashes)

    def root(self) -> bytes:
        """Return the root of the tree."""
        return tree_root(self.size, hash_reader(self.size, self._tile))

    def _tile(self, tile: Tile) -> bytes:
        return b"".join(self.levels[tile.level or 0])

    def to_json(self) -> list[str]:
        """Return each level's hashes as one hex string."""
        return [b"".join(level).hex() for level in self.levels]

    @classmethod
    def parse(cls, size: int, levels: Sequence[object]) -> Frontier:
        """Read what ``to_json`` returned, or raise FormatError; the root is not looked at."""
        found = []
        for level, text in enumerate(levels):
            due = (size >> (8 * level)) % WIDTH
            if not isinstance(text, str) or len(text) != due * HASH_SIZE * 2:
                raise FormatError("the tree's edge does not fit its size", "树的右缘与大小不符")
            data = _hex(text)
            found.append([data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)])
        if size >> (8 * len(found)):
            raise FormatError("the tree's edge does not fit its size", "树的右缘与大小不符")
        return cls(size, found or [[]])


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise FormatError("the tree's edge is not hex", "树的右缘不是十六进制") from error


def bundle_of(index: int, size: int) -> Tile:
    """Return the entry bundle that holds entry ``index``, as wide as a log of ``size`` has it."""
    number = index // WIDTH
    return Tile(None, number, tile_width(0, number, size))
