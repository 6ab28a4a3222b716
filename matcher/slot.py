"""The brand slot: where a title, a brand field or a shop's name would name a brand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from matcher.normal import Text, join
from matcher.sound import is_han
from matcher.tables import rules, table

SCRIPT = re.compile("(?<=[a-z0-9])(?=[㐀-鿿])|(?<=[㐀-鿿])(?=[a-z0-9])")
AFTER_WORDS = ("by", "brand")
DEEPEST = 6


@dataclass(frozen=True)
class Slots:
    """Joined indices at which a brand may start, and at which one may end."""

    starts: frozenset[int]
    ends: frozenset[int]

    def holds(self, start: int, end: int) -> bool:
        """Return whether [start, end) stands in a slot."""
        return start in self.starts or end in self.ends


@cache
def _lead() -> tuple[str, ...]:
    words = (join(word) for word in table("context.toml")["slot"]["lead"])
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


@cache
def _after() -> re.Pattern[str]:
    words = sorted((join(w) for w in table("context.toml")["slot"]["after"]), key=len)
    return re.compile("|".join(map(re.escape, reversed(words))))


def _past_lead(text: str, at: int) -> int:
    for word in _lead():
        if text.startswith(word, at):
            return at + len(word)
    return at


def find_slots(text: Text) -> Slots:
    """Return the brand slots of a title, a shop's name or a brand field."""
    joined = text.joined[: rules().limit("fuzzy_characters")]
    runs = text.runs()
    if any(map(is_han, joined)):
        firsts = [start for start, _ in runs]
        firsts += [match.start() for match in SCRIPT.finditer(joined)]
        ends = frozenset(match.start() for match in _after().finditer(joined))
    else:
        pairs = pairwise(runs)
        firsts = [0, *(start for (a, b), (start, _) in pairs if joined[a:b] in AFTER_WORDS)]
        ends = frozenset()
    starts: set[int] = set()
    for first in sorted(set(firsts))[: rules().limit("slots")]:
        at = first
        for _ in range(DEEPEST):
            starts.add(at)
            following = _past_lead(joined, at)
            if following == at:
                break
            at = following
    return Slots(frozenset(starts), ends)
