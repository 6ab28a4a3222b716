"""The index of Chinese and mixed signs: written, by sound, by look, with one character changed.

Windows of a whole batch are proposed at once; each is compared as text by
``matcher.candidates``. A changed character of three or more leaves a pair intact
(pigeonhole); a changed one of two is looked for where a name would stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.batch import Batch, grouped, heard, looked
from matcher.hashing import Codes, Flags, Hashes, Ints, Table, codes_of, spread
from matcher.lexicon import common_characters
from matcher.sign import Sign
from matcher.sound import readings, sounds
from matcher.stretches import EMPTY, Stretches, Windows, together
from matcher.tables import rules

WIDEST = 24
OPEN = 3


Names = Callable[[Ints, Ints], Flags]
Said = Sequence[tuple[Sequence[str], int]]


@dataclass(frozen=True)
class Grams:
    """Signs of three and more by pairs that one change leaves intact, and by first and third."""

    pairs: Table
    skips: Table


@dataclass(frozen=True)
class HanIndex:
    """Signs that are not Latin only.

    Of signs of three and more there is a ``row`` each: characters, sounds and size.
    """

    exact: Stretches
    look: Stretches
    sound: Stretches
    pairs: Table
    row: Ints
    size: Ints
    chars: Codes
    sounds: Codes
    written: Grams
    spoken: Grams
    shown: Grams

    @classmethod
    def of(cls, signs: Sequence[Sign], said: Said) -> HanIndex:
        """Index some signs; ``said`` are the readings of the Chinese ones."""
        numbers = [n for n, sign in enumerate(signs) if not sign.latin]
        han = chinese(signs)
        texts, owners = [signs[n].text for n in han], np.array(han, np.int64)
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        flat = codes_of("".join(texts))
        end = np.cumsum(sizes)
        start, two = end - sizes, sizes == 2
        long = np.flatnonzero((sizes >= OPEN) & (sizes <= WIDEST))
        row = np.zeros(int(np.max(owners[long], initial=-1)) + 1, np.int64)
        row[owners[long]] = np.arange(len(long))
        chars = _rows(flat, start[long], sizes[long])
        spoken = ["".join(map(sounds().name, way)) for way, _ in said]
        return cls(
            exact=Stretches.of([signs[n].text for n in numbers], np.array(numbers, np.int64)),
            look=Stretches.of(_cut(looked(flat), start, end), owners),
            sound=Stretches.of(spoken, np.array([n for _, n in said], np.int64)),
            pairs=_pairs(flat, start[two], owners[two]),
            row=row,
            size=sizes[long],
            chars=chars,
            sounds=heard(chars),
            written=_grams(flat, start[long], sizes[long], owners[long]),
            spoken=_grams(heard(flat), start[long], sizes[long], owners[long]),
            shown=_grams(looked(flat), start[long], sizes[long], owners[long]),
        )

    def changed(self, batch: Batch, places: Ints, near: Ints, names: Names) -> Windows:
        """Return windows of signs of three and more of which one character may be changed.

        ``places`` are searched as written, the fewer ``near`` a slot by sound and look; ``names``
        says which windows may read as a name.
        """
        if not len(self.size):
            return EMPTY
        written = _hits(batch.codes, places, self.written)
        spoken = _hits(batch.heard, near, self.spoken)
        shown = _hits(batch.looked, near, self.shown)
        at = np.concatenate((written[0], spoken[0], shown[0]))
        if not len(at):
            return EMPTY
        sign = np.concatenate((written[1], spoken[1], shown[1]))
        windows = _around(at, sign, self.size[self.row[sign]])
        kept = windows.end < len(batch.codes)
        kept[kept] = batch.runs[windows.start[kept]] == batch.runs[windows.end[kept] - 1]
        windows = together([windows.take(kept & batch.han[windows.start])])
        size = self.size[self.row[windows.sign]]
        same = windows.end - windows.start == size
        whole = batch.whole[batch.owner(windows.start)] | names(windows.start, windows.end)
        equal = windows.take(same)
        kept = self._replaced(batch, equal, whole[same])
        other = windows.take(~same & whole)
        return together([equal.take(kept), other.take(self._added(batch, other))])

    def _replaced(self, batch: Batch, windows: Windows, names: Flags) -> Flags:
        """Return where at most one character is other than in the sign, in any order of two.

        What only sounds or looks alike need not read as a name.
        """
        row = self.row[windows.sign]
        other = np.zeros(len(row), np.int64)
        bag = np.zeros(len(row), np.int64)
        rows = np.arange(len(row))
        for step in range(self.chars.shape[1]):
            rows = rows[self.size[row[rows]] > step]
            if not len(rows):
                break
            at = windows.start[rows] + step
            one, two = batch.codes[at], self.chars[row[rows], step]
            bag[rows] += _mixed(one) - _mixed(two)
            differs = (one != two) & (batch.heard[at] != self.sounds[row[rows], step])
            other[rows] += differs & ~(grouped(one) & grouped(two))
        found: Flags = (other == 0) | (names & ((other == 1) | (bag == 0)))
        return found

    def _added(self, batch: Batch, windows: Windows) -> Flags:
        """Return where one character is added or left out."""
        row = self.row[windows.sign]
        size = self.size[row]
        least = np.minimum(size, windows.end - windows.start)
        front, back = np.zeros(len(row), np.int64), np.zeros(len(row), np.int64)
        ahead = behind = np.arange(len(row))
        for step in range(self.chars.shape[1]):
            ahead, behind = ahead[least[ahead] > step], behind[least[behind] > step]
            one = batch.codes[windows.start[ahead] + step]
            ahead = ahead[one == self.chars[row[ahead], step]]
            last = batch.codes[windows.end[behind] - 1 - step]
            behind = behind[last == self.chars[row[behind], size[behind] - 1 - step]]
            if not len(ahead) and not len(behind):
                break
            front[ahead] += 1
            back[behind] += 1
        found: Flags = front + back >= least
        return found

    def halves(self, batch: Batch, start: Ints, loose: Flags) -> Windows:
        """Return signs of two characters that have one of them in windows [start, start + 2).

        Common characters are enough only where the window is not ``loose``.
        """
        one, two = batch.codes[start].astype(np.uint64), batch.codes[start + 1].astype(np.uint64)
        common = np.array([ord(c) for c in common_characters()], np.uint64)
        heads = np.flatnonzero(~loose | ~np.isin(one, common))
        tails = np.flatnonzero(~loose | ~np.isin(two, common))
        found = []
        for rows, keys in (
            (heads, _head(one[heads])),
            (tails, _tail(two[tails])),
            (np.arange(len(start)), _both(two, one)),
        ):
            which, sign = self.pairs.find(keys)
            at = start[rows[which]]
            found.append(Windows(sign, at, at + 2))
        return together(found)


def chinese(signs: Sequence[Sign]) -> list[int]:
    """Return the numbers of the signs that are Chinese only, of two characters and more."""
    return [n for n, sign in enumerate(signs) if sign.han and len(sign.text) >= 2]


def said(signs: Sequence[Sign]) -> Said:
    """Return the readings of the Chinese signs, each with the number of its sign."""
    most = rules().limit("readings")
    return [(way, n) for n in chinese(signs) for way in readings(signs[n].text, most)]


def _rows(flat: Codes, start: Ints, sizes: Ints) -> Codes:
    """Return the characters of stretches, one a row, zeros behind them."""
    if not len(sizes):
        return np.zeros((0, 0), np.uint32)
    steps = np.arange(int(np.max(sizes)))
    at = np.minimum(start[:, None] + steps, len(flat) - 1)
    return np.where(steps < sizes[:, None], flat[at], 0).astype(np.uint32)


def _cut(codes: Codes, start: Ints, end: Ints) -> list[str]:
    text = codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return [text[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]


def _mixed(codes: Codes) -> Ints:
    """Return numbers whose sums tell bags of characters."""
    wide = codes.astype(np.int64)
    return wide * wide * wide + wide


def _both(one: Codes | Hashes, two: Codes | Hashes) -> Hashes:
    found: Hashes = one.astype(np.uint64) << np.uint64(32) | two.astype(np.uint64)
    return found


def _head(one: Hashes) -> Hashes:
    return one << np.uint64(32)


def _tail(two: Hashes) -> Hashes:
    return two


def _pairs(flat: Codes, start: Ints, signs: Ints) -> Table:
    one, two = flat[start].astype(np.uint64), flat[start + 1].astype(np.uint64)
    keys = np.concatenate((_head(one), _tail(two), _both(one, two)))
    return Table.of(keys, np.tile(signs, 3))


def _grams(flat: Codes, start: Ints, sizes: Ints, signs: Ints) -> Grams:
    at, owners = [start, start + sizes - 2], [signs, signs]
    short = sizes <= OPEN + 1
    at.append(start[short] + 1)
    owners.append(signs[short])
    places = np.concatenate(at)
    pairs = Table.of(_both(flat[places], flat[places + 1]), np.concatenate(owners))
    three = start[sizes == OPEN]
    skips = Table.of(_both(flat[three], flat[three + 2]), signs[sizes == OPEN])
    return Grams(pairs, skips)


def _hits(codes: Codes, places: Ints, grams: Grams) -> tuple[Ints, Ints]:
    """Return places and signs that share a pair: as it is, turned round, with one between."""
    one, two, three = codes[places], codes[places + 1], codes[places + 2]
    pair = _both(one, two)
    turned, apart = _both(two, one), _both(one, three)
    asked = (
        (grams.pairs, pair), (grams.skips, pair), (grams.pairs, turned), (grams.skips, apart),
    )  # fmt: skip
    found = [table.find(keys) for table, keys in asked]
    at = np.concatenate([places[which] for which, _ in found])
    return at, np.concatenate([sign for _, sign in found])


def _around(at: Ints, sign: Ints, size: Ints) -> Windows:
    """Return the windows in which a sign with an intact pair at a place may stand."""
    which, step = spread((size + 1) * 3)
    start = at[which] - step // 3
    end = start + size[which] - 1 + step % 3
    fits = (start >= 0) & (end >= at[which] + 2)
    return Windows(sign[which], start, end).take(fits)
