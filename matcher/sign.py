"""The signs of a mark: what of it is read in a listing.

A mark in two scripts has its Chinese and its Latin part as further signs, so that
either is found alone. Marks with equal signs share one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matcher.mark import Mark
from matcher.normal import fold, join
from matcher.sound import is_han

LATIN = re.compile("[a-z0-9]+")


@dataclass(frozen=True)
class Sign:
    """One sign in joined form; ``han`` when it is only Chinese, ``latin`` when only Latin."""

    text: str
    han: bool
    latin: bool
    words: int = 1

    @property
    def distinctive_length(self) -> bool:
        """Return whether it is long enough to be told from chance."""
        return len(self.text) >= (3 if self.han else 6)


@dataclass(frozen=True)
class Holder:
    """A mark that has a sign, and whether the sign is only a part of it."""

    mark: Mark
    part: bool


def make(text: str, holders: Iterable[Holder]) -> Sign:
    """Return the sign of a joined text; ``words`` as most of its holders' names have."""
    words = max(1 if holder.part else len(fold(holder.mark.name).split()) for holder in holders)
    return Sign(text, all(map(is_han, text)), LATIN.fullmatch(text) is not None, words)


def parts(name: str) -> list[tuple[str, bool]]:
    """Return the joined texts of a name: the whole, and the parts of a mixed one."""
    whole = join(name)
    found = [(whole, False)]
    han = "".join(c for c in whole if is_han(c))
    latin = "".join(c for c in whole if not is_han(c))
    if han and latin:
        if len(han) >= 2:
            found.append((han, True))
        if len(latin) >= 4 and not latin.isdigit():
            found.append((latin, True))
    return found


def compile_holders(marks: Iterable[Mark]) -> dict[str, list[Holder]]:
    """Return under each text that is read in listings the marks that hold it."""
    holders: dict[str, list[Holder]] = {}
    for mark in marks:
        for text, part in parts(mark.name):
            holders.setdefault(text, []).append(Holder(mark, part))
    return holders


def in_order(holders: Iterable[Holder]) -> list[Holder]:
    """Return holders of one sign in the order of their marks' ids."""
    return sorted(holders, key=lambda holder: holder.mark.mark_id)


def compile_signs(marks: Iterable[Mark]) -> tuple[Sequence[Sign], Sequence[Sequence[Holder]]]:
    """Return all signs in order of their texts, and the marks that hold each."""
    holders = compile_holders(marks)
    texts = sorted(holders)
    return [make(text, holders[text]) for text in texts], [in_order(holders[t]) for t in texts]
