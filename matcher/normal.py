"""Normalisation of text with a way back to the raw characters (UAX 15, UTS 39).

Compatibility forms, hidden characters, letters of other scripts that look Latin,
traditional characters and letter case are folded character by character, so that
every folded character knows the raw character it came from. Letters and digits
stay; everything else becomes one space. Confusables are folded before case.
NOT done: traditional to simplified by phrase; reordering of bidirectional text.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, cached_property

import opencc

from matcher.tables import rows

IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
HANGUL = (0xAC00, 0xD7A3)


class Folding(dict[int, str]):
    """Code point to folded text, filled as characters are met; ``odd`` are not one for one."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: set[str] = set()
        self.letters = {row.split("\t")[1]: row.split("\t")[2] for row in rows("confusables.tsv")}
        self.simplify = opencc.OpenCC("t2s").convert

    def __missing__(self, point: int) -> str:
        folded = self[point] = self._fold(chr(point))
        if len(folded) != 1:
            self.odd.add(chr(point))
        return folded

    def _fold(self, character: str) -> str:
        point = ord(character)
        if any(low <= point <= high for low, high in IGNORABLE):
            return ""
        if unicodedata.category(character) == "Cs":
            return " "
        direct = self.letters.get(character)
        if HANGUL[0] <= point <= HANGUL[1]:
            return character
        parts = direct or unicodedata.normalize("NFKD", character)
        return "".join(self._part(part) for part in parts)

    def _part(self, part: str) -> str:
        kind = unicodedata.category(part)
        if kind in ("Mn", "Me"):
            return ""
        if kind[0] not in "LN":
            return " "
        part = self.letters.get(part, part)
        if ord(part) >= 0x2E80:
            part = self.simplify(part)
        return "".join(c for c in part.casefold() if unicodedata.category(c)[0] in "LN")


@cache
def folding() -> Folding:
    """Return the folding table of this process."""
    return Folding()


def fold(raw: str) -> str:
    """Return the folded text; one space for each character that separates."""
    return raw.translate(folding())


def join(raw: str) -> str:
    """Return the folded text without separators: the form in which names are compared."""
    return fold(raw).replace(" ", "")


class Text:
    """One text in its raw, folded and joined forms, with offsets between them."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.folded = fold(raw)

    @cached_property
    def joined(self) -> str:
        """The folded text without separators."""
        return self.folded.replace(" ", "")

    @cached_property
    def _raw_of(self) -> Sequence[int]:
        table = folding()
        if table.odd.isdisjoint(self.raw):
            return range(len(self.raw))
        return [at for at, c in enumerate(self.raw) for _ in table[ord(c)]]

    @cached_property
    def _folded_of(self) -> Sequence[int]:
        if " " not in self.folded:
            return range(len(self.folded))
        return [at for at, c in enumerate(self.folded) if c != " "]

    def gap(self, start: int, end: int) -> bool:
        """Return whether the joined characters [start, end) have separators between them."""
        return self._folded_of[end - 1] - self._folded_of[start] != end - 1 - start

    def gap_text(self, start: int, end: int) -> str:
        """Return the folded text of joined characters [start, end), separators included."""
        return self.folded[self._folded_of[start] : self._folded_of[end - 1] + 1]

    def folded_at(self, joined: int) -> int:
        """Return the folded index of a joined index (its end when past the last)."""
        places = self._folded_of
        return places[joined] if joined < len(places) else len(self.folded)

    def joined_at(self, folded: int) -> int:
        """Return the joined index of the first kept character at or after a folded index."""
        return bisect_left(self._folded_of, folded)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return [start, end) in raw code points of joined characters [start, end)."""
        first = self._raw_of[self._folded_of[start]]
        return first, self._raw_of[self._folded_of[end - 1]] + 1

    def runs(self) -> list[tuple[int, int]]:
        """Return the stretches of joined characters that no separator breaks."""
        found, start, count = [], 0, 0
        for piece in self.folded.split(" "):
            if piece:
                start, count = count, count + len(piece)
                found.append((start, count))
        return found
