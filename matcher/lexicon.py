"""Word boundaries of Chinese: the cheapest way to cut a stretch into known words.

Known words are those of our own tables, the phrases pypinyin carries and the frequent
words of ``background_zh.txt``. NOT done: grammar, names of people.
"""

from __future__ import annotations

from functools import cache, lru_cache

from pypinyin.phrases_dict import phrases_dict

from matcher.normal import join
from matcher.sound import is_han
from matcher.tables import rows, table

LONGEST = 5
UNKNOWN = 1.3
SLACK = 0.01
PARTICLES = frozenset("的了和与及或在是有不女男大小新款装长短红白黑蓝绿个只件条双瓶包袋盒")


@cache
def words() -> frozenset[str]:
    """Return all known words of two to five characters."""
    found = {word for row in rows("words_zh.txt") for word in row.split()}
    found.update(join(word) for words in table("goods.toml")["words"].values() for word in words)
    context = table("context.toml")
    for group in ("accessory", "official", "slot", "second_hand", "compatible"):
        for value in context[group].values():
            if isinstance(value, list):
                found.update(join(word) for word in value)
    found.update(phrases_dict)
    found.update(rows("background_zh.txt")[1:])
    return frozenset(w for w in found if 1 < len(w) <= LONGEST and all(map(is_han, w)))


@cache
def common_characters() -> frozenset[str]:
    """Return the characters so frequent in names that sharing one says little."""
    return frozenset(rows("background_zh.txt")[0])


@lru_cache(maxsize=65536)
def cost(stretch: str) -> float:
    """Return the least cost of cutting a stretch: 1 for a word, more for an unknown one."""
    known, best = words(), [0.0] * (len(stretch) + 1)
    for end in range(1, len(stretch) + 1):
        last = stretch[end - 1]
        step = best[end - 1] + (1.0 if last in PARTICLES else UNKNOWN)
        for size in range(2, min(LONGEST, end) + 1):
            if stretch[end - size : end] in known:
                step = min(step, best[end - size] + 1.0)
        best[end] = round(step, 3)
    return best[-1]


def named(before: str, name: str, after: str) -> float:
    """Return how much cheaper the text reads when ``name`` is one name (negative: dearer)."""
    return round(cost(before + name + after) - cost(before) - 1.0 - cost(after), 3)


def crosses(before: str, name: str, after: str) -> bool:
    """Return whether a known word reaches over an edge of the name."""
    text, start, end = before + name + after, len(before), len(before) + len(name)
    known = words()
    for edge in (start, end):
        for first in range(max(0, edge - LONGEST + 1), edge):
            for last in range(edge + 1, min(len(text), first + LONGEST) + 1):
                if first <= start and last >= end:
                    continue
                if text[first:last] in known:
                    return True
    return False


def ragged(before: str, after: str) -> bool:
    """Return whether taking a name out leaves stray characters on both of its sides."""
    if not before or not after:
        return False
    left = cost(before) - cost(before[:-1])
    return min(left, cost(after) - cost(after[1:])) >= UNKNOWN - SLACK


def stray(after: str) -> bool:
    """Return whether a text begins with a character that belongs to no known word."""
    return bool(after) and cost(after) - cost(after[1:]) >= UNKNOWN - SLACK
