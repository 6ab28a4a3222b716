"""Where brands may stand in a batch: every place ``slot`` could name, and a few more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from matcher.batch import DIGIT, LETTER, POINTS, Batch
from matcher.hashing import Flags, Ints, Table, hashes_of
from matcher.normal import join
from matcher.slot import AFTER_WORDS, DEEPEST, HEAD
from matcher.tables import table


@dataclass(frozen=True)
class Openings:
    """Flags of all positions: a brand may start, or end, or start at the head of a text."""

    starts: Flags
    ends: Flags
    heads: Flags


@cache
def _listed(which: str) -> tuple[Table, tuple[int, ...], Flags]:
    """Return the words before, after or (Latin) right before a brand: table, lengths, heads."""
    slot = table("context.toml")["slot"]
    words = {join(word) for word in slot[which]} - {""} if which in slot else set(AFTER_WORDS)
    listed = sorted(words)
    filed = Table.of(hashes_of(listed), np.zeros(len(listed), np.int64))
    heads = np.zeros(POINTS, np.bool_)
    heads[[ord(word[0]) for word in listed]] = True
    return filed, tuple(sorted({len(word) for word in listed})), heads


def _behind(batch: Batch, first: Ints, which: str) -> Ints:
    """Return the positions behind the words of a list that stand at ``first``."""
    words, sizes, heads = _listed(which)
    first = first[heads[batch.codes[first]]]
    found = []
    for size in sizes:
        at = first[first + size < len(batch.codes)]
        found.append(at[words.holds(batch.sums.of(at, at + size))] + size)
    return np.unique(np.concatenate(found))


def _deepened(batch: Batch, flags: Flags) -> Flags:
    """Return places and those behind the words that stand before a brand."""
    first = np.flatnonzero(flags)
    for _ in range(DEEPEST):
        first = _behind(batch, first, "lead")
        first = first[~flags[first]]
        if not len(first):
            break
        flags[first] = True
    return flags


def openings(batch: Batch) -> Openings:
    """Return where brands may stand in the texts of a batch."""
    size, kinds = len(batch.codes), batch.kinds
    owner = batch.owners
    chinese = np.zeros(len(batch.texts), np.bool_)
    chinese[owner[batch.han]] = True
    firsts = np.zeros(size, np.bool_)
    firsts[batch.firsts] = True
    starts = batch.gap.copy()
    word = (kinds == LETTER) | (kinds == DIGIT)
    starts[1:] |= (word[1:] & batch.han[:-1]) | (batch.han[1:] & word[:-1])
    starts &= chinese[owner]
    by = _behind(batch, np.flatnonzero(batch.gap & batch.latin), "by")
    starts[by] = True
    heads = firsts | (batch.gap & (np.arange(size) - batch.firsts[owner] <= HEAD))
    ends = np.zeros(size + 1, np.bool_)
    words, sizes, initial = _listed("after")
    begin = np.flatnonzero(initial[batch.codes])
    for length in sizes:
        at = begin[begin + length < size]
        ends[at[words.holds(batch.sums.of(at, at + length))]] = True
    return Openings(_deepened(batch, starts | firsts), ends, _deepened(batch, heads))
