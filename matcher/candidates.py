"""Candidates by index: which signs may stand where, without looking at every sign.

Exact signs by one automaton; sounds and look-alikes by one each; one changed
character of three or more by intact character pairs (pigeonhole); of two by the
brand slot only; Latin words by symmetric delete over the look-alike fold and the
phonetic skeleton. Everything found is verified by ``matcher.compare`` and ``admit``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import ahocorasick_rs

from matcher.admit import admit
from matcher.compare import Likeness, compare_han, compare_latin
from matcher.latin import Unit, deletions, look_fold, skeleton, units
from matcher.look import look
from matcher.normal import Text
from matcher.sign import Sign
from matcher.slot import Slots
from matcher.sound import MIXED, hear, readings, sounds, syllables_of
from matcher.tables import rules

Postings = dict[str, list[int]]


@dataclass(frozen=True)
class Found:
    """A sign (by index) at joined characters [start, end) of a text."""

    sign: int
    start: int
    end: int
    likeness: Likeness


class Finder(Protocol):
    """Finds signs in a text; ``near`` also those that are only similar."""

    def find(self, text: Text, slots: Slots, *, near: bool) -> Iterator[Found]: ...


class Automaton:
    """Many patterns searched at once; finds overlapping ones, in order."""

    def __init__(self, patterns: Postings) -> None:
        self.patterns = [(text, sorted(set(patterns[text]))) for text in sorted(patterns)]
        self.machine = (
            ahocorasick_rs.AhoCorasick([text for text, _ in self.patterns])
            if self.patterns
            else None
        )

    def find(self, text: str) -> Iterator[tuple[list[int], int, int]]:
        """Yield signs, start and end of every occurrence."""
        if self.machine is None or not text:
            return
        for index, start, end in self.machine.find_matches_as_indexes(text, overlapping=True):
            yield self.patterns[index][1], start, end


class Index:
    """The index of all signs. Build once; ``find`` changes nothing."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self.signs = signs
        tables: dict[str, Postings] = defaultdict(lambda: defaultdict(list))
        for number, sign in enumerate(signs):
            if sign.latin:
                self._add_latin(tables, number, sign.text)
            else:
                tables["exact"][sign.text].append(number)
            if sign.han and len(sign.text) >= 2:
                self._add_han(tables, number, sign.text)
        self.exact = Automaton(tables["exact"])
        self.sound = Automaton(tables["sound"])
        self.look = Automaton(tables["look"])
        self.tables = {name: dict(postings) for name, postings in tables.items()}
        lengths = {len(sign.text) for sign in signs if sign.latin}
        self.lengths = frozenset(size + more for size in lengths for more in range(-2, 3))
        self.near_words = lru_cache(maxsize=65536)(self._near_words)

    def _add_latin(self, tables: dict[str, Postings], number: int, text: str) -> None:
        tables["words"][text].append(number)
        if text.isdigit() or len(text) < 3:
            return
        tables["fold"][look_fold(text)].append(number)
        if len(text) < rules().limit_of_latin("shortest"):
            return
        for key in deletions(look_fold(text)):
            tables["delete"][key].append(number)
        for key in ends(text):
            tables["ends"][key].append(number)
        frame = skeleton(text)
        if len(frame) >= 4:
            for key in deletions(frame):
                tables["frame"][key].append(number)
        elif len(frame) == 3:
            tables["frame"][frame].append(number)

    def _add_han(self, tables: dict[str, Postings], number: int, text: str) -> None:
        tables["look"][look(text)].append(number)
        for way in readings(text, rules().limit("readings")):
            tables["sound"]["".join(map(sounds().name, way))].append(number)
            letters = "".join(way)
            if len(letters) >= 5:
                tables["pinyin"][letters].append(number)
        size = len(text)
        if size == 2:
            tables["pair"][text[0] + "_"].append(number)
            tables["pair"]["_" + text[1]].append(number)
            tables["pair"][text[::-1]].append(number)
            return
        for prefix, string in (("", text), ("~", hear(text))):
            for at in {0, 1, size - 2} if size <= 4 else {0, size - 2}:
                tables["gram"][prefix + string[at : at + 2]].append(number)
            if size == 3:
                tables["skip"][prefix + string[0] + string[2]].append(number)

    def find(self, text: Text, slots: Slots, *, near: bool) -> Iterator[Found]:
        """Yield every sign found in a text, exact ones first; each verified."""
        for numbers, start, end in self.exact.find(text.joined):
            for number in numbers:
                exact = Likeness(1.0, "identical")
                if admit(text, slots, start, end, exact, self.signs[number]):
                    yield Found(number, start, end, exact)
        limit = rules().limit("fuzzy_characters")
        clip = text.joined[:limit] if near else ""
        most = limit if near else len(text.folded)
        for unit in units(text, rules().limit("repeats"), most):
            yield from self._latin(text, slots, unit, near=near)
        if near:
            seen: set[tuple[int, int, int]] = set()
            for number, start, end in self._han(text, clip, slots):
                if (number, start, end) in seen:
                    continue
                seen.add((number, start, end))
                wanted = self.signs[number].text
                if clip[start:end] == wanted:
                    continue
                likeness = compare_han(clip[start:end], wanted)
                if likeness and admit(text, slots, start, end, likeness, self.signs[number]):
                    yield Found(number, start, end, likeness)
            yield from self._mixed(text, clip)

    def _latin(self, text: Text, slots: Slots, unit: Unit, *, near: bool) -> Iterator[Found]:
        word = unit.text
        got: dict[int, Likeness] = {
            n: Likeness(1.0, "identical") for n in self.tables.get("words", {}).get(word, ())
        }
        if near and len(word) >= 3 and not word.isdigit():
            numbers = rules()
            for number in self.tables.get("pinyin", {}).get(word, ()):
                got.setdefault(number, Likeness(numbers.similarity["pinyin"], "pinyin", word))
            for number in self.near_words(word) if len(word) in self.lengths else ():
                likeness = compare_latin(word, self.signs[number].text)
                if likeness:
                    got.setdefault(number, likeness)
        for number in sorted(got):
            likeness = got[number]
            if admit(text, slots, unit.start, unit.end, likeness, self.signs[number], unit):
                yield Found(number, unit.start, unit.end, likeness)
        if near and unit.words == 1:
            yield from self._affixed(text, slots, unit)

    def _near_words(self, word: str) -> tuple[int, ...]:
        folded = look_fold(word)
        found = set(self.tables.get("fold", {}).get(folded, ()))
        delete, frames = self.tables.get("delete", {}), self.tables.get("frame", {})
        for key in deletions(folded):
            found.update(delete.get(key, ()))
        tips = self.tables.get("ends", {})
        for key in ends(word):
            found.update(tips.get(key, ()))
        frame = skeleton(word)
        for key in deletions(frame) if len(frame) >= 3 else ():
            found.update(frames.get(key, ()))
        return tuple(sorted(found))

    def _affixed(self, text: Text, slots: Slots, unit: Unit) -> Iterator[Found]:
        words, word = self.tables.get("words", {}), unit.text
        least = rules().limit_of_latin("affix")
        for cut in range(3, len(word)):
            head, rest = word[:cut], word[cut:]
            if head in words and not head.isdigit() and (cut >= least or rest.isdigit()):
                plain = rest.isdigit()
                yield from self._affix(text, slots, unit, head, 0, plain=plain)
            if rest in words and not rest.isdigit() and (len(rest) >= least or head.isdigit()):
                yield from self._affix(text, slots, unit, rest, cut, plain=head.isdigit())

    def _affix(
        self, text: Text, slots: Slots, unit: Unit, part: str, at: int, *, plain: bool
    ) -> Iterator[Found]:
        weight = rules().similarity["folded" if plain else "affix"]
        likeness = Likeness(weight, "affix", unit.text)
        start = unit.start + at
        for number in self.tables["words"][part]:
            if admit(text, slots, unit.start, unit.end, likeness, self.signs[number], unit):
                yield Found(number, start, start + len(part), likeness)

    def _han(self, text: Text, clip: str, slots: Slots) -> Iterator[tuple[int, int, int]]:
        heard = hear(clip)
        for machine, form in ((self.sound, heard), (self.look, look(clip))):
            for numbers, start, end in machine.find(form):
                yield from ((number, start, end) for number in numbers)
        grams, skips = self.tables.get("gram", {}), self.tables.get("skip", {})
        if grams:
            yield from self._pairs(clip, clip, "", grams, skips, range(len(clip)))
            near = {a for s in slots.starts for a in range(s, s + 5) if a < len(clip)}
            near |= {a for e in slots.ends for a in range(max(0, e - 5), e) if a < len(clip)}
            yield from self._pairs(clip, heard, "~", grams, skips, sorted(near))
        yield from self._twos(clip)

    def _pairs(
        self, clip: str, form: str, prefix: str, grams: Postings, skips: Postings, at: Sequence[int]
    ) -> Iterator[tuple[int, int, int]]:
        for first in at:
            two = prefix + form[first : first + 2]
            found = [*grams.get(two, ()), *skips.get(two, ())]
            if form[first : first + 2] != form[first : first + 2][::-1]:
                found += grams.get(prefix + form[first : first + 2][::-1], ())
            third = form[first + 2 : first + 3]
            if third:
                found += skips.get(prefix + form[first] + third, ())
            for number in found:
                size = len(self.signs[number].text)
                for start, end in windows(len(clip), first, size):
                    yield number, start, end

    def _twos(self, clip: str) -> Iterator[tuple[int, int, int]]:
        pairs = self.tables.get("pair", {})
        if not pairs:
            return
        for start in range(len(clip) - 1):
            one, two = clip[start], clip[start + 1]
            for key in (one + "_", "_" + two, one + two):
                for number in pairs.get(key, ()):
                    yield number, start, start + 2

    def _mixed(self, text: Text, clip: str) -> Iterator[Found]:
        pieces = [m for m in MIXED.finditer(clip) if syllables_of(m.group())]
        if not pieces or self.sound.machine is None:
            return
        heard, places, last = "", [], 0
        for piece in pieces:
            heard += hear(clip[last : piece.start()])
            places += list(range(last, piece.start()))
            for syllable in syllables_of(piece.group()):
                heard += sounds().name(syllable)
                places.append(piece.start())
            last = piece.end()
        heard, places = heard + hear(clip[last:]), [*places, *range(last, len(clip)), len(clip)]
        latin = {piece.start(): piece.end() for piece in pieces}
        for numbers, first, end in self.sound.find(heard):
            inner = [at for at in places[first:end] if at in latin]
            whole = inner and any(at not in latin for at in places[first:end])
            stop = latin.get(places[end - 1], places[end - 1] + 1)
            if whole and not text.gap(places[first], stop):
                likeness = Likeness(rules().similarity["mixed_pinyin"], "mixed_pinyin")
                yield from (Found(number, places[first], stop, likeness) for number in numbers)


def ends(word: str) -> tuple[str, ...]:
    """Return the keys of a word's two ends, of which two edits leave mostly one intact."""
    return ("^" + word[:3], word[-3:] + "$") if len(word) >= 6 else ()


def windows(length: int, at: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the windows of a text in which a sign with an intact pair at ``at`` may stand."""
    for start in range(max(0, at - size), at + 1):
        for end in range(max(at + 2, start + size - 1), min(length, start + size + 1) + 1):
            yield start, end
