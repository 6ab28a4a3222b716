"""The index of Latin signs: written, spelled in pinyin, near by letters, look or sound.

Words of a whole batch are looked up at once; what comes back is proposed only, and
compared as text by ``matcher.candidates``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from matcher.admit import MODEL, SHORTEST
from matcher.batch import DIGIT, Batch
from matcher.hashing import NOTHING, Flags, Hashes, Ints, Table, codes_of, hashes_of
from matcher.latin import LONGEST
from matcher.letters import (
    Rows,
    deleted,
    ends,
    letters_in,
    look_folds,
    multisets,
    rows_of,
    sizes_of,
    skeletons,
    without_s,
)
from matcher.sign import Sign
from matcher.tables import rules
from matcher.units import Units, everyday, numbers_and_models, running

FRAME = 3
HAIR = 0.001
MORE = 2
SPELLED = 5


@dataclass(frozen=True)
class Pairs:
    """Proposals: a unit and a sign; for affixes the sign is the part [at, at + size)."""

    unit: Ints
    sign: Ints
    at: Ints = field(default_factory=lambda: NOTHING)
    size: Ints = field(default_factory=lambda: NOTHING)
    plain: Flags = field(default_factory=lambda: NOTHING.astype(np.bool_))


def keys_of(letters: Rows) -> dict[str, tuple[Ints, Hashes]]:
    """Return under each name rows and the keys by which words near them are found."""
    return {
        "delete": deleted(look_folds(letters), 1),
        "letters": (np.arange(len(letters)), multisets(letters)),
        "ends": ends(letters, sizes_of(letters)),
        "frame": deleted(skeletons(letters), FRAME),
    }


class LatinIndex:
    """Latin signs, and Chinese ones as they are spelled in pinyin (text, sign)."""

    def __init__(self, signs: Sequence[Sign], spelled: Sequence[tuple[str, int]]) -> None:
        numbers = np.array([n for n, sign in enumerate(signs) if sign.latin], np.int64)
        texts = [signs[n].text for n in numbers.tolist()]
        self.words = Table(hashes_of(texts), numbers)
        self.pinyin = Table(
            hashes_of(text for text, _ in spelled), np.array([n for _, n in spelled], np.int64)
        )
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        self.sizes = _marked(sizes)
        near = np.array([not t.isdigit() and SHORTEST <= len(t) <= LONGEST for t in texts], bool)
        self.lengths = _marked(*(sizes[near] + more for more in range(-MORE, MORE + 1)))
        self._file([t for t, kept in zip(texts, near, strict=True) if kept], numbers[near])
        self.size = np.fromiter((len(s.text) for s in signs), np.int64, len(signs))
        self.one = np.fromiter((s.words == 1 for s in signs), np.bool_, len(signs))
        models = (s.latin and MODEL.search(s.text) is not None for s in signs)
        self.model = np.fromiter(models, np.bool_, len(signs))
        digits = (s.text.isdigit() for s in signs)
        self.digits = np.fromiter(digits, np.bool_, len(signs))

    def _file(self, texts: list[str], numbers: Ints) -> None:
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        end = np.cumsum(sizes)
        letters = rows_of(codes_of("".join(texts)), end - sizes, end)
        keys = keys_of(letters)
        self.tables = {n: Table(hashes, numbers[rows]) for n, (rows, hashes) in keys.items()}
        self.row = np.zeros(int(np.max(numbers, initial=-1)) + 1, np.int64)
        self.row[numbers] = np.arange(len(numbers))
        self.letters, self.folds = letters_in(letters), letters_in(look_folds(letters))

    def exact(self, units: Units) -> Pairs:
        """Return the signs that are written as a unit is."""
        return Pairs(*self.words.find(units.hashes))

    def spelled(self, units: Units) -> Pairs:
        """Return the Chinese signs whose pinyin a unit is."""
        return Pairs(*self.pinyin.find(units.hashes))

    def near(self, batch: Batch, units: Units, starts: Flags) -> Pairs:
        """Return the signs that may be near a unit; ``starts`` are places for brands."""
        size = units.size
        digits, model = numbers_and_models(batch, units)
        usual, known = everyday(units)
        whole = batch.whole[batch.owner(units.start)]
        fits = self.lengths[np.minimum(size, LONGEST + 1)] & ~digits & (size >= SHORTEST)
        at = np.flatnonzero(fits & (whole | ~usual))
        units = units.take(at)
        letters = units.rows(batch)
        pairs = self._proposed(letters)
        if not len(pairs):
            return Pairs(NOTHING, NOTHING)
        unit, sign = np.divmod(pairs, len(self.size))
        kept = self.size[sign] != 0
        far = known[at] & ~whole[at]
        kept &= ~far[unit] | (self.size[sign] >= rules().limit_of_latin("kin"))
        kept &= ~model[at][unit] | self.model[sign]
        slot = starts[units.start] | whole[at]
        kept &= (np.minimum(self.size[sign], units.size[unit]) > SHORTEST) | slot[unit]
        unit, sign = unit[kept], sign[kept]
        kept = self._close(units, letters, unit, sign)
        return Pairs(at[unit[kept]], sign[kept])

    def _proposed(self, letters: Rows) -> Ints:
        """Return pairs of row and sign that have a key in common, as row * signs + sign."""
        keys = keys_of(letters)
        found = [(rows, *self.tables[name].find(hashes)) for name, (rows, hashes) in keys.items()]
        rows, hashes = without_s(letters, keys["letters"][1], sizes_of(letters))
        found.append((rows, *self.tables["letters"].find(hashes)))
        pairs = [rows[which] * len(self.size) + sign for rows, which, sign in found]
        return np.unique(np.concatenate(pairs))

    def _close(self, units: Units, letters: Rows, unit: Ints, sign: Ints) -> Flags:
        """Return which pairs have letters enough in common to be as near as they must be."""
        numbers = rules()
        least = np.where(
            (units.words[unit] > 1) & self.one[sign],
            numbers.latin["joined"],
            numbers.latin["least"],
        )
        row = self.row[sign]
        longest = np.maximum(units.size[unit], self.size[sign])
        room = (1.0 - least) * longest + HAIR
        written = _apart(letters_in(letters)[unit], self.letters[row])
        folded = _apart(letters_in(look_folds(letters))[unit], self.folds[row])
        return (written <= np.maximum(room, 1.0)) | (folded <= room)

    def affixed(self, batch: Batch, units: Units) -> Pairs:
        """Return the signs with which a single word begins or ends."""
        usual, _ = everyday(units)
        fits = (units.words == 1) & (units.size > SHORTEST) & (units.size <= LONGEST)
        alone = np.flatnonzero(fits & (~usual | batch.whole[batch.owner(units.start)]))
        start, size = units.start[alone], units.size[alone]
        digits = running(batch.kinds == DIGIT)
        least = rules().limit_of_latin("affix")
        found: list[tuple[Ints, Ints, Ints, Ints, Flags]] = []
        for cut in range(SHORTEST, int(np.max(size, initial=0))):
            rows = np.flatnonzero(size > cut)
            first, stop = start[rows], start[rows] + size[rows]
            middle = first + cut
            number = digits[stop] - digits[middle] == stop - middle
            if self.sizes[min(cut, LONGEST + 1)]:
                fits = np.flatnonzero(number) if cut < least else np.arange(len(rows))
                which, sign = self.words.find(batch.sums.of(first[fits], middle[fits]))
                which = fits[which]
                found.append(_affix(alone[rows], which, sign, 0, cut, number))
            plain = digits[middle] - digits[first] == cut
            fits = np.flatnonzero((stop - middle >= least) | plain)
            which, sign = self.words.find(batch.sums.of(middle[fits], stop[fits]))
            which = fits[which]
            found.append(_affix(alone[rows], which, sign, cut, (stop - middle)[which], plain))
        if not found:
            return Pairs(NOTHING, NOTHING)
        unit, sign, at, part, plain = (np.concatenate(p) for p in zip(*found, strict=True))
        kept = ~self.digits[sign]
        return Pairs(unit[kept], sign[kept], at[kept], part[kept], plain[kept])


def _affix(
    units: Ints, which: Ints, sign: Ints, at: int, size: int | Ints, plain: Flags
) -> tuple[Ints, Ints, Ints, Ints, Flags]:
    many = len(which)
    return units[which], sign, np.full(many, at), np.zeros(many, np.int64) + size, plain[which]


def _apart(one: Hashes, other: Hashes) -> Ints:
    """Return how many letters one word has and the other has not, at least."""
    more, less = np.bitwise_count(one & ~other), np.bitwise_count(other & ~one)
    found: Ints = np.maximum(more, less).astype(np.int64)
    return found


def _marked(*sizes: Ints) -> Flags:
    flags = np.zeros(LONGEST + 2, np.bool_)
    for some in sizes:
        flags[np.clip(some, 0, LONGEST + 1)] = True
    return flags
