"""Candidates by index: which signs may stand where, without looking at every sign.

A batch of texts is searched at once. Written signs, sounds and look-alikes are looked
up by hash; one changed character of three or more by intact pairs (pigeonhole), of two
in brand slots and coined words only; Latin words by symmetric delete over the look-alike
fold and the phonetic skeleton. Everything proposed is verified by ``compare`` and ``admit``.

Signs that are added make a part of their own; parts of like size are made one, so that
there are few. Signs that are withdrawn are passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matcher.found import Found, Searched
from matcher.part import Part
from matcher.search import Read, Search
from matcher.sign import Sign

LARGER = 4


class Index:
    """The index of all signs, in parts. Finding changes nothing."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self.parts: tuple[Part, ...] = (Part.of(0, signs),)
        self.gone: frozenset[int] = frozenset()

    @classmethod
    def of(cls, parts: Sequence[Part], gone: Collection[int]) -> Index:
        """Return the index of some parts, of which the signs ``gone`` were withdrawn."""
        index = cls.__new__(cls)
        index.parts, index.gone = tuple(parts), frozenset(gone)
        return index

    def changed(self, added: Sequence[Sign], withdrawn: Collection[int]) -> Index:
        """Return the index with signs added behind the others, and without some (by number)."""
        parts = list(self.parts)
        if added:
            more, first = list(added), parts[-1].first + len(parts[-1].signs)
            while parts and len(parts[-1].signs) < LARGER * len(more):
                last = parts.pop()
                more, first = [*last.signs, *more], last.first
            parts.append(Part.of(first, more))
        return Index.of(parts, self.gone.union(withdrawn))

    def find_all(self, places: Sequence[Searched]) -> list[list[Found]]:
        """Return for each text the signs found in it, each verified."""
        found: list[list[Found]] = [[] for _ in places]
        for near in (True, False):
            numbers = [n for n, place in enumerate(places) if place.near is near and place.raw]
            if not numbers:
                continue
            read = Read([places[n] for n in numbers], near=near)
            for part in self.parts:
                for which, one in Search(read, part).finds():
                    if one.sign not in self.gone:
                        found[numbers[which]].append(one)
        return found
