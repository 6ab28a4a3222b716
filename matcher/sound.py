"""The sound view: toneless Mandarin syllables with merged initials and finals.

Every merged syllable becomes one private character, so that sounds can be searched
like letters. Listing characters are taken in their most common reading; marks in
all of theirs. NOT done: tone sandhi, heteronyms of listing text.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice, product

from pypinyin import Style, pinyin
from pypinyin.pinyin_dict import pinyin_dict

from matcher.tables import table

HAN = re.compile("[㐀-䶿一-鿿豈-﫿𠀀-𱍏]")
FIRST_PRIVATE = 0xE000
MIXED = re.compile(r"(?<=[㐀-鿿])[a-z]{1,18}|[a-z]{1,18}(?=[㐀-鿿])")


def is_han(character: str) -> bool:
    """Return whether a character is a Chinese character."""
    return HAN.match(character) is not None


def merge(syllable: str) -> str:
    """Return the class of a toneless syllable: what is heard alike is written alike."""
    data = table("sound.toml")
    if syllable in data["whole"]:
        return str(data["whole"][syllable])
    for wide, narrow in sorted(data["finals"].items(), key=lambda pair: -len(pair[0])):
        if syllable.endswith(wide):
            syllable = syllable[: -len(wide)] + narrow
            break
    for wide, narrow in data["initials"].items():
        if syllable.startswith(wide):
            return str(narrow) + syllable[len(wide) :]
    return syllable


class Sounds(dict[int, str]):
    """Code point to the private character of its merged syllable."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.syllables = frozenset(
            name for name in (plain(chr(point)) for point in range(0x4E00, 0x9FA6)) if name
        )

    def __missing__(self, point: int) -> str:
        character = chr(point)
        syllable = plain(character)
        sound = self.name(syllable) if syllable else character
        self[point] = sound
        return sound

    def name(self, syllable: str) -> str:
        """Return the private character of a syllable."""
        merged = merge(syllable)
        if merged not in self.names:
            self.names[merged] = chr(FIRST_PRIVATE + len(self.names))
        return self.names[merged]


@cache
def plain(character: str) -> str:
    """Return the most common toneless reading of a character, "" when it has none."""
    if ord(character) not in pinyin_dict:
        return ""
    return str(pinyin(character, style=Style.NORMAL, v_to_u=False)[0][0])


@cache
def sounds() -> Sounds:
    """Return the sound table of this process."""
    return Sounds()


def hear(text: str) -> str:
    """Return the sound of a text, character by character; others than Chinese stay."""
    return text.translate(sounds())


def readings(name: str, most: int) -> list[list[str]]:
    """Return up to ``most`` readings of a Chinese name as lists of toneless syllables."""
    choices = [
        sorted(set(options), key=lambda o, c=name[at]: (o != plain(c), o))  # type: ignore[misc]
        for at, options in enumerate(pinyin(name, style=Style.NORMAL, heteronym=True))
    ]
    if len(choices) != len(name):
        return []
    usual = [plain(c) for c in name]
    spoken = [part[0] for part in pinyin(name, style=Style.NORMAL)]
    found = [usual, spoken, *(list(way) for way in islice(product(*choices), most))]
    return [list(way) for way in dict.fromkeys(tuple(way) for way in found)][:most]


@cache
def syllables_of(letters: str) -> tuple[str, ...]:
    """Return pinyin letters cut into syllables, longest first; () when they are none."""
    known = sounds().syllables
    if not letters:
        return ()
    for size in range(min(6, len(letters)), 0, -1):
        head, rest = letters[:size], letters[size:]
        if head in known and (size > 1 or not rest):
            tail = syllables_of(rest)
            if not rest or tail:
                return (head, *tail)
    return ()
