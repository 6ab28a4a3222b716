"""The Latin views: words, joined neighbours, look-alike fold, phonetic skeleton."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from matcher.normal import Text
from matcher.tables import rows, table

WORD = re.compile("[a-z0-9]+")
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
    return [Unit(*unit) for unit in spans(text, most, limit)]


def spans(text: Text, most: int, limit: int) -> list[tuple[str, int, int, int]]:
    """Return the units of a text as plain tuples (text, start, end, words)."""
    folded, taken = text.folded[:limit], 0
    words: list[tuple[str, int, int]] = []
    seen = at = 0
    for match in WORD.finditer(folded):
        start, end = match.span()
        at += start - seen - folded.count(" ", seen, start)
        words.append((match.group(), at, at + end - start))
        at, seen = at + end - start, end
    found: list[tuple[str, int, int, int]] = []
    total = len(words)
    for index, (word, first, edge) in enumerate(words):
        if taken > limit:
            break
        found.append((word, first, edge, 1))
        joined, last, count, single = word, edge, 1, len(word) == 1
        while index + count < total:
            following, begin, end = words[index + count]
            count += 1
            if begin != last:
                break
            if count > most and not (single and len(following) == 1 and len(joined) == count - 1):
                break
            joined, last = joined + following, end
            if len(joined) > LONGEST:
                break
            found.append((joined, first, last, count))
            taken += 1
    return found


@lru_cache(maxsize=65536)
def look_fold(word: str) -> str:
    """Return a word with look-alike letters and doubled letters folded."""
    for sequence, single in _sequences():
        if sequence in word:
            word = word.replace(sequence, single)
    return _once(word.translate(_letters()))


def _once(word: str) -> str:
    """Return a word with each letter that is repeated in a row taken once."""
    last, kept = "", []
    for letter in word:
        if letter != last:
            kept.append(letter)
            last = letter
    return word if len(kept) == len(word) else "".join(kept)


@cache
def _sequences() -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in table("latin.toml")["sequences"])


@cache
def _letters() -> dict[int, str]:
    return {ord(one): other for one, other in table("latin.toml")["characters"].items()}


@lru_cache(maxsize=65536)
def skeleton(word: str) -> str:
    """Return the phonetic skeleton: consonant classes, vowels only at the head."""
    sequences, vowels, letters = _sounds()
    for sequence, single in sequences:
        if sequence in word:
            word = word.replace(sequence, single)
    head = word[:1] if word[:1] in vowels else ""
    return head + _once(word.translate(letters))


@cache
def _sounds() -> tuple[tuple[tuple[str, str], ...], str, dict[int, str]]:
    """Return the sequences, the vowels, and what becomes of each letter (vowels go)."""
    data = table("latin.toml")["sounds"]
    letters = {ord(one): str(other) for one, other in data["letters"].items()}
    letters |= {ord(vowel): "" for vowel in data["vowels"]}
    return tuple((one, other) for one, other in data["sequences"]), str(data["vowels"]), letters


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
