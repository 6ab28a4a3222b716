"""The index of Latin signs: written, spelled in pinyin, near by letters, look or sound.

Words of a whole batch are looked up at once; what comes back is proposed only, and
compared as text by ``matcher.candidates``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from matcher.admit import MODEL, SHORTEST
from matcher.batch import DIGIT, Batch
from matcher.han_index import Said
from matcher.hashing import NOTHING, Flags, Hashes, Ints, Table, hashes_of
from matcher.latin import LONGEST
from matcher.latin_words import Words, Written
from matcher.letters import letters_in, texts_of, weight
from matcher.sign import Sign
from matcher.tables import rules
from matcher.units import Units, everyday, numbers_and_models, running

Ratios = npt.NDArray[np.float64]
HAIR = 0.001
SEAM = 0.1  # folds of joined words may differ at the seam
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


@dataclass(frozen=True)
class Asked:
    """What is known of the units that are looked up, one a row."""

    words: Words
    size: Ints
    joined: Flags
    far: Flags
    model: Flags
    slot: Flags


@dataclass(frozen=True)
class LatinIndex:
    """Latin signs, and Chinese ones as they are spelled in pinyin.

    ``sizes`` are the lengths there are, ``lengths`` those of words that may be near one; of every
    sign ``size``, whether it is ``one`` word, a ``model`` or ``digits`` only.
    """

    words: Table
    pinyin: Table
    near_ones: Written
    sizes: Flags
    lengths: Flags
    size: Ints
    one: Flags
    model: Flags
    digits: Flags

    @classmethod
    def of(cls, signs: Sequence[Sign], said: Said) -> LatinIndex:
        """Index some signs; ``said`` are the readings of the Chinese ones."""
        numbers = np.array([n for n, sign in enumerate(signs) if sign.latin], np.int64)
        texts = [signs[n].text for n in numbers.tolist()]
        spelled = [("".join(way), n) for way, n in said]
        spelled = [(text, n) for text, n in spelled if len(text) >= SPELLED]
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        near = np.array([not t.isdigit() and SHORTEST <= len(t) <= LONGEST for t in texts], bool)
        models = (s.latin and MODEL.search(s.text) is not None for s in signs)
        return cls(
            words=Table.of(hashes_of(texts), numbers),
            pinyin=Table.of(
                hashes_of(text for text, _ in spelled), np.array([n for _, n in spelled], np.int64)
            ),
            near_ones=Written.of(list(compress(texts, near)), numbers[near]),
            sizes=_marked(sizes),
            lengths=_marked(*(sizes[near] + more for more in range(-MORE, MORE + 1))),
            size=np.fromiter((len(s.text) for s in signs), np.int64, len(signs)),
            one=np.fromiter((s.words == 1 for s in signs), np.bool_, len(signs)),
            model=np.fromiter(models, np.bool_, len(signs)),
            digits=np.fromiter((s.text.isdigit() for s in signs), np.bool_, len(signs)),
        )

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
        taken = units.take(at)
        asked = Asked(
            words=Words(batch.codes, batch.latin, batch.gap | ~batch.latin, taken.start, taken.end),
            size=taken.size,
            joined=taken.words > 1,
            far=known[at] & ~whole[at],
            model=model[at],
            slot=starts[taken.start] | whole[at],
        )
        unit, sign = self._proposed(batch, asked)
        kept = self._close(asked, unit, sign)
        return Pairs(at[unit[kept]], sign[kept])

    def _proposed(self, batch: Batch, asked: Asked) -> tuple[Ints, Ints]:
        """Return pairs of row and sign that have a key in common and may come to anything."""
        words = asked.words
        keys = words.keys(batch.sums)
        rows = np.flatnonzero(words.letters[words.end - 1] == ord("s"))
        pairs = []
        for name, (of, hashes) in (
            *keys.items(),
            ("letters", (rows, words.multisets[rows] - weight("s"))),
        ):
            which, sign = getattr(self.near_ones, name).find(hashes)
            unit, sign = self._kept(asked, of[which], sign)
            pairs.append(unit * len(self.size) + sign)
        both = np.sort(np.concatenate(pairs))
        return np.divmod(both[np.flatnonzero(np.diff(both, prepend=-1))], len(self.size))

    def _kept(self, asked: Asked, unit: Ints, sign: Ints) -> tuple[Ints, Ints]:
        """Return the pairs that may come to anything, seen cheaply."""
        size = self.size[sign]
        kept = ~asked.far[unit] | (size >= rules().limit_of_latin("kin"))
        kept &= ~asked.model[unit] | self.model[sign]
        kept &= (np.minimum(size, asked.size[unit]) > SHORTEST) | asked.slot[unit]
        unit, sign = unit[kept], sign[kept]
        row, room = self.near_ones.row[sign], self._room(asked, unit, sign)
        seen = np.zeros(len(asked.size), np.bool_)
        seen[unit] = True
        some, of = np.flatnonzero(seen), (np.cumsum(seen) - 1)[unit]
        written = letters_in(asked.words.written(some))[of]
        kept = _apart(written, self.near_ones.bits[0][row]) <= np.maximum(room, 1.0)
        folded = letters_in(asked.words.folded(some))[of]
        kept |= _apart(folded, self.near_ones.bits[1][row]) <= room
        return unit[kept], sign[kept]

    def _least(self, asked: Asked, unit: Ints, sign: Ints) -> Ratios:
        """Return how similar each pair must be at least."""
        numbers = rules().latin
        return np.where(asked.joined[unit] & self.one[sign], numbers["joined"], numbers["least"])

    def _room(self, asked: Asked, unit: Ints, sign: Ints) -> Ratios:
        """Return how many letters may differ."""
        longest = np.maximum(asked.size[unit], self.size[sign])
        room: Ratios = (1.0 - self._least(asked, unit, sign)) * longest + HAIR
        return room

    def _close(self, asked: Asked, unit: Ints, sign: Ints) -> Flags:
        """Return which pairs are as similar as they must be, as written or as folded."""
        ours, words, numbers = self.near_ones, asked.words, rules().latin
        row = ours.row[sign]
        kept = np.minimum(asked.size[unit], self.size[sign]) <= SHORTEST
        bags = words.multisets[unit] - ours.multisets[row]
        kept |= (bags == 0) | (bags == weight("s"))
        rest = np.flatnonzero(~kept)
        unit, sign, signs = unit[rest], sign[rest], row[rest].tolist()
        near = np.where(asked.slot[unit], 0.0, numbers["near"])
        least = np.maximum(self._least(asked, unit, sign), near) - HAIR
        seam = np.where(asked.joined[unit], SEAM, 0.0)
        ways = ((words.written, ours.texts, 0.0), (words.folded, ours.folds, seam))
        for asking, listed, more in ways:
            close = cpdist(
                texts_of(asking(unit)),
                [listed[n] for n in signs],
                scorer=OSA.normalized_similarity,
                dtype=np.float64,
            )
            kept[rest] |= close + more >= least
        return kept

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
