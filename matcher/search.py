"""One batch of texts searched: proposals of the indexes, each verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property

import numpy as np

from matcher.admit import admit, reads_as_words
from matcher.batch import LETTER, Batch
from matcher.compare import Likeness, compare_han, compare_latin
from matcher.found import IDENTICAL, Found, Searched
from matcher.hashing import Flags, Ints, Sums, Table, hashes_of
from matcher.latin import Unit
from matcher.latin_index import Pairs
from matcher.lattice import Lattice
from matcher.look import composed
from matcher.mixed import find_mixed, recomposed
from matcher.normal import Text
from matcher.openings import Openings, openings
from matcher.part import Part
from matcher.stretches import Windows, together
from matcher.tables import rules
from matcher.units import Units, units_of

PAIR = 2
NEAR = 5
Finds = Iterator[tuple[int, Found]]


@cache
def composable() -> Table:
    """Return the table of the parts that make one character."""
    return Table.of(hashes_of(composed()), np.arange(len(composed())))


class Read:
    """Texts that are searched, and what is known of them whatever sign is looked for."""

    def __init__(self, places: Sequence[Searched], *, near: bool) -> None:
        self.places, self.near = places, near
        self.batch = Batch(
            [place.raw for place in places],
            near=rules().limit("fuzzy_characters" if near else "description"),
            whole=[place.whole for place in places],
        )

    @cached_property
    def units(self) -> Units:
        """The Latin words, and neighbours joined."""
        return units_of(self.batch, rules().limit("repeats"))

    @cached_property
    def near_units(self) -> Units:
        """The Latin words that are compared with similar signs."""
        clip = self.batch.clip
        return self.units if clip is None else self.units.take(clip[self.units.end - 1])

    @cached_property
    def opened(self) -> Openings:
        """Where brands may stand."""
        return openings(self.batch)

    @cached_property
    def lattice(self) -> Lattice:
        """The word boundaries of the Chinese text."""
        return Lattice(self.batch)

    @cached_property
    def han(self) -> Ints:
        """Where Chinese characters stand that are compared with similar signs."""
        batch = self.batch
        places = np.flatnonzero(batch.han if batch.clip is None else batch.han & batch.clip)
        return places[places + PAIR < len(batch.codes)]

    @cached_property
    def pairs(self) -> tuple[Ints, Flags, Flags]:
        """Windows of two characters, which are coined, and which stand out in a slot."""
        batch, opened = self.batch, self.opened
        start = self.han[batch.joined[self.han + 1]]
        stop = start + PAIR
        coined, out = self.lattice.windows(start, opened.ends)
        alone = batch.gap[start] & (batch.gap[stop] | (batch.codes[stop] == 0))
        slot = opened.starts[start] | opened.ends[stop]
        standing = out & (opened.heads[start] | opened.ends[stop] | alone)
        return start, coined, slot & (standing | batch.whole[batch.owner(start)])

    @cached_property
    def near_slots(self) -> Ints:
        """Chinese places at and near a slot."""
        near = np.zeros(len(self.batch.codes) + NEAR, np.bool_)
        starts, ends = np.flatnonzero(self.opened.starts), np.flatnonzero(self.opened.ends)
        for step in range(NEAR):
            near[starts + step] = True
            near[np.maximum(ends - 1 - step, 0)] = True
        return self.han[near[self.han]]

    @cached_property
    def mixed(self) -> tuple[list[int], list[Text]]:
        """The texts in which Chinese characters and letters stand side by side."""
        batch = self.batch
        letters = batch.kinds == LETTER
        beside = np.flatnonzero((letters[1:] & batch.han[:-1]) | (batch.han[1:] & letters[:-1]))
        numbers = np.unique(batch.owner(beside)).tolist()
        return numbers, [self.places[n].text for n in numbers]

    @cached_property
    def apart(self) -> tuple[list[int], list[Text]]:
        """The texts in which parts of a Chinese character stand side by side."""
        batch, at = self.batch, self.han
        at = at[batch.joined[at + 1]]
        held = composable().holds(batch.sums.of(at, at + PAIR))
        numbers = np.unique(batch.owner(at[held])).tolist()
        return numbers, [self.places[n].text for n in numbers]


class Search:
    """Texts searched for the signs of one part of the index."""

    def __init__(self, read: Read, part: Part) -> None:
        self.read, self.batch, self.places = read, read.batch, read.places
        self.first, self.signs = part.first, part.signs
        self.han, self.latin = part.han, part.latin

    def finds(self) -> Finds:
        """Yield each verified find with the number of its text."""
        batch, read = self.batch, self.read
        everywhere = np.arange(len(batch.codes))
        yield from self._written(self.han.exact.find(batch.sums, everywhere, len(everywhere)))
        yield from self._units(read.units, self.latin.exact(read.units), "identical")
        if not read.near:
            return
        units = read.near_units
        yield from self._units(units, self.latin.spelled(units), "pinyin")
        yield from self._units(units, self.latin.near(batch, units, read.opened.heads), "near")
        yield from self._affixes(units, self.latin.affixed(batch, units))
        if batch.han.any():
            yield from self._changed(self._windows())
            yield from self._mixed()
            yield from self._composed()

    def _found(self, number: int, start: int, end: int, likeness: Likeness) -> Found:
        return Found(self.first + number, start, end, likeness)

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
                yield which, self._found(number, start, end, IDENTICAL)

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
                    yield which, self._found(number, start, end, IDENTICAL)
                continue
            likeness: Likeness | None = Likeness(spelled, "pinyin", word)
            if view == "near":
                likeness = compare_latin(word, sign.text) if word != sign.text else None
            unit = Unit(word, start, end, words)
            if likeness and admit(place.text, place.slots, start, end, likeness, sign, unit):
                yield which, self._found(number, start, end, likeness)

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
                yield which, self._found(number, start + at, start + at + size, likeness)

    def _windows(self) -> Windows:
        """Return the windows in which a Chinese sign may stand changed."""
        batch, places, opened = self.batch, self.read.han, self.read.opened
        size = len(batch.codes)
        sound = self.han.sound.find(Sums(batch.heard), places, size)
        look = self.han.look.find(Sums(batch.looked), places, size)
        alike = together([sound, look])
        alike = alike.take(batch.runs[alike.start] == batch.runs[alike.end - 1])
        start, coined, named = self.read.pairs
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
            self.read.near_slots,
            lambda begin, stop: self.read.lattice.names(begin, stop, opened.ends),
        )
        return together([alike, halves, changed])

    def _changed(self, windows: Windows) -> Finds:
        places = self._placed(windows.start, windows.end)
        for (which, start, end), number in zip(places, windows.sign.tolist(), strict=True):
            place, sign = self.places[which], self.signs[number]
            text = place.text.joined[start:end]
            likeness = compare_han(text, sign.text) if text != sign.text else None
            if likeness and admit(place.text, place.slots, start, end, likeness, sign):
                yield which, self._found(number, start, end, likeness)

    def _mixed(self) -> Finds:
        """Yield signs written in characters and pinyin mixed."""
        numbers, texts = self.read.mixed
        likeness = Likeness(rules().similarity["mixed_pinyin"], "mixed_pinyin")
        for which, start, end, number in find_mixed(texts, self.batch.near, self.han.sound):
            yield numbers[which], self._found(number, start, end, likeness)

    def _composed(self) -> Finds:
        """Yield signs of which characters are written as their parts."""
        numbers, texts = self.read.apart
        likeness = Likeness(rules().similarity["decomposed"], "decomposed")
        found = find_mixed(texts, self.batch.near, self.han.exact, recomposed)
        for which, start, end, number in found:
            if not reads_as_words(texts[which], start, end):
                yield numbers[which], self._found(number, start, end, likeness)
