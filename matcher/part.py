"""A part of the index: signs that were indexed together, numbered one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.han_index import HanIndex, said
from matcher.latin_index import LatinIndex
from matcher.sign import Sign


@dataclass(frozen=True)
class Part:
    """Some signs and their indexes; ``first`` is the number of the first of them."""

    first: int
    signs: Sequence[Sign]
    han: HanIndex
    latin: LatinIndex

    @classmethod
    def of(cls, first: int, signs: Sequence[Sign]) -> Part:
        """Index some signs."""
        ways = said(signs)
        return cls(first, signs, HanIndex.of(signs, ways), LatinIndex.of(signs, ways))
