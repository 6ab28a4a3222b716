"""How a sign is used: nominative use, counterfeit vocabulary, second-hand, official names.

Word lists live in ``data/context.toml``. NOT done: grammar beyond reach and order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

import ahocorasick_rs

from matcher.normal import Text, fold, join
from matcher.sound import is_han
from matcher.tables import table

BLANKS = re.compile(" +")
CLIP = 20000


def tidy(raw: str) -> str:
    """Return folded text with single blanks."""
    return BLANKS.sub(" ", fold(raw[:CLIP])).strip()


@cache
def pattern(group: str, key: str) -> re.Pattern[str]:
    """Return one pattern for all phrases of a list; Latin ones as whole words."""
    phrases = sorted({tidy(p) for p in table("context.toml")[group][key]} - {""}, key=len)
    han = [re.escape(p) for p in reversed(phrases) if any(map(is_han, p))]
    latin = [re.escape(p) for p in reversed(phrases) if not any(map(is_han, p))]
    whole = [rf"(?<![a-z0-9])(?:{'|'.join(latin)})(?![a-z0-9])"] if latin else []
    return re.compile("|".join([*han, *whole]) or r"(?!)")


PHRASES = (
    ("accessory", "zh"), ("accessory", "en"), ("counterfeit", "strong"), ("counterfeit", "weak"),
    ("second_hand", "words"), ("disclaimer", "words"), ("official", "shop"),
)  # fmt: skip


@cache
def _machine() -> tuple[ahocorasick_rs.AhoCorasick, list[frozenset[tuple[str, str]]]]:
    """Return all phrases of the lists as one automaton, and of each the lists it is in."""
    lists: dict[str, set[tuple[str, str]]] = {}
    for group, key in PHRASES:
        for phrase in table("context.toml")[group][key]:
            if tidied := tidy(phrase):
                lists.setdefault(tidied, set()).add((group, key))
    return ahocorasick_rs.AhoCorasick(list(lists)), [frozenset(of) for of in lists.values()]


@lru_cache(maxsize=16384)
def _mentioned(text: str) -> frozenset[tuple[str, str]]:
    """Return the lists of which a phrase may stand in a tidy text."""
    machine, lists = _machine()
    hits = {hit for hit, _, _ in machine.find_matches_as_indexes(text, overlapping=True)}
    return frozenset(one for hit in hits for one in lists[hit])


def first_of(group: str, key: str, text: str) -> str | None:
    """Return the first phrase of a list in a tidy text."""
    if (group, key) not in _mentioned(text):
        return None
    found = pattern(group, key).search(text)
    return found.group() if found else None


def counterfeit(texts: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the first strong and the first weak word of counterfeits that is not negated."""
    strong = weak = None
    reach = int(table("context.toml")["counterfeit"]["reach"])
    for text in texts:
        for key in ("strong", "weak"):
            if ("counterfeit", key) not in _mentioned(text):
                continue
            for found in pattern("counterfeit", key).finditer(text):
                if _negated(text[: found.start()], reach):
                    continue
                if key == "strong":
                    strong = strong or found.group()
                else:
                    weak = weak or found.group()
                break
    return strong, weak


def _negated(before: str, reach: int) -> bool:
    words = before.split()[-3:]
    tail = before.replace(" ", "")[-reach:]
    for negation in table("context.toml")["counterfeit"]["negations"]:
        if is_han(negation[0]):
            if negation in tail:
                return True
        elif set(negation.split()) <= set(words):
            return True
    return False


def compatible_use(text: Text, start: int, end: int) -> str | None:
    """Return the words that say the goods only fit the sign at joined [start, end)."""
    low, high = text.folded_at(start), text.folded_at(end - 1) + 1
    before, after = text.folded[max(0, low - 200) : low], text.folded[high : high + 100]
    accessory = has_accessory(text)
    return (
        _han_before(before, accessory=accessory)
        or _latin_before(before, accessory=accessory)
        or _han_after(after, accessory=accessory)
        or _latin_after(after, accessory=accessory)
    )


def has_accessory(text: Text) -> str | None:
    """Return the first accessory noun of a text."""
    return _accessory(text.folded[:2000])


@lru_cache(maxsize=4096)
def _accessory(folded: str) -> str | None:
    clipped = BLANKS.sub(" ", folded)
    return first_of("accessory", "zh", clipped) or first_of("accessory", "en", clipped)


def _han_before(before: str, *, accessory: str | None) -> str | None:
    if not before or before.isascii():
        return None
    data = table("context.toml")["compatible"]
    joined = before.replace(" ", "")
    best: tuple[int, str] | None = None
    for trigger in data["zh_before"]:
        at = joined.rfind(trigger)
        if at >= 0 and (best is None or at + len(trigger) > best[0]):
            best = (at + len(trigger), trigger)
    if best is None:
        return None
    between = joined[best[0] :]
    if not between:
        return best[1]
    stopped = any(stop in between for stop in data["stops"])
    return best[1] if accessory and not stopped and len(between) <= data["reach_han"] else None


@cache
def _triggers() -> tuple[dict[tuple[str, ...], int], frozenset[str], frozenset[str]]:
    """Return the Latin words before a mark with their rank, their last words, and the stops."""
    data = table("context.toml")["compatible"]
    listed = [tuple(trigger.split()) for trigger in data["en_before"]]
    ranked = {words: rank for rank, words in enumerate(listed)}
    return ranked, frozenset(words[-1] for words in listed), frozenset(data["stops"])


def _latin_before(before: str, *, accessory: str | None) -> str | None:
    ranked, lasts, stops = _triggers()
    words = before.split()
    best: tuple[int, int, str] | None = None
    reach = int(table("context.toml")["compatible"]["reach_words"])
    for back in range(min(reach, len(words) - 1) + 1 if accessory else min(1, len(words))):
        stop = len(words) - back
        if words[stop - 1] in lasts:
            for size in range(1, min(3, stop) + 1):
                rank = ranked.get(tuple(words[stop - size : stop]))
                if rank is not None:
                    told = (-size, rank, " ".join(words[stop - size : stop]))
                    best = told if best is None else min(best, told)
        if words[stop - 1] in stops:
            break
    return best[2] if best else None


def _han_after(after: str, *, accessory: str | None) -> str | None:
    if not after or after.isascii():
        return None
    data = table("context.toml")["compatible"]
    joined = after.replace(" ", "")
    for trigger in data["zh_after"]:
        at = joined.find(trigger)
        if 0 <= at <= 2 or (accessory and 0 <= at <= data["reach_han"]):
            return str(trigger)
    return None


def _latin_after(after: str, *, accessory: str | None) -> str | None:
    data = table("context.toml")["compatible"]
    words = after.split()[:3]
    found = [trigger for trigger in data["en_after"] if trigger in words]
    return found[0] if found and accessory else None


def attribute_role(key: str) -> str:
    """Return what an attribute says: ``claims`` a brand, ``compatible`` goods, ``origin``, ""."""
    name = tidy(key)
    keys = table("context.toml")["brand_keys"]
    for role in ("claims", "compatible", "origin"):
        if name in {tidy(k) for k in keys[role]}:
            return role
    return ""


@cache
def no_brand() -> frozenset[str]:
    """Return what a brand field says when there is no brand."""
    return frozenset(join(value) for value in table("context.toml")["no_brand"]["values"])


def same_name(one: str, other: str) -> bool:
    """Return whether two names of shops or firms are equal once normalised."""
    return bool(one) and bool(other) and join(one) == join(other)
