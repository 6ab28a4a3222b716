"""The Latin views: words, joined neighbours, look-alike fold, phonetic skeleton."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from matcher.normal import Text
from matcher.tables import rows, table

WORD = re.compile("[a-z0-9]+")
REPEAT = re.compile(r"(.)\1+")
LONGEST = 40


@dataclass(frozen=True)
class Unit:
    """One Latin word, or neighbours joined, at joined characters [start, end)."""

    text: str
    start: int
    end: int
    words: int


def units(text: Text, most: int, limit: int) -> list[Unit]:
    """Return the Latin words of a text and up to ``most`` neighbours joined.

    Single letters in a row (T-o-n-d) are joined whole, however many.
    """
    folded, taken = text.folded[:limit], 0
    words: list[tuple[str, int, int, int]] = []
    seen = at = 0
    for match in WORD.finditer(folded):
        start, end = match.span()
        at += start - seen - folded.count(" ", seen, start)
        words.append((match.group(), at, at + end - start, start))
        at, seen = at + end - start, end
    found: list[Unit] = []
    for index, (word, first, _, _) in enumerate(words):
        if taken > limit:
            break
        joined, last = word, first + len(word)
        found.append(Unit(joined, first, last, 1))
        for count, (following, begin, end, _) in enumerate(words[index + 1 :], 2):
            letters = len(word) == 1 and joined == folded_letters(joined, count - 1)
            if begin != last or (count > most and not (letters and len(following) == 1)):
                break
            joined, last = joined + following, end
            if len(joined) > LONGEST:
                break
            found.append(Unit(joined, first, last, count))
            taken += 1
    return found


def folded_letters(joined: str, words: int) -> str:
    """Return ``joined`` when its words were single letters so far, "" otherwise."""
    return joined if len(joined) == words else ""


@lru_cache(maxsize=65536)
def look_fold(word: str) -> str:
    """Return a word with look-alike letters and doubled letters folded."""
    data = table("latin.toml")
    for sequence, single in data["sequences"]:
        word = word.replace(sequence, single)
    word = word.translate(_letters())
    return REPEAT.sub(r"\1", word)


@cache
def _letters() -> dict[int, str]:
    return {ord(one): other for one, other in table("latin.toml")["characters"].items()}


@lru_cache(maxsize=65536)
def skeleton(word: str) -> str:
    """Return the phonetic skeleton: consonant classes, vowels only at the head."""
    data = table("latin.toml")["sounds"]
    for sequence, single in data["sequences"]:
        word = word.replace(sequence, single)
    head = word[:1] if word[:1] in data["vowels"] else ""
    letters = data["letters"]
    rest = "".join(letters.get(c, c) for c in word if c not in data["vowels"])
    return head + REPEAT.sub(r"\1", rest)


@cache
def ordinary() -> frozenset[str]:
    """Return the ordinary English words."""
    return frozenset(word for row in rows("words_en.txt") for word in row.split())


@cache
def background() -> frozenset[str]:
    """Return the frequent English words: never an imitation outside a brand field."""
    return ordinary() | frozenset(rows("background_en.txt"))


def deletions(word: str) -> set[str]:
    """Return a word and all of it with one letter left out (symmetric delete)."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
