"""One batch of texts searched: proposals of the indexes, each verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from matcher.admit import admit
from matcher.batch import LETTER, Batch
from matcher.compare import Likeness, compare_han, compare_latin
from matcher.found import IDENTICAL, Found, Searched
from matcher.han_index import HanIndex, Windows, together
from matcher.hashing import Flags, Ints, Sums
from matcher.latin import Unit
from matcher.latin_index import LatinIndex, Pairs
from matcher.lattice import Lattice
from matcher.mixed import find_mixed
from matcher.openings import Openings, openings
from matcher.sign import Sign
from matcher.tables import rules
from matcher.units import Units, units_of

PAIR = 2
NEAR = 5
Finds = Iterator[tuple[int, Found]]


class Search:
    """One batch of texts and the indexes it is searched with."""

    def __init__(
        self,
        signs: Sequence[Sign],
        han: HanIndex,
        latin: LatinIndex,
        places: Sequence[Searched],
        *,
        near: bool,
    ) -> None:
        self.signs, self.han, self.latin = signs, han, latin
        self.places, self.near = places, near
        self.batch = Batch(
            [place.raw for place in places],
            near=rules().limit("fuzzy_characters" if near else "description"),
            whole=[place.whole for place in places],
        )

    def finds(self) -> Finds:
        """Yield each verified find with the number of its text."""
        batch = self.batch
        everywhere = np.arange(len(batch.codes))
        yield from self._written(self.han.exact.find(batch.sums, everywhere, len(everywhere)))
        units = units_of(batch, rules().limit("repeats"))
        yield from self._units(units, self.latin.exact(units), "identical")
        if not self.near:
            return
        if batch.clip is not None:
            units = units.take(batch.clip[units.end - 1])
        opened = openings(batch)
        yield from self._units(units, self.latin.spelled(units), "pinyin")
        yield from self._units(units, self.latin.near(batch, units, opened.heads), "near")
        yield from self._affixes(units, self.latin.affixed(batch, units))
        if batch.han.any():
            yield from self._changed(self._windows(opened))
            yield from self._mixed()

    def _placed(self, start: Ints, end: Ints) -> Iterator[tuple[int, int, int]]:
        """Yield the number of the text, and start and end in its joined characters."""
        owner = self.batch.owner(start)
        first = self.batch.firsts[owner]
        yield from zip(
            owner.tolist(), (start - first).tolist(), (end - first).tolist(), strict=True
        )

    def _written(self, windows: Windows) -> Finds:
        places = self._placed(windows.start, windows.end)
        for (which, start, end), number in zip(places, windows.sign.tolist(), strict=True):
            place, sign = self.places[which], self.signs[number]
            if place.text.joined[start:end] != sign.text:
                continue
            if admit(place.text, place.slots, start, end, IDENTICAL, sign):
                yield which, Found(number, start, end, IDENTICAL)

    def _units(self, units: Units, pairs: Pairs, view: str) -> Finds:
        if not len(pairs.unit):
            return
        taken = units.take(pairs.unit)
        rows = zip(taken.words.tolist(), pairs.sign.tolist(), strict=True)
        spelled = rules().similarity["pinyin"]
        for (which, start, end), (words, number) in zip(
            self._placed(taken.start, taken.end), rows, strict=True
        ):
            place, sign = self.places[which], self.signs[number]
            word = place.text.joined[start:end]
            if view == "identical":
                if word == sign.text:
                    yield which, Found(number, start, end, IDENTICAL)
                continue
            likeness: Likeness | None = Likeness(spelled, "pinyin", word)
            if view == "near":
                likeness = compare_latin(word, sign.text) if word != sign.text else None
            unit = Unit(word, start, end, words)
            if likeness and admit(place.text, place.slots, start, end, likeness, sign, unit):
                yield which, Found(number, start, end, likeness)

    def _affixes(self, units: Units, pairs: Pairs) -> Finds:
        taken, near = units.take(pairs.unit), rules().similarity
        rows = zip(
            pairs.sign.tolist(), pairs.at.tolist(), pairs.size.tolist(), pairs.plain, strict=True
        )
        for (which, start, end), (number, at, size, plain) in zip(
            self._placed(taken.start, taken.end), rows, strict=True
        ):
            place, sign = self.places[which], self.signs[number]
            word = place.text.joined[start:end]
            if word[at : at + size] != sign.text:
                continue
            likeness = Likeness(near["folded" if plain else "affix"], "affix", word)
            if admit(
                place.text, place.slots, start, end, likeness, sign, Unit(word, start, end, 1)
            ):
                yield which, Found(number, start + at, start + at + size, likeness)

    def _windows(self, opened: Openings) -> Windows:
        """Return the windows in which a Chinese sign may stand changed."""
        batch, size = self.batch, len(self.batch.codes)
        places = np.flatnonzero(batch.han if batch.clip is None else batch.han & batch.clip)
        places = places[places + PAIR < size]
        sound = self.han.sound.find(Sums(batch.heard), places, size)
        look = self.han.look.find(Sums(batch.looked), places, size)
        alike = together([sound, look])
        alike = alike.take(batch.runs[alike.start] == batch.runs[alike.end - 1])
        lattice = Lattice(batch)
        start, coined, named = self._pairs(places, opened, lattice)
        short = alike.end - alike.start == PAIR
        at = np.searchsorted(start, alike.start) if len(start) else alike.start
        at = np.minimum(at, max(0, len(start) - 1))
        slot = opened.starts[alike.start] | opened.ends[alike.end]
        loose = coined[at] & (start[at] == alike.start) if len(start) else short & False
        alike = alike.take(~short | slot | loose)
        held = opened.starts[start] | opened.ends[start + PAIR]
        kept = named | (coined & ~held)
        halves = self.han.halves(batch, start[kept], ~held[kept])
        changed = self.han.changed(
            batch,
            places,
            self._near_slots(places, opened),
            lambda begin, stop: lattice.names(begin, stop, opened.ends),
        )
        return together([alike, halves, changed])

    def _pairs(self, places: Ints, opened: Openings, lattice: Lattice) -> tuple[Ints, Flags, Flags]:
        """Return windows of two characters, which are coined, and which stand out in a slot."""
        batch = self.batch
        start = places[batch.joined[places + 1]]
        stop = start + PAIR
        coined, out = lattice.windows(start, opened.ends)
        alone = batch.gap[start] & (batch.gap[stop] | (batch.codes[stop] == 0))
        slot = opened.starts[start] | opened.ends[stop]
        standing = out & (opened.heads[start] | opened.ends[stop] | alone)
        return start, coined, slot & (standing | batch.whole[batch.owner(start)])

    def _near_slots(self, places: Ints, opened: Openings) -> Ints:
        near = np.zeros(len(self.batch.codes) + NEAR, np.bool_)
        starts, ends = np.flatnonzero(opened.starts), np.flatnonzero(opened.ends)
        for step in range(NEAR):
            near[starts + step] = True
            near[np.maximum(ends - 1 - step, 0)] = True
        return places[near[places]]

    def _changed(self, windows: Windows) -> Finds:
        places = self._placed(windows.start, windows.end)
        for (which, start, end), number in zip(places, windows.sign.tolist(), strict=True):
            place, sign = self.places[which], self.signs[number]
            text = place.text.joined[start:end]
            likeness = compare_han(text, sign.text) if text != sign.text else None
            if likeness and admit(place.text, place.slots, start, end, likeness, sign):
                yield which, Found(number, start, end, likeness)

    def _mixed(self) -> Finds:
        """Yield signs written in characters and pinyin mixed."""
        batch = self.batch
        letters = batch.kinds == LETTER
        beside = np.flatnonzero((letters[1:] & batch.han[:-1]) | (batch.han[1:] & letters[:-1]))
        numbers = np.unique(batch.owner(beside)).tolist()
        texts = [self.places[n].text for n in numbers]
        likeness = Likeness(rules().similarity["mixed_pinyin"], "mixed_pinyin")
        for which, start, end, number in find_mixed(texts, batch.near, self.han.sound):
            yield numbers[which], Found(number, start, end, likeness)
