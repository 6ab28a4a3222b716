"""The sound view: toneless Mandarin syllables with merged initials and finals.

Every merged syllable becomes one private character, so that sounds can be searched
like letters. Listing characters are taken in their most common reading; marks in
all of theirs. NOT done: tone sandhi, heteronyms of listing text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import islice, product

from pypinyin import Style, pinyin
from pypinyin.pinyin_dict import pinyin_dict

from matcher.tables import table

HAN = re.compile("[㐀-䶿一-鿿豈-﫿𠀀-𱍏]")
FIRST_PRIVATE = 0xE000
TONES = "\u0300\u0301\u0304\u030c"
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


@cache
def spoken() -> dict[int, tuple[str, ...]]:
    """Return the toneless readings of every character that has one, the most common first."""
    dropped = dict.fromkeys(map(ord, TONES))
    kept: dict[str, tuple[str, ...]] = {}
    for toned in set(pinyin_dict.values()):
        bare = unicodedata.normalize("NFD", toned).translate(dropped)
        bare = unicodedata.normalize("NFC", bare).replace("ü", "v")
        kept[toned] = tuple(dict.fromkeys(bare.split(",")))
    return {point: kept[toned] for point, toned in pinyin_dict.items()}


class Sounds(dict[int, str]):
    """Code point to the private character of its merged syllable.

    Syllables are numbered in their order, so that they are the same in every process.
    """

    def __init__(self) -> None:
        super().__init__()
        listed = {syllable for ways in spoken().values() for syllable in ways}
        merged = sorted(map(merge, listed))
        self.names = {name: chr(FIRST_PRIVATE + n) for n, name in enumerate(dict.fromkeys(merged))}
        usual = map(plain, map(chr, range(0x4E00, 0x9FA6)))
        self.syllables = frozenset(name for name in usual if name)

    def __missing__(self, point: int) -> str:
        syllable = plain(chr(point))
        sound = self[point] = self.name(syllable) if syllable else chr(point)
        return sound

    def name(self, syllable: str) -> str:
        """Return the private character of a syllable; what is none stays."""
        return self.names.get(merge(syllable), syllable)


def plain(character: str) -> str:
    """Return the most common toneless reading of a character, "" when it has none."""
    return spoken().get(ord(character), ("",))[0]


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
    usual = [plain(c) or c for c in name]
    told = [part[0] for part in pinyin(name, style=Style.NORMAL)]
    found = [usual, told, *(list(way) for way in islice(product(*choices), most))]
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
