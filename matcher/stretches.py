"""Stretches of text: signs proposed at places of a batch, and texts found wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.hashing import NOTHING, Flags, Ints, Sums, Table, codes_of


@dataclass(frozen=True)
class Windows:
    """Proposals: signs at positions [start, end) of a batch."""

    sign: Ints
    start: Ints
    end: Ints

    def take(self, kept: Ints | Flags) -> Windows:
        """Return some of them."""
        return Windows(self.sign[kept], self.start[kept], self.end[kept])


EMPTY = Windows(NOTHING, NOTHING, NOTHING)


def together(parts: Sequence[Windows]) -> Windows:
    """Return all windows once each, in order."""
    parts = [part for part in parts if len(part.sign)]
    if not parts:
        return EMPTY
    rows = np.concatenate([np.stack((w.start, w.end, w.sign)) for w in parts], axis=1)
    order = np.lexsort(rows[::-1])
    rows = rows[:, order]
    fresh = np.ones(rows.shape[1], np.bool_)
    fresh[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
    start, end, sign = rows[:, fresh]
    return Windows(sign, start, end)


@dataclass(frozen=True)
class Stretches:
    """Texts of any length, found wherever they stand in a batch: whole, and by their heads."""

    sizes: Ints
    table: Table
    heads: Table

    @classmethod
    def of(cls, texts: Sequence[str], numbers: Ints) -> Stretches:
        """File texts under their numbers."""
        flat = codes_of("".join(texts))
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        end = np.cumsum(sizes)
        sums = Sums(flat)
        head = np.minimum(sizes, 2)
        return cls(
            np.unique(sizes),
            Table.of(sums.of(end - sizes, end), numbers),
            Table.of(sums.of(end - sizes, end - sizes + head), numbers),
        )

    def find(self, sums: Sums, first: Ints, last: int) -> Windows:
        """Return where the texts stand, of stretches that begin at one of ``first``."""
        found = []
        pairs = first[first + 2 <= last]
        pairs = pairs[self.heads.holds(sums.of(pairs, pairs + 2))]
        for size in self.sizes.tolist():
            at = first if size == 1 else pairs
            at = at[at + size <= last]
            which, sign = self.table.find(sums.of(at, at + size)) if len(at) else (at, at)
            found.append(Windows(sign, at[which], at[which] + size))
        return together(found)
