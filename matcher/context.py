"""How a sign is used: nominative use, counterfeit vocabulary, second-hand, official names.

Word lists live in ``data/context.toml``. NOT done: grammar beyond reach and order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

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


def first_of(group: str, key: str, text: str) -> str | None:
    """Return the first phrase of a list in a tidy text."""
    found = pattern(group, key).search(text)
    return found.group() if found else None


def counterfeit(texts: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the first strong and the first weak word of counterfeits that is not negated."""
    strong = weak = None
    reach = int(table("context.toml")["counterfeit"]["reach"])
    for text in texts:
        for key in ("strong", "weak"):
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
    clipped = BLANKS.sub(" ", text.folded[:2000])
    return first_of("accessory", "zh", clipped) or first_of("accessory", "en", clipped)


def _han_before(before: str, *, accessory: str | None) -> str | None:
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


def _latin_before(before: str, *, accessory: str | None) -> str | None:
    data = table("context.toml")["compatible"]
    words = before.split()
    for size in (3, 2, 1):
        for trigger in data["en_before"]:
            parts = trigger.split()
            if len(parts) != size:
                continue
            for back in range(int(data["reach_words"]) + 1):
                stop = len(words) - back
                if stop - size < 0 or words[stop - size : stop] != parts:
                    continue
                between = words[stop:]
                if any(word in data["stops"] for word in between):
                    continue
                if not between or accessory:
                    return str(trigger)
    return None


def _han_after(after: str, *, accessory: str | None) -> str | None:
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
