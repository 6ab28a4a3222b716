"""A slow obvious oracle: every sign compared with every window, no index."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from matcher.admit import admit
from matcher.candidates import Index
from matcher.compare import Likeness, compare_han, compare_latin
from matcher.found import Found, Searched
from matcher.latin import units
from matcher.normal import Text
from matcher.sign import Sign
from matcher.slot import Slots
from matcher.sound import is_han
from matcher.tables import rules


class Exhaustive:
    """Finds what the index finds, by looking at everything."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self.signs = signs
        self.index = Index(signs)  # for the views that are exact look-ups only

    def changed(self, added: Sequence[Sign], withdrawn: Collection[int]) -> Exhaustive:
        raise NotImplementedError("the oracle is made anew")

    def find_all(self, places: Sequence[Searched]) -> list[list[Found]]:
        exact = {"identical", "affix", "pinyin", "mixed_pinyin", "decomposed"}
        found = [
            [one for one in some if one.likeness.view in exact]
            for some in self.index.find_all(places)
        ]
        for at, place in enumerate(places):
            if place.near:
                found[at] += self._near(place.text, place.slots)
        return found

    def _near(self, text: Text, slots: Slots) -> Iterator[Found]:
        for number, sign in enumerate(self.signs):
            if sign.han and len(sign.text) >= 2:
                yield from self._han(text, slots, number, sign)
            if sign.latin:
                yield from self._latin(text, slots, number, sign)

    def _han(self, text: Text, slots: Slots, number: int, sign: Sign) -> Iterator[Found]:
        joined, size = text.joined, len(sign.text)
        for start in range(len(joined)):
            if not is_han(joined[start]):
                continue  # what stands for a Chinese sign is Chinese (``admit``)
            for end in range(start + max(2, size - 1), min(len(joined), start + size + 1) + 1):
                if joined[start:end] == sign.text:
                    continue
                likeness = compare_han(joined[start:end], sign.text)
                if likeness and admit(text, slots, start, end, likeness, sign):
                    yield Found(number, start, end, likeness)

    def _latin(self, text: Text, slots: Slots, number: int, sign: Sign) -> Iterator[Found]:
        for unit in units(text, rules().limit("repeats"), rules().limit("fuzzy_characters")):
            if unit.text == sign.text or unit.text.isdigit() or len(unit.text) < 3:
                continue
            likeness: Likeness | None = compare_latin(unit.text, sign.text)
            if likeness and admit(text, slots, unit.start, unit.end, likeness, sign, unit):
                yield Found(number, unit.start, unit.end, likeness)
