"""Latin words of a batch, and neighbours joined: what ``latin.spans`` says of one text."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np

from matcher.batch import DIGIT, Batch
from matcher.hashing import Flags, Hashes, Ints, Table, hashes_of
from matcher.latin import LONGEST, background, ordinary


@dataclass(frozen=True)
class Units:
    """Words, each of ``words`` neighbours, at positions [start, end) of a batch."""

    start: Ints
    end: Ints
    words: Ints
    hashes: Hashes

    @property
    def size(self) -> Ints:
        """How many letters each has."""
        return self.end - self.start

    def take(self, kept: Ints | Flags) -> Units:
        """Return some of them."""
        return Units(*(getattr(self, field.name)[kept] for field in fields(self)))


def units_of(batch: Batch, most: int) -> Units:
    """Return the Latin words of a batch and up to ``most`` neighbours joined.

    Single letters in a row (T-o-n-d) are joined whole, however many. Far back in a long
    text words stand alone.
    """
    latin = batch.latin
    begins = latin.copy()
    begins[1:] &= batch.gap[1:] | ~latin[:-1]
    last = latin.copy()
    last[:-1] &= begins[1:] | ~latin[1:]
    start, end = np.flatnonzero(begins), np.flatnonzero(last) + 1
    linked = np.zeros(len(start), np.bool_)
    linked[:-1] = end[:-1] == start[1:]
    singles = running(end - start == 1)
    found = [(start, end, np.ones(len(start), np.int64))]
    alive = np.arange(len(start))
    if batch.clip is not None:
        alive = np.flatnonzero(batch.clip[start])
    for count in range(2, LONGEST + 1):
        alive = alive[alive + count <= len(start)]
        alive = alive[linked[alive + count - 2]]
        if count > most:
            alive = alive[singles[alive + count] - singles[alive] == count]
        alive = alive[end[alive + count - 1] - start[alive] <= LONGEST]
        if not len(alive):
            break
        found.append((start[alive], end[alive + count - 1], np.full(len(alive), count, np.int64)))
    first, stop, words = (np.concatenate(part) for part in zip(*found, strict=True))
    return Units(first, stop, words, batch.sums.of(first, stop))


def running(flags: Flags) -> Ints:
    """Return how many flags are set before each position."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(flags, dtype=np.int64)))


def numbers_and_models(batch: Batch, units: Units) -> tuple[Flags, Flags]:
    """Return which units are numbers, and which are measures or models (``admit.MODEL``)."""
    digit = batch.kinds == DIGIT
    sums = running(digit)
    count = sums[units.end] - sums[units.start]
    twice = np.append(np.zeros(1, np.int64), running(digit[1:] & digit[:-1]))
    double = twice[units.end] - twice[units.start + 1]
    led = (count > 0) & (sums[units.start + count] - sums[units.start] == count)
    tail = units.size - count
    return count == units.size, (double > 0) | (led & (tail >= 1) & (tail <= 2))


@cache
def _usual(which: str) -> Table:
    listed = ordinary() if which == "ordinary" else background()
    both = sorted(listed | {word + "s" for word in listed})
    return Table.of(hashes_of(both), np.zeros(len(both), np.int64))


def everyday(units: Units) -> tuple[Flags, Flags]:
    """Return which units are single ordinary English words, and which single known ones."""
    single = units.words == 1
    known = _usual("background").holds(units.hashes) & single
    return _usual("ordinary").holds(units.hashes) & single, known
