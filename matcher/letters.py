"""Latin words in rows of a matrix: the look-alike fold and the phonetic skeleton of many at once.

What ``latin.look_fold`` and ``latin.skeleton`` say of one word, this says of all rows; the
keys of a word are the hashes under which near words are filed and looked up.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from matcher.hashing import INVERSE, POWERS, Codes, Flags, Hashes, Ints
from matcher.tables import table

Rows = npt.NDArray[np.uint8]
SLACK = 4
HEAD = 0x80
ENDS = 3
LONG = 6


def rows_of(codes: Codes, start: Ints, end: Ints) -> Rows:
    """Return the letters of the stretches [start, end), one a row, zeros behind them."""
    sizes = end - start
    width = int(np.max(sizes, initial=0)) + SLACK
    steps = np.arange(width, dtype=np.int64)
    at = np.minimum(start[:, None] + steps, max(0, len(codes) - 1))
    found = codes[at] if len(codes) else np.zeros(at.shape, np.uint32)
    return np.where(steps < sizes[:, None], found, 0).astype(np.uint8)


def pack(letters: Rows, width: int) -> Rows:
    """Return rows with their zeros moved behind the letters."""
    row, column = np.nonzero(letters)
    counts = np.bincount(row, minlength=len(letters))
    begins = np.cumsum(counts) - counts
    place = np.arange(len(row)) - begins[row]
    packed = np.zeros((len(letters), width), np.uint8)
    fit = place < width
    packed[row[fit], place[fit]] = letters[row[fit], column[fit]]
    return packed


def replace(letters: Rows, old: str, new: str) -> None:
    """Replace a sequence in every row, from left to right, as ``str.replace`` does."""
    width, size = letters.shape[1], len(old)
    reach = width - size + 1
    hits = letters[:, :reach] == ord(old[0])
    for step in range(1, size):
        hits &= letters[:, step : step + reach] == ord(old[step])
    touched = np.flatnonzero(hits.any(axis=1))
    if not len(touched):
        return
    hits, wide = hits[touched], np.zeros((len(touched), width, max(1, len(new))), np.uint8)
    wide[:, :, 0] = letters[touched]
    for at in range(reach if size > 1 else 0):
        hits[:, at + 1 : at + size] &= ~hits[:, at : at + 1]
    for step in range(size):
        wide[:, step : step + reach, 0][hits] = 0
    for step, letter in enumerate(new):
        wide[:, :reach, step][hits] = ord(letter)
    letters[touched] = pack(wide.reshape(len(touched), -1), width)


def _single(letters: Rows) -> Rows:
    """Return packed rows with each letter that is repeated in a row taken once."""
    doubled = np.zeros(letters.shape, np.bool_)
    doubled[:, 1:] = (letters[:, 1:] == letters[:, :-1]) & (letters[:, 1:] != 0)
    touched = np.flatnonzero(doubled.any(axis=1))
    kept = letters.copy()
    if len(touched):
        part = letters[touched]
        part[doubled[touched]] = 0
        kept[touched] = pack(part, letters.shape[1])
    return kept


@cache
def _fold_letters() -> Rows:
    kept = np.arange(256).astype(np.uint8)
    for one, other in table("latin.toml")["characters"].items():
        kept[ord(one)] = ord(other)
    return kept


def look_folds(letters: Rows) -> Rows:
    """Return rows with look-alike letters and doubled letters folded."""
    folded = letters.copy()
    for one, other in table("latin.toml")["sequences"]:
        replace(folded, one, other)
    return _single(_fold_letters()[folded])


@cache
def _sound_letters() -> tuple[Rows, Flags]:
    data = table("latin.toml")["sounds"]
    kept, vowel = np.arange(256).astype(np.uint8), np.zeros(256, np.bool_)
    for one, other in data["letters"].items():
        kept[ord(one)] = ord(other) if other else 0
    for one in data["vowels"]:
        kept[ord(one)], vowel[ord(one)] = 0, True
    return kept, vowel


def skeletons(letters: Rows) -> Rows:
    """Return the phonetic skeletons of rows: consonant classes, vowels only at the head."""
    heard = letters.copy()
    for one, other in table("latin.toml")["sounds"]["sequences"]:
        replace(heard, one, other)
    kept, vowel = _sound_letters()
    heads, spoken = heard[:, 0], kept[heard]
    spoken[:, 0] = np.where(vowel[heads], heads | HEAD, spoken[:, 0])
    return _single(pack(spoken, letters.shape[1])) & np.uint8(HEAD - 1)


def sizes_of(letters: Rows) -> Ints:
    """Return how many letters each packed row has."""
    found: Ints = np.count_nonzero(letters, axis=1).astype(np.int64)
    return found


def _sums(letters: Rows) -> Hashes:
    width = letters.shape[1]
    POWERS.reach(width)
    sums = np.zeros((len(letters), width + 1), np.uint64)
    np.cumsum(letters.astype(np.uint64) * POWERS.up[:width], axis=1, out=sums[:, 1:])
    return sums


def deleted(letters: Rows, least: int) -> tuple[Ints, Hashes]:
    """Return rows and hashes of packed rows whole and with one letter left out.

    Keys of fewer than ``least`` letters are left away.
    """
    sums, sizes = _sums(letters), sizes_of(letters)
    steps = np.arange(letters.shape[1])
    total = sums[:, -1:]
    keys = sums[:, :-1] + (total - sums[:, 1:]) * np.uint64(INVERSE)
    row, step = np.nonzero((steps < sizes[:, None]) & (sizes[:, None] > least))
    whole = np.flatnonzero(sizes >= least)
    return np.concatenate((whole, row)), np.concatenate((total[whole, 0], keys[row, step]))


@cache
def _weights() -> Hashes:
    """Return a random number for each letter, zero for none; sums of them tell multisets."""
    return np.append(
        np.zeros(1, np.uint64),
        np.random.default_rng(20261123).integers(1, 1 << 63, 255, dtype=np.uint64),
    )


def multisets(letters: Rows) -> Hashes:
    """Return for each row a hash that does not depend on the order of its letters."""
    found: Hashes = _weights()[letters].sum(axis=1, dtype=np.uint64)
    return found


def without_s(letters: Rows, sums: Hashes, sizes: Ints) -> tuple[Ints, Hashes]:
    """Return the rows that end in s, and their multisets without it."""
    last = letters[np.arange(len(letters)), np.maximum(sizes - 1, 0)]
    rows = np.flatnonzero(last == ord("s"))
    return rows, sums[rows] - _weights()[ord("s")]


def ends(letters: Rows, sizes: Ints) -> tuple[Ints, Hashes]:
    """Return rows and keys of the two ends of long words."""
    rows = np.flatnonzero(sizes >= LONG)
    kept = letters[rows].astype(np.uint64)
    heads, tails = np.zeros(len(rows), np.uint64), np.full(len(rows), 1, np.uint64)
    for step in range(ENDS):
        heads = heads << np.uint64(8) | kept[:, step]
        at = sizes[rows] - ENDS + step
        tails = tails << np.uint64(8) | kept[np.arange(len(rows)), at]
    return np.concatenate((rows, rows)), np.concatenate((heads, tails))


def letters_in(letters: Rows) -> Hashes:
    """Return for each row the set of its letters and digits as bits."""
    bit = np.zeros(256, np.uint64)
    for at, letter in enumerate("abcdefghijklmnopqrstuvwxyz0123456789"):
        bit[ord(letter)] = 1 << at
    found: Hashes = np.bitwise_or.reduce(bit[letters], axis=1)
    return found
