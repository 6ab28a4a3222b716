"""Hashes of many stretches of text at once, and tables from hash to signs.

A stretch of codes c has the hash Σ (c+1)·B^k mod 2^64. With running sums any stretch is
hashed in one step, so that a whole batch of titles is looked up without a loop over
titles. A hash only proposes: what is found is compared as text afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint32]

BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 1 << 64)
SPREAD = np.uint64(0xD1B54A32D192ED03)
NOTHING: Ints = np.zeros(0, np.int64)


class Powers:
    """The powers of the base and of its inverse, as many as were asked for."""

    def __init__(self) -> None:
        self.up = self.down = np.ones(1, np.uint64)

    def reach(self, size: int) -> None:
        """Have at least ``size`` powers at hand."""
        if len(self.up) < size:
            more = 1 << size.bit_length()
            self.up, self.down = (_powers(base, more) for base in (BASE, INVERSE))


def _powers(base: int, size: int) -> Hashes:
    steps = np.full(size, base, np.uint64)
    steps[0] = 1
    return np.cumprod(steps, dtype=np.uint64)


POWERS = Powers()


class Sums:
    """Running sums of a sequence of codes, from which any stretch is hashed."""

    def __init__(self, codes: npt.NDArray[Any]) -> None:
        POWERS.reach(len(codes) + 1)
        self.sums = np.zeros(len(codes) + 1, np.uint64)
        wide = codes.astype(np.uint64) + np.uint64(1)  # a zero counts, too
        np.cumsum(wide * POWERS.up[: len(codes)], out=self.sums[1:])

    def of(self, start: Ints, end: Ints) -> Hashes:
        """Return the hashes of the stretches [start, end)."""
        found: Hashes = (self.sums[end] - self.sums[start]) * POWERS.down[start]
        return found


def codes_of(text: str) -> Codes:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def hashes_of(texts: Iterable[str]) -> Hashes:
    """Return the hash of each text."""
    listed = list(texts)
    ends = np.cumsum(np.fromiter(map(len, listed), np.int64, len(listed)), dtype=np.int64)
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1])) if listed else ends
    return Sums(codes_of("".join(listed))).of(starts, ends)


@dataclass(frozen=True)
class Table:
    """From hash to the numbers filed under it; a filter in front turns most hashes away.

    ``offsets`` say which of the numbers belong to each of the sorted keys.
    """

    keys: Hashes
    numbers: npt.NDArray[np.int32]
    offsets: Ints
    filter: Flags

    @classmethod
    def of(cls, hashes: Hashes, numbers: Ints) -> Table:
        """File each number under its hash."""
        order = np.lexsort((numbers, hashes))
        hashes, filed = hashes[order], numbers[order].astype(np.int32)
        if len(hashes):
            fresh = np.ones(len(hashes), np.bool_)
            fresh[1:] = (hashes[1:] != hashes[:-1]) | (filed[1:] != filed[:-1])
            hashes, filed = hashes[fresh], filed[fresh]
        first = np.ones(len(hashes), np.bool_)
        first[1:] = hashes[1:] != hashes[:-1]
        at = np.flatnonzero(first)
        keys = hashes[at]
        bits = min(26, max(10, len(keys).bit_length() + 3))
        told = np.zeros(1 << bits, np.bool_)
        told[(keys * SPREAD) >> np.uint64(64 - bits)] = True
        return cls(keys, filed, np.append(at, len(hashes)).astype(np.int64), told)

    @cached_property
    def shift(self) -> np.uint64:
        """By how much a hash is shifted to its place in the filter."""
        return np.uint64(65 - len(self.filter).bit_length())

    def maybe(self, hashes: Hashes) -> Flags:
        """Return for each hash False when it is surely not filed."""
        found: Flags = self.filter[(hashes * SPREAD) >> self.shift]
        return found

    def places(self, hashes: Hashes) -> tuple[Ints, Ints]:
        """Return which of the hashes are filed, and the place of each among the keys."""
        if not len(self.keys) or not len(hashes):
            return NOTHING, NOTHING
        asked = self.maybe(hashes).nonzero()[0]
        if not len(asked):
            return NOTHING, NOTHING
        sought = hashes[asked]
        at = np.searchsorted(self.keys, sought)
        at[at == len(self.keys)] = 0
        hit = self.keys[at] == sought
        return asked[hit], at[hit]

    def holds(self, hashes: Hashes) -> Flags:
        """Return for each hash whether it is filed."""
        found = np.zeros(len(hashes), np.bool_)
        found[self.places(hashes)[0]] = True
        return found

    def find(self, hashes: Hashes) -> tuple[Ints, Ints]:
        """Return pairs: which hash, and a number filed under it."""
        asked, at = self.places(hashes)
        if not len(asked):
            return NOTHING, NOTHING
        first, count = self.offsets[at], self.offsets[at + 1] - self.offsets[at]
        which, inner = spread(count)
        return asked[which], self.numbers[first[which] + inner].astype(np.int64)


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """Return, for counts (2, 0, 3), the owners (0, 0, 2, 2, 2) and steps (0, 1, 0, 1, 2)."""
    owners = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    begins = np.cumsum(counts, dtype=np.int64) - counts
    return owners, np.arange(len(owners), dtype=np.int64) - begins[owners]
