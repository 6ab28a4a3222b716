"""Word boundaries of Chinese for every place of a batch at once: ``lexicon`` in arrays.

Costs are counted in tenths, so that they add up exactly.
"""

from __future__ import annotations

from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from matcher.batch import Batch
from matcher.hashing import Flags, Ints, Table, hashes_of
from matcher.lexicon import LONGEST, PARTICLES, UNKNOWN, words

REACH = 5
WORD = 10
STRANGE = round(UNKNOWN * 10)
COINED = 2 * STRANGE - WORD
NAME = 2
WIDEST = 5
STEPS = 2 * REACH + WIDEST
Costs = npt.NDArray[np.int16]


@cache
def _words() -> Table:
    listed = sorted(words())
    return Table.of(hashes_of(listed), np.zeros(len(listed), np.int64))


class Lattice:
    """What it costs to cut the Chinese text around each of some places into words."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        han = batch.han
        self.places: Ints = np.flatnonzero(han)
        self.row = np.full(len(han) + STEPS + 1, -1, np.int64)
        self.row[self.places] = np.arange(len(self.places))
        self.before, self.after = _reach(batch.joined, REACH + WIDEST)

    @cached_property
    def costs(self) -> Costs:
        """For each Chinese place (a row), the cost of the next 0, 1, 2 ... characters."""
        batch, places = self.batch, self.places
        size = len(batch.codes)
        particle = np.isin(batch.codes, [ord(c) for c in PARTICLES])
        step = np.where(particle, WORD, STRANGE).astype(np.int16)
        known = {n: np.zeros(size + STEPS + LONGEST, np.bool_) for n in range(2, LONGEST + 1)}
        for length, flags in known.items():
            fit = places[self.after[places] >= length - 1]
            fit = fit[fit + length <= size]
            flags[fit] = _words().holds(batch.sums.of(fit, fit + length))
        step = np.append(step, np.zeros(STEPS + LONGEST, np.int16))
        best: list[Costs] = [np.zeros(len(places), np.int16)]
        for end in range(1, STEPS + 1):
            least = best[end - 1] + step[places + end - 1]
            for length in range(2, min(LONGEST, end) + 1):
                cut = best[end - length] + np.int16(WORD)
                here = known[length][places + end - length]
                np.minimum(least, cut, out=least, where=here)
            best.append(least)
        return np.stack(best, axis=1)

    def _cost(self, place: Ints, size: Ints) -> Costs:
        found: Costs = self.costs[np.maximum(self.row[place], 0), np.maximum(size, 0)]
        return np.where(size > 0, found, np.int16(0))

    def windows(self, start: Ints, ends: Flags) -> tuple[Flags, Flags]:
        """Return of each window [start, start + 2) whether it is coined, and whether it stands out.

        ``ends`` says where a word begins that stands after a name. See ``admit``.
        """
        stop = start + NAME
        left = np.minimum(self.before[start], REACH)
        right = np.where(ends[stop], 0, np.minimum(self.after[stop - 1], REACH))
        after, begin = self._cost(stop, right), start - left
        stray = (right > 0) & (after - self._cost(stop + 1, right - 1) >= STRANGE)
        before = self._cost(begin, left)
        loose = (left > 0) & (before - self._cost(begin, left - 1) >= STRANGE)
        gain = self._cost(begin, left + NAME + right) - before - WORD - after
        return ~stray & ~loose & (gain >= COINED), ~stray & (gain > 0)

    def names(self, start: Ints, stop: Ints, ends: Flags) -> Flags:
        """Return which windows [start, stop) may read as a name rather than as ordinary words.

        Windows of more than five characters are not looked at: they may.
        """
        size = np.minimum(stop - start, WIDEST)
        left = np.minimum(self.before[start], REACH)
        right = np.minimum(self.after[stop - 1], REACH)
        begin = start - left
        before = self._cost(begin, left) + WORD
        gain = self._cost(begin, left + size + right) - before - self._cost(stop, right)
        cut = ends[stop] & (self._cost(begin, left + size) - before > 0)
        found: Flags = (gain > 0) | cut | (stop - start > WIDEST)
        return found


def _reach(joined: Flags, most: int) -> tuple[Ints, Ints]:
    """Return how many characters, up to ``most``, are joined before and after each place."""
    size = len(joined)
    before, after = np.zeros(size, np.int64), np.zeros(size, np.int64)
    back = ahead = np.ones(size, np.bool_)
    link = np.zeros(size + 2 * most + 1, np.bool_)
    link[most : most + size] = joined
    for step in range(1, most + 1):
        back = back & link[most + 1 - step : most + 1 - step + size]
        ahead = ahead & link[most + step : most + step + size]
        before += back
        after += ahead
    return before, after
