"""The look-alike view of Chinese characters, from a table of groups made by hand.

NOT done: weights from rendered glyphs; components other than those of ``composed.txt``.
"""

from __future__ import annotations

from functools import cache

from matcher.tables import rows


@cache
def _tables() -> tuple[dict[int, str], frozenset[str]]:
    heads: dict[int, str] = {}
    pairs: set[str] = set()
    for group in rows("lookalike.tsv"):
        for character in group:
            heads.setdefault(ord(character), heads.get(ord(group[0]), group[0]))
            pairs.update(character + other for other in group if other != character)
    return heads, frozenset(pairs)


@cache
def composed() -> dict[str, str]:
    """Return under two characters the one that is made of them side by side or stacked (拆字)."""
    return {entry[1:]: entry[0] for row in rows("composed.txt") for entry in row.split()}


def look(text: str) -> str:
    """Return the text with each character replaced by the head of its look-alike group."""
    return text.translate(_tables()[0])


def has_alike(character: str) -> bool:
    """Return whether a character stands in a look-alike group."""
    return ord(character) in _tables()[0]


def alike(one: str, other: str) -> bool:
    """Return whether two characters stand in one look-alike group."""
    return one + other in _tables()[1]
