"""What others do: each peer takes marks and gives a function from a title to flagged marks."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import ahocorasick_rs
from rapidfuzz import fuzz, process

from matcher import Mark
from matcher.normal import fold, join

Peer = Callable[[str], set[str]]


def automaton(marks: Sequence[Mark]) -> Peer:
    """The exact name, normalised, anywhere in the text."""
    machine = ahocorasick_rs.AhoCorasick([join(mark.name) for mark in marks])

    def find(text: str) -> set[str]:
        hits = machine.find_matches_as_indexes(join(text), overlapping=True)
        return {marks[at].mark_id for at, _, _ in hits}

    return find


def partial_ratio(marks: Sequence[Mark]) -> Peer:
    """RapidFuzz ``partial_ratio`` of at least 75."""
    names = [fold(mark.name) for mark in marks]

    def find(text: str) -> set[str]:
        hits = process.extract(
            fold(text), names, scorer=fuzz.partial_ratio, score_cutoff=75, limit=None
        )
        return {marks[at].mark_id for _, _, at in hits}

    return find


def symmetric_delete(marks: Sequence[Mark]) -> Peer:
    """One edit, by deletions of windows and names (as SymSpell does)."""
    table: dict[str, set[int]] = defaultdict(set)
    sizes: set[int] = set()
    for at, mark in enumerate(marks):
        name = join(mark.name)
        sizes |= {len(name) - 1, len(name), len(name) + 1} if len(name) > 2 else {len(name)}
        for key in _less(name):
            table[key].add(at)

    def find(text: str) -> set[str]:
        joined, found = join(text), set()
        for size in sizes:
            for start in range(len(joined) - size + 1):
                for key in _less(joined[start : start + size]):
                    found |= table.get(key, set())
        return {marks[at].mark_id for at in found}

    return find


def _less(name: str) -> set[str]:
    if len(name) <= 2:
        return {name}
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))}


def tfidf(marks: Sequence[Mark]) -> Peer:
    """Share of a name's character pairs, weighted by rarity, that the text has: at least 0.45."""
    pairs = [_pairs(join(mark.name)) for mark in marks]
    count = Counter(pair for found in pairs for pair in found)
    weight = {pair: math.log(1 + len(marks) / n) for pair, n in count.items()}
    table: dict[str, list[int]] = defaultdict(list)
    for at, found in enumerate(pairs):
        for pair in found:
            table[pair].append(at)
    whole = [sum(weight[pair] for pair in found) for found in pairs]

    def find(text: str) -> set[str]:
        got: Counter[int] = Counter()
        for pair in _pairs(join(text)):
            for at in table.get(pair, ()):
                got[at] += weight[pair]  # type: ignore[assignment]
        return {marks[at].mark_id for at, sum_ in got.items() if sum_ >= 0.45 * whole[at]}

    return find


def _pairs(name: str) -> set[str]:
    return {name[at : at + 2] for at in range(max(1, len(name) - 1))}


PEERS: dict[str, Callable[[Sequence[Mark]], Peer]] = {
    "exact automaton": automaton,
    "RapidFuzz partial_ratio >= 75": partial_ratio,
    "symmetric delete": symmetric_delete,
    "n-gram TF-IDF": tfidf,
}
