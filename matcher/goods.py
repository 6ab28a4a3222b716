"""Goods: from the words of a category or a title to Nice classes, and their relation.

The table is ours and coarse; what it does not know is unknown, never guessed.
NOT done: similar groups (类似群) within a class.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

import ahocorasick_rs

from matcher.normal import fold
from matcher.sound import is_han
from matcher.tables import table

LEVEL = re.compile(r"[>＞/›»|]+")
NUMBER = re.compile(r"\d+")
CLIP = 4096


class Relation(StrEnum):
    """How the goods of a listing stand to those of a mark."""

    SAME = "same"
    SIMILAR = "similar"
    OTHER = "other"
    UNKNOWN = "unknown"


@cache
def _words() -> tuple[ahocorasick_rs.AhoCorasick, list[tuple[str, int]]]:
    found: dict[str, set[int]] = {}
    for number, words in table("goods.toml")["words"].items():
        for word in words:
            found.setdefault(fold(word).strip(), set()).add(int(number))
    pairs = [(word, min(found[word])) for word in sorted(found)]
    automaton = ahocorasick_rs.AhoCorasick(
        [word for word, _ in pairs], matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
    )
    return automaton, pairs


@cache
def _similar() -> frozenset[tuple[int, int]]:
    pairs = table("goods.toml")["similar"]
    return frozenset((a, b) for one, other in pairs for a, b in ((one, other), (other, one)))


def classes_in(text: str) -> frozenset[int]:
    """Return the Nice classes the words of a folded text point to."""
    automaton, pairs = _words()
    found = set()
    for index, start, end in automaton.find_matches_as_indexes(text[:CLIP]):
        word, number = pairs[index]
        if not is_han(word[0]) and not _whole(text, start, end):
            continue
        found.add(number)
    return frozenset(found)


def _whole(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())


def stated(classes: str | None, category: str | None) -> frozenset[int]:
    """Return the classes a listing states, or those its category points to, leaf first."""
    if classes:
        numbers = {int(n) for n in NUMBER.findall(classes)[:45] if len(n) <= 2}
        if kept := frozenset(n for n in numbers if 1 <= n <= 45):
            return kept
    for level in reversed(LEVEL.split((category or "")[:CLIP])):
        if found := classes_in(fold(level)):
            return found
    return frozenset()


def relate(mark: tuple[int, ...], listing: frozenset[int]) -> Relation:
    """Return the relation of a mark's classes to a listing's; unknown when either is."""
    if not mark or not listing:
        return Relation.UNKNOWN
    if listing.intersection(mark):
        return Relation.SAME
    if any((one, other) in _similar() for one in mark for other in listing):
        return Relation.SIMILAR
    return Relation.OTHER
