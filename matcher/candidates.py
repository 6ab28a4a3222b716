"""Candidates by index: which signs may stand where, without looking at every sign.

A batch of texts is searched at once. Written signs, sounds and look-alikes are looked
up by hash; one changed character of three or more by intact pairs (pigeonhole), of two
in brand slots and coined words only; Latin words by symmetric delete over the look-alike
fold and the phonetic skeleton. Everything proposed is verified by ``compare`` and ``admit``.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcher.found import Found, Searched
from matcher.han_index import HanIndex
from matcher.latin_index import SPELLED, LatinIndex
from matcher.search import Search
from matcher.sign import Sign


class Index:
    """The index of all signs. Build once; finding changes nothing."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self.signs = signs
        self.han = HanIndex(signs)
        self.latin = LatinIndex(signs, [p for p in self.han.spelled if len(p[0]) >= SPELLED])

    def find_all(self, places: Sequence[Searched]) -> list[list[Found]]:
        """Return for each text the signs found in it, each verified."""
        found: list[list[Found]] = [[] for _ in places]
        for near in (True, False):
            numbers = [n for n, place in enumerate(places) if place.near is near and place.raw]
            if not numbers:
                continue
            search = Search(
                self.signs, self.han, self.latin, [places[n] for n in numbers], near=near
            )
            for which, one in search.finds():
                found[numbers[which]].append(one)
        return found
