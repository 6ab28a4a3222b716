"""The brand slot: where a title, a brand field or a shop's name would name a brand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from matcher.normal import Text, join
from matcher.sound import HAN
from matcher.tables import rules, table

SCRIPT = re.compile("(?<=[a-z0-9])(?=[㐀-鿿])|(?<=[㐀-鿿])(?=[a-z0-9])")
AFTER_WORDS = ("by", "brand")
DEEPEST = 6
NOWHERE: frozenset[int] = frozenset()
HEAD = 40
BRACKET = re.compile("[【】\\[\\]「」『』《》（）()]")


@dataclass(frozen=True)
class Slots:
    """Joined indices at which a brand may start, and at which one may end.

    ``heads`` are the starts at the very head of the text and of its brackets; ``whole``
    says that the text is nothing but a name (a brand field).
    """

    starts: frozenset[int]
    ends: frozenset[int]
    heads: frozenset[int] = frozenset()
    whole: bool = False

    def holds(self, start: int, end: int) -> bool:
        """Return whether [start, end) stands in a slot."""
        return start in self.starts or end in self.ends


@cache
def _lead() -> re.Pattern[str]:
    words = sorted((join(word) for word in table("context.toml")["slot"]["lead"]), key=len)
    return re.compile("|".join(re.escape(word) for word in reversed(words) if word) or "(?!)")


@cache
def _lead_letters() -> frozenset[str]:
    return frozenset(join(word)[:1] for word in table("context.toml")["slot"]["lead"])


@cache
def _after() -> re.Pattern[str]:
    words = sorted((join(w) for w in table("context.toml")["slot"]["after"]), key=len)
    return re.compile("|".join(map(re.escape, reversed(words))))


def _past_lead(text: str, at: int) -> int:
    if text[at : at + 1] not in _lead_letters():
        return at
    found = _lead().match(text, at)
    return found.end() if found else at


def find_slots(text: Text, *, whole: bool = False) -> Slots:
    """Return the brand slots of a title, a shop's name or a brand field."""
    joined = text.joined[: rules().limit("fuzzy_characters")]
    firsts, ends = [0], NOWHERE
    if not joined.isascii() and HAN.search(joined):
        firsts = [start for start, _ in text.runs()]
        firsts += [match.start() for match in SCRIPT.finditer(joined)]
        ends = frozenset(match.start() for match in _after().finditer(joined))
    elif any(f" {word} " in f" {text.folded}" for word in AFTER_WORDS):
        pairs = pairwise(text.runs())
        firsts += [start for (a, b), (start, _) in pairs if joined[a:b] in AFTER_WORDS]
    starts: set[int] = set()
    for first in sorted(set(firsts))[: rules().limit("slots")]:
        starts |= _starts(joined, first)
    heads = set(_starts(joined, 0))
    for at in _brackets(text):
        heads |= _starts(joined, text.joined_at(at + 1))
    return Slots(frozenset(starts), ends, frozenset(heads), whole)


def _starts(joined: str, first: int) -> set[int]:
    """Return a start and those behind the words that stand before a brand."""
    found = {first}
    for _ in range(DEEPEST):
        following = _past_lead(joined, first)
        if following == first:
            break
        found.add(following)
        first = following
    return found


def _brackets(text: Text) -> list[int]:
    """Return the folded places of brackets near the head of a text."""
    if len(text.folded) != len(text.raw):
        return []
    return [match.start() for match in BRACKET.finditer(text.raw, 0, HEAD)]
