"""A batch of texts in normal form, side by side in arrays (UAX 15, UTS 39 as ``normal``).

The joined characters of all texts stand one behind the other, each text followed by a
zero. Sounds and look-alike heads stand in arrays of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property

import numpy as np

from matcher.hashing import Codes, Flags, Ints, Sums, codes_of, spread
from matcher.look import has_alike, look
from matcher.normal import folding
from matcher.sound import hear, is_han

POINTS = 0x110000
UNKNOWN = 0xFFFFFFFF
MANY = 0xFFFFFFFE
NONE = 0xFFFFFFFD
BLANK = ord(" ")
BREAK = "\n"
HAN, LETTER, DIGIT = 1, 2, 3


class Mapping:
    """A table from code point to code point, filled as characters are met."""

    def __init__(self, work: Callable[[str], str], zero: int = 0) -> None:
        self.work = work
        self.codes = np.full(POINTS, UNKNOWN, np.uint32)
        self.codes[0] = zero

    def __call__(self, codes: Codes) -> Codes:
        """Return what becomes of each code; MANY or NONE where it is not one character."""
        found = self.codes[codes]
        fresh = np.unique(codes[found == UNKNOWN])
        for code in fresh.tolist():
            text = self.work(chr(code))
            self.codes[code] = ord(text) if len(text) == 1 else MANY if text else NONE
        return self.codes[codes] if len(fresh) else found


@cache
def _folded() -> Mapping:
    table = folding()
    return Mapping(lambda character: table[ord(character)], BLANK)


@cache
def _heard() -> Mapping:
    return Mapping(hear)


@cache
def _looked() -> Mapping:
    return Mapping(look)


@cache
def _kinds() -> Mapping:
    """Return a table of 1 for Chinese characters, 2 for Latin letters, 3 for digits, else 4."""

    def kind(character: str) -> str:
        if is_han(character):
            return "\1"
        if "a" <= character <= "z":
            return "\2"
        return "\3" if "0" <= character <= "9" else "\4"

    return Mapping(kind)


def heard(codes: Codes) -> Codes:
    """Return the sounds of joined characters."""
    return _heard()(codes)


def looked(codes: Codes) -> Codes:
    """Return the heads of the look-alike groups of joined characters."""
    return _looked()(codes)


@cache
def _grouped() -> Mapping:
    return Mapping(lambda character: "\1" if has_alike(character) else "\2")


def grouped(codes: Codes) -> Flags:
    """Return which characters have look-alikes."""
    found: Flags = _grouped()(codes) == 1
    return found


class Batch:
    """Texts side by side; positions count joined characters of all of them.

    ``near`` is how many folded characters of each text are searched for similar signs.
    """

    def __init__(self, texts: Sequence[str], *, near: int, whole: Sequence[bool] = ()) -> None:
        folded = _fold(texts)
        stops = np.flatnonzero(folded == 0)
        self.texts, self.near = texts, near
        kept = folded != BLANK
        self.codes: Codes = folded[kept]
        at = np.flatnonzero(kept)
        self.gap: Flags = np.ones(len(at), np.bool_)
        self.gap[1:] = (np.diff(at) > 1) | (self.codes[:-1] == 0)
        self.stops: Ints = np.flatnonzero(self.codes == 0)
        self.firsts: Ints = np.concatenate((np.zeros(1, np.int64), self.stops[:-1] + 1))
        self.whole = np.zeros(len(texts), np.bool_)
        self.whole[: len(whole)] = whole
        longest = int(np.max(np.diff(stops, prepend=-1), initial=0))
        self.clip: Flags | None = None
        if longest > near:
            began = np.concatenate((np.zeros(1, np.int64), stops[:-1] + 1))
            self.clip = at - began[self.owners] < near

    def owner(self, positions: Ints) -> Ints:
        """Return the text in which each position lies."""
        return self.owners[positions]

    @cached_property
    def owners(self) -> Ints:
        """The text in which each position lies."""
        return np.repeat(np.arange(len(self.stops)), np.diff(self.stops, prepend=-1))

    @cached_property
    def kinds(self) -> Codes:
        """1 at Chinese characters, 2 at letters, 3 at digits, 4 at others, 0 between texts."""
        return _kinds()(self.codes)

    @cached_property
    def han(self) -> Flags:
        """Whether a Chinese character stands at each position."""
        found: Flags = self.kinds == HAN
        return found

    @cached_property
    def joined(self) -> Flags:
        """Whether a position and the one before it hold Chinese with nothing between."""
        found = np.zeros(len(self.han), np.bool_)
        found[1:] = self.han[1:] & self.han[:-1] & ~self.gap[1:]
        return found

    @cached_property
    def runs(self) -> Ints:
        """A number for each stretch of Chinese with nothing between."""
        return np.cumsum(~self.joined, dtype=np.int64)

    @cached_property
    def latin(self) -> Flags:
        """Whether a Latin letter or a digit stands at each position."""
        found: Flags = (self.kinds == LETTER) | (self.kinds == DIGIT)
        return found

    @cached_property
    def heard(self) -> Codes:
        """The sound at each position."""
        return heard(self.codes)

    @cached_property
    def looked(self) -> Codes:
        """The look-alike head at each position."""
        return looked(self.codes)

    @cached_property
    def sums(self) -> Sums:
        """Running sums of the characters."""
        return Sums(self.codes)


def _fold(texts: Sequence[str]) -> Codes:
    """Return the folded characters of all texts, a zero behind each."""
    joined = BREAK.join(text.replace(BREAK, " ") for text in texts) + BREAK
    raw = codes_of(joined)
    breaks = raw == ord(BREAK)
    folded = _folded()(raw).copy()
    odd = np.flatnonzero(folded >= NONE)
    if len(odd):
        table = folding()
        counts = np.ones(len(raw), np.int64)
        parts = [table[int(code)] for code in raw[odd].tolist()]
        counts[odd] = [len(part) for part in parts]
        owners, _ = spread(counts)
        strange = folded[owners] == MANY
        folded, breaks = folded[owners], breaks[owners]
        folded[strange] = codes_of("".join(part for part in parts if part))
    folded[breaks] = 0
    return folded
