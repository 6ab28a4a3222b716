"""The index of Latin signs: written, spelled in pinyin, near by letters, look or sound.

Words of a whole batch are looked up at once; what comes back is proposed only, and
compared as text by ``matcher.candidates``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import compress, product
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from matcher.admit import MODEL, SHORTEST
from matcher.batch import DIGIT, Batch
from matcher.han_index import Said
from matcher.hashing import NOTHING, SPREAD, Flags, Hashes, Ints, Table, hashes_of, spread
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
EXACT = ("delete", "letters")  # the other keys are for words of which two letters differ
FURTHER = 2.0
JOINED, FAR, MODELLED, SLOT, KINDS = 1, 2, 4, 8, 16
ONE_WORD, SIGNS = 1, 8


_Each = TypeVar("_Each")


@dataclass(frozen=True)
class Pairs:
    """Proposals: a unit and a sign; for affixes the sign is the part [at, at + size)."""

    unit: Ints
    sign: Ints
    at: Ints = field(default_factory=lambda: NOTHING)
    size: Ints = field(default_factory=lambda: NOTHING)
    plain: Flags = field(default_factory=lambda: NOTHING.astype(np.bool_))


class Asked:
    """The different words that are looked up, one a row, and what is known of them."""

    def __init__(self, batch: Batch, units: Units, kinds: Ints) -> None:
        both = units.hashes ^ (kinds.astype(np.uint64) * SPREAD)
        _, first, self.row = np.unique(both, return_index=True, return_inverse=True)
        taken = units.take(first)
        begins = batch.gap | ~batch.latin
        self.words = Words(batch.codes, batch.latin, begins, taken.start, taken.end)
        self.kind, self.size = kinds[first], taken.size
        self.joined, self.slot = (self.kind & JOINED) > 0, (self.kind & SLOT) > 0


def _each(rows: Ints, work: Callable[[Ints], _Each]) -> tuple[_Each, Ints]:
    """Return what becomes of the different rows, and where that of each row stands in it."""
    seen = np.zeros(int(np.max(rows, initial=-1)) + 1, np.bool_)
    seen[rows] = True
    return work(np.flatnonzero(seen)), (np.cumsum(seen) - 1)[rows]


@cache
def _room() -> npt.NDArray[np.float32]:
    """Return how many letters may differ, by kind and size of a word, kind and size of a sign.

    Less than nothing when a word and a sign of these come to nothing anyhow (``admit``).
    """
    numbers, rule = rules().latin, rules().limit_of_latin
    found = np.zeros((KINDS, LONGEST + 1, SIGNS, LONGEST + 1), np.float32)
    sizes = np.arange(LONGEST + 1)
    shortest, longest = np.minimum.outer(sizes, sizes), np.maximum.outer(sizes, sizes)
    for kind, sign in product(range(KINDS), range(SIGNS)):
        least = numbers["joined"] if kind & JOINED and sign & ONE_WORD else numbers["least"]
        least = least if kind & SLOT else max(least, numbers["near"])
        room = (1.0 - least) * longest + HAIR
        idle = (shortest <= SHORTEST) & (kind & SLOT == 0)
        idle |= (sizes < rule("kin"))[None, :] & (kind & FAR > 0)
        idle |= np.full_like(idle, kind & MODELLED > 0 and not sign & MODELLED)
        found[kind, :, sign, :] = np.where(idle, -1.0, room)
    return found


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
        at = np.flatnonzero(fits & (size <= LONGEST) & (whole | ~usual))
        kinds = (
            JOINED * (units.words[at] > 1)
            + FAR * (known & ~whole)[at]
            + MODELLED * model[at]
            + SLOT * (starts[units.start] | whole)[at]
        )
        asked = Asked(batch, units.take(at), kinds)
        row, sign = self._close(asked, *self._proposed(batch, asked))
        order = np.argsort(asked.row, kind="stable")
        count = np.bincount(asked.row, minlength=len(asked.size))
        which, step = spread(count[row])
        begins = np.cumsum(count) - count
        return Pairs(at[order[begins[row][which] + step]], sign[which])

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
            row, sign = self._kept(asked, of[which], sign, 0.0 if name in EXACT else FURTHER)
            pairs.append(row * len(self.size) + sign)
        both = np.sort(np.concatenate(pairs))
        return np.divmod(both[np.flatnonzero(np.diff(both, prepend=-1))], len(self.size))

    def _kept(self, asked: Asked, row: Ints, sign: Ints, least: float) -> tuple[Ints, Ints]:
        """Return the pairs that may come to anything, seen cheaply.

        Those between which fewer than ``least`` letters may differ are left to other keys.
        """
        kind = SIGNS * (LONGEST + 1)
        room = _room().ravel()[
            (asked.kind * (LONGEST + 1) + asked.size)[row] * kind + self.kind[sign]
        ]
        kept = np.flatnonzero(room >= least)
        row, sign, room = row[kept], sign[kept], room[kept]
        at = self.near_ones.row[sign]
        bits, of = _each(row, lambda rows: letters_in(asked.words.written(rows)))
        kept = _apart(bits[of], self.near_ones.bits[0][at]) <= np.maximum(room, 1.0)
        rest = np.flatnonzero(~kept)
        bits, of = _each(row[rest], lambda rows: letters_in(asked.words.folded(rows)))
        kept[rest] = _apart(bits[of], self.near_ones.bits[1][at[rest]]) <= room[rest]
        return row[kept], sign[kept]

    @cached_property
    def kind(self) -> Ints:
        """Of every sign, where the room beside it stands in ``_room``."""
        kinds = ONE_WORD * self.one + MODELLED * self.model
        return kinds * (LONGEST + 1) + np.minimum(self.size, LONGEST)

    def _close(self, asked: Asked, row: Ints, sign: Ints) -> tuple[Ints, Ints]:
        """Return the pairs that are as similar as they must be, as written or as folded."""
        ours, numbers = self.near_ones, rules().latin
        at = ours.row[sign]
        kept = np.minimum(asked.size[row], self.size[sign]) <= SHORTEST
        bags = asked.words.multisets[row] - ours.multisets[at]
        kept |= (bags == 0) | (bags == weight("s"))
        least = np.where(asked.joined[row] & self.one[sign], numbers["joined"], numbers["least"])
        least = np.maximum(least, np.where(asked.slot[row], 0.0, numbers["near"])) - HAIR
        least_folded = least - np.where(asked.joined[row], SEAM, 0.0)
        for asking, theirs, enough in (
            (asked.words.written, ours.texts, least),
            (asked.words.folded, ours.folds, least_folded),
        ):
            rest = np.flatnonzero(~kept)
            letters, of = _each(row[rest], asking)
            texts = texts_of(letters)
            kept[rest] = enough[rest] <= cpdist(
                [texts[n] for n in of.tolist()],
                [theirs[n] for n in at[rest].tolist()],
                scorer=OSA.normalized_similarity,
                dtype=np.float64,
            )
        return row[kept], sign[kept]

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
