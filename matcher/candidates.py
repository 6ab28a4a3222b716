"""Candidates by index: which signs may stand where, without looking at every sign.

Exact signs by one automaton; sounds and look-alikes by one each; one changed
character of three or more by intact character pairs (pigeonhole); of two by the
brand slot only; Latin words by symmetric delete over the look-alike fold and the
phonetic skeleton. Everything found is verified by ``matcher.compare`` and ``admit``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import ahocorasick_rs

from matcher.admit import admit, coined
from matcher.compare import Likeness, compare_han, compare_latin
from matcher.latin import Unit, deletions, look_fold, skeleton, spans
from matcher.lexicon import common_characters
from matcher.look import look
from matcher.normal import Text
from matcher.sign import Sign
from matcher.slot import Slots
from matcher.sound import MIXED, hear, readings, sounds, syllables_of
from matcher.tables import rules

Postings = dict[str, list[int]]
Facts = tuple[tuple[tuple[int, Likeness], ...], tuple[tuple[int, Likeness, int, int], ...]]
IDENTICAL = Likeness(1.0, "identical")
NOTHING: Facts = ((), ())
REMEMBERED = 200_000


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
        self.sizes = frozenset(lengths)
        self.lengths = frozenset(size + more for size in lengths for more in range(-2, 3))
        self.known: dict[str, Facts] = {}
        self.joined: dict[str, Facts] = {}
        self.heads, self.tails = halves(self.tables.get("delete", {}))

    def _add_latin(self, tables: dict[str, Postings], number: int, text: str) -> None:
        tables["words"][text].append(number)
        if text.isdigit() or len(text) < 3:
            return
        tables["fold"][look_fold(text)].append(number)
        if len(text) < rules().limit_of_latin("shortest"):
            return
        for key in deletions(look_fold(text)):
            tables["delete"][key].append(number)
        tables["letters"]["".join(sorted(text))].append(number)
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
                if admit(text, slots, start, end, IDENTICAL, self.signs[number]):
                    yield Found(number, start, end, IDENTICAL)
        yield from self._latin(text, slots, near=near)
        clip = text.joined[: rules().limit("fuzzy_characters")] if near else ""
        if not clip.isascii():
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

    def _latin(self, text: Text, slots: Slots, *, near: bool) -> Iterator[Found]:
        limit = rules().limit("fuzzy_characters") if near else len(text.folded)
        known, joined, exact = self.known, self.joined, self.tables.get("words", {})
        for word, start, end, words in spans(text, rules().limit("repeats"), limit):
            if near:
                got = (known if words == 1 else joined).get(word)
                if got is None:
                    got = self._learn(word, alone=words == 1)
                if got is NOTHING:
                    continue
                whole, affixes = got
            else:
                whole, affixes = tuple((n, IDENTICAL) for n in exact.get(word, ())), ()
            if not (whole or affixes):
                continue
            unit = Unit(word, start, end, words)
            for number, likeness in whole:
                if admit(text, slots, start, end, likeness, self.signs[number], unit):
                    yield Found(number, start, end, likeness)
            for number, likeness, at, size in affixes:
                if admit(text, slots, start, end, likeness, self.signs[number], unit):
                    yield Found(number, start + at, start + at + size, likeness)

    def _learn(self, word: str, *, alone: bool) -> Facts:
        """Work out what one Latin word may stand for, and remember it."""
        got = dict.fromkeys(self.tables.get("words", {}).get(word, ()), IDENTICAL)
        if len(word) >= 3 and not word.isdigit():
            numbers = rules()
            for number in self.tables.get("pinyin", {}).get(word, ()):
                got.setdefault(number, Likeness(numbers.similarity["pinyin"], "pinyin", word))
            for number in self._near_words(word) if len(word) in self.lengths else ():
                likeness = compare_latin(word, self.signs[number].text)
                if likeness:
                    got.setdefault(number, likeness)
        affixes = tuple(self._affixed(word)) if alone else ()
        facts = (tuple(sorted(got.items())), affixes) if got or affixes else NOTHING
        memory = self.known if alone else self.joined
        if len(memory) >= REMEMBERED:
            memory.clear()
        memory[word] = facts
        return facts

    def _near_words(self, word: str) -> tuple[int, ...]:
        folded, tables = look_fold(word), self.tables
        found = set(tables.get("fold", {}).get(folded, ()))
        size = len(folded)
        half = size // 2
        delete, cuts = tables.get("delete", {}), []
        if folded[:half] in self.heads:
            found.update(delete.get(folded, ()))
            cuts = [*range(half, size)]
        if folded[half:] in self.tails:
            found.update(delete.get(folded, ()))
            cuts += range(half)
        for at in cuts:
            key = folded[:at] + folded[at + 1 :]
            if key in delete:
                found.update(delete[key])
        letters = tables.get("letters", {})
        found.update(letters.get("".join(sorted(word)), ()))
        if word[-1] == "s":
            found.update(letters.get("".join(sorted(word[:-1])), ()))
        tips = tables.get("ends", {})
        for key in ends(word):
            found.update(tips.get(key, ()))
        frame, frames = skeleton(word), tables.get("frame", {})
        if len(frame) >= 3:
            found.update(frames.get(frame, ()))
            for at in range(len(frame)):
                key = frame[:at] + frame[at + 1 :]
                if key in frames:
                    found.update(frames[key])
        return tuple(sorted(found)) if found else ()

    def _affixed(self, word: str) -> Iterator[tuple[int, Likeness, int, int]]:
        words, sizes = self.tables.get("words", {}), self.sizes
        least = rules().limit_of_latin("affix")
        for cut in range(3, len(word)):
            rest = word[cut:]
            if cut in sizes:
                head = word[:cut]
                if head in words and not head.isdigit() and (cut >= least or rest.isdigit()):
                    yield from self._affix(word, head, 0, plain=rest.isdigit())
            if len(rest) in sizes and rest in words and not rest.isdigit():
                plain = word[:cut].isdigit()
                if len(rest) >= least or plain:
                    yield from self._affix(word, rest, cut, plain=plain)

    def _affix(
        self, word: str, part: str, at: int, *, plain: bool
    ) -> Iterator[tuple[int, Likeness, int, int]]:
        likeness = Likeness(rules().similarity["folded" if plain else "affix"], "affix", word)
        for number in self.tables["words"][part]:
            yield number, likeness, at, len(part)

    def _han(self, text: Text, clip: str, slots: Slots) -> Iterator[tuple[int, int, int]]:
        heard = hear(clip)
        for machine, form in ((self.sound, heard), (self.look, look(clip))):
            for numbers, start, end in machine.find(form):
                yield from ((number, start, end) for number in numbers)
        if self.tables.get("gram"):
            yield from self._pairs(clip, clip, "", range(len(clip) - 1))
            near = {a for s in slots.starts for a in range(s, s + 5) if a < len(clip)}
            near |= {a for e in slots.ends for a in range(max(0, e - 5), e) if a < len(clip)}
            yield from self._pairs(clip, heard, "~", sorted(near))
        yield from self._twos(text, clip, slots)

    def _pairs(
        self, clip: str, form: str, prefix: str, at: Iterable[int]
    ) -> Iterator[tuple[int, int, int]]:
        grams, skips, signs = self.tables["gram"], self.tables.get("skip", {}), self.signs
        for first in at:
            two = prefix + form[first : first + 2]
            back, over = prefix + two[:-3:-1], two[:-1] + form[first + 2 : first + 3]
            for key, table in ((two, grams), (two, skips), (back, grams), (over, skips)):
                for number in table.get(key, ()):
                    for start, end in windows(len(clip), first, len(signs[number].text)):
                        yield number, start, end

    def _twos(self, text: Text, clip: str, slots: Slots) -> Iterator[tuple[int, int, int]]:
        pairs, common = self.tables.get("pair", {}), common_characters()
        if not pairs:
            return
        for start in range(len(clip) - 1):
            one, two = clip[start], clip[start + 1]
            found = pairs.get(one + two)
            slot = slots.holds(start, start + 2)
            head = pairs.get(one + "_") if slot or one not in common else None
            tail = pairs.get("_" + two) if slot or two not in common else None
            if not (found or head or tail):
                continue
            if not (slot or coined(text, slots, start, start + 2)):
                continue
            for numbers in (head, tail, found):
                yield from ((number, start, start + 2) for number in numbers or ())

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


def halves(keys: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the heads and tails of which a word that has one of these keys has one.

    A word of n letters, or it less one letter, is a key. Left whole is its head of n//2
    letters when the letter is missing behind it, else its tail of the other letters.
    """
    heads: set[str] = set()
    tails: set[str] = set()
    for key in keys:
        size = len(key)
        heads.update((key[: size // 2], key[: (size + 1) // 2]))
        tails.update((key[size // 2 :], key[(size + 1) // 2 - 1 :]))
    return frozenset(heads), frozenset(tails)


def windows(length: int, at: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the windows of a text in which a sign with an intact pair at ``at`` may stand."""
    for start in range(max(0, at - size), at + 1):
        for end in range(max(at + 2, start + size - 1), min(length, start + size + 1) + 1):
            yield start, end
