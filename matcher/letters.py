"""Latin letters in streams: the look-alike fold and the phonetic skeleton of many words at once.

What ``latin.look_fold`` and ``latin.skeleton`` say of one word, a stream says of every word
of a batch. Words joined to one unit are folded word by word; one letter more or less at the
seam is made good by the keys, which leave one letter out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from matcher.hashing import POWERS, Codes, Flags, Hashes, Ints, Sums, spread
from matcher.tables import table

Letters = npt.NDArray[np.uint8]
ENDS = 3
LONG = 6
HEADS = np.uint64(0x8CB92BA72F3D8DD7)
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Stream:
    """Letters of which some are replaced or left out; any stretch is hashed in one step."""

    def __init__(self, letters: Letters, begins: Flags) -> None:
        word = np.cumsum(begins)
        at = np.flatnonzero(letters)
        kept = letters[at]
        again = np.zeros(len(at), np.bool_)
        again[1:] = (kept[1:] == kept[:-1]) & (word[at[1:]] == word[at[:-1]])
        at, self.letters = at[~again], kept[~again]
        counts = np.zeros(len(letters) + 1, np.int64)
        counts[at + 1] = 1
        self.before: Ints = np.cumsum(counts)
        self.sums = Sums(self.letters)

    def stretch(self, start: Ints, end: Ints) -> tuple[Ints, Ints]:
        """Return where the letters of [start, end) stand in the stream."""
        return self.before[start], self.before[end]

    def deleted(self, start: Ints, end: Ints, heads: Letters, least: int) -> tuple[Ints, Hashes]:
        """Return rows and keys of stretches [start, end): whole, and with one letter left out.

        ``heads`` are letters before each, zero for none. Keys of fewer than ``least``
        letters are left away.
        """
        first, last = self.stretch(start, end)
        size = last - first
        led = heads.astype(np.uint64) * HEADS
        whole = self.sums.of(first, last)
        long = size + (heads != 0)
        one = np.flatnonzero(long >= least)
        more = np.flatnonzero(long > least)
        which, step = spread(size[more])
        rows = more[which]
        a, k = first[rows], first[rows] + step
        sums = self.sums.sums
        keys = (sums[k] - sums[a]) * POWERS.down[a]
        keys += (sums[last[rows]] - sums[k + 1]) * POWERS.down[a + 1]
        bare = more[heads[more] != 0]
        return np.concatenate((one, rows, bare)), np.concatenate(
            (whole[one] ^ led[one], keys ^ led[rows], whole[bare])
        )


def replace(letters: Letters, begins: Flags, old: str, new: str) -> None:
    """Replace a sequence within words, from left to right; letters left out become zero."""
    size = len(old)
    reach = len(letters) - size + 1
    if reach <= 0:
        return
    hits = letters[:reach] == ord(old[0])
    for step in range(1, size):
        hits &= (letters[step : step + reach] == ord(old[step])) & ~begins[step : step + reach]
    at = np.flatnonzero(hits)
    if size > 1 and old[0] == old[-1]:
        at = _apart(at, size)
    for step in range(size):
        letters[at + step] = ord(new[step]) if step < len(new) else 0


def _apart(at: Ints, size: int) -> Ints:
    """Return places of which none lies within another's sequence."""
    kept, free = [], -1
    for place in at.tolist():
        if place >= free:
            kept.append(place)
            free = place + size
    return np.array(kept, np.int64)


@cache
def _fold_letters() -> Letters:
    kept = np.arange(256).astype(np.uint8)
    for one, other in table("latin.toml")["characters"].items():
        kept[ord(one)] = ord(other)
    return kept


def look_stream(letters: Letters, begins: Flags) -> Stream:
    """Return the stream of letters with look-alike and doubled ones folded."""
    folded = letters.copy()
    for one, other in table("latin.toml")["sequences"]:
        replace(folded, begins, one, other)
    return Stream(_fold_letters()[folded], begins)


@cache
def _sound_letters() -> tuple[Letters, Flags]:
    data = table("latin.toml")["sounds"]
    kept, vowel = np.arange(256).astype(np.uint8), np.zeros(256, np.bool_)
    for one, other in data["letters"].items():
        kept[ord(one)] = ord(other) if other else 0
    for one in data["vowels"]:
        kept[ord(one)], vowel[ord(one)] = 0, True
    return kept, vowel


def sound_stream(letters: Letters, begins: Flags) -> Stream:
    """Return the stream of consonant classes; vowels are left out."""
    heard = letters.copy()
    for one, other in table("latin.toml")["sounds"]["sequences"]:
        replace(heard, begins, one, other)
    return Stream(_sound_letters()[0][heard], begins)


def head_vowels(letters: Letters, start: Ints) -> Letters:
    """Return the vowel each word begins with, zero for none."""
    heads = letters[start]
    return np.where(_sound_letters()[1][heads], heads, np.uint8(0))


@cache
def _weights() -> Hashes:
    """Return a random number for each letter, zero for none; sums of them tell multisets."""
    return np.append(
        np.zeros(1, np.uint64),
        np.random.default_rng(20261123).integers(1, 1 << 63, 255, dtype=np.uint64),
    )


def weight(letter: str) -> np.uint64:
    """Return what a letter adds to a multiset."""
    found: np.uint64 = _weights()[ord(letter)]
    return found


def multisets(letters: Letters, start: Ints, end: Ints) -> Hashes:
    """Return for each stretch a hash that does not depend on the order of its letters."""
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(_weights()[letters])))
    found: Hashes = sums[end] - sums[start]
    return found


def ends(sums: Sums, start: Ints, end: Ints) -> tuple[Ints, Hashes]:
    """Return rows and keys of the two ends of long words."""
    rows = np.flatnonzero(end - start >= LONG)
    heads = sums.of(start[rows], start[rows] + ENDS)
    tails = sums.of(end[rows] - ENDS, end[rows])
    return np.concatenate((rows, rows)), np.concatenate((heads, ~tails))


def rows_of(codes: Codes | Letters, start: Ints, end: Ints) -> Letters:
    """Return the letters of the stretches [start, end), one a row, zeros behind them."""
    sizes = end - start
    steps = np.arange(int(np.max(sizes, initial=1)), dtype=np.int64)
    if not len(codes):
        return np.zeros((len(sizes), 1), np.uint8)
    found = codes[np.minimum(start[:, None] + steps, len(codes) - 1)]
    return np.where(steps < sizes[:, None], found, 0).astype(np.uint8)


@cache
def _bits() -> tuple[Hashes, Hashes]:
    """Return the bit of each letter or digit, and that of a letter that stands there again."""
    bits, again = np.zeros(256, np.uint64), np.zeros(256, np.uint64)
    for at, letter in enumerate(ALPHABET):
        bits[ord(letter)] = 1 << at
        again[ord(letter)] = 1 << at + len(ALPHABET) if letter.isalpha() else 0
    return bits, again


def letters_in(rows: Letters) -> Hashes:
    """Return for each row its letters and digits, and letters that stand there twice, as bits."""
    bits, again = _bits()
    rows = np.sort(rows, axis=1)
    twice = np.where(rows[:, 1:] == rows[:, :-1], rows[:, 1:], 0)
    found: Hashes = np.bitwise_or.reduce(bits[rows], axis=1)
    found |= np.bitwise_or.reduce(again[twice], axis=1)
    return found


def texts_of(rows: Letters) -> Sequence[str]:
    """Return rows as texts."""
    width = rows.shape[1]
    flat = rows.tobytes().decode("latin-1")
    return [flat[at : at + width].rstrip("\0") for at in range(0, len(flat), width)]
