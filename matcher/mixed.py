"""Signs of which a part is written otherwise: in pinyin (康shi傅), or as its parts (氵每)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from matcher.hashing import Sums, codes_of
from matcher.look import composed
from matcher.normal import Text
from matcher.sound import MIXED, hear, sounds, syllables_of
from matcher.stretches import Stretches

BREAK = "\0"
Reading = tuple[str, list[int], dict[int, int]]


def spoken(joined: str) -> Reading:
    """Return a text with its pinyin read as sounds, where each sound stands, and the pieces.

    The sounds are "" when the text has no piece of pinyin beside Chinese characters.
    """
    pieces = [m for m in MIXED.finditer(joined) if syllables_of(m.group())]
    if not pieces:
        return "", [], {}
    heard, last = "", 0
    places: list[int] = []
    for piece in pieces:
        heard += hear(joined[last : piece.start()])
        places += range(last, piece.start())
        for syllable in syllables_of(piece.group()):
            heard += sounds().name(syllable)
            places.append(piece.start())
        last = piece.end()
    places += range(last, len(joined) + 1)
    return heard + hear(joined[last:]), places, {m.start(): m.end() for m in pieces}


def recomposed(joined: str) -> Reading:
    """Return a text with parts written apart (日王) put together (旺), as ``spoken`` does."""
    read, places, pieces, at = "", list[int](), dict[int, int](), 0
    while at < len(joined):
        one = composed().get(joined[at : at + 2])
        places.append(at)
        if one:
            pieces[at] = at + 2
        read += one or joined[at]
        at += 2 if one else 1
    return read, [*places, len(joined)], pieces


def find_mixed(
    texts: Sequence[Text], near: int, sounded: Stretches, reader: Callable[[str], Reading] = spoken
) -> Iterator[tuple[int, int, int, int]]:
    """Yield of signs written mixed: number of the text, start, end (joined) and sign."""
    said = [reader(text.joined[:near]) for text in texts]
    codes = codes_of(BREAK.join(heard for heard, _, _ in said) + BREAK)
    stops = np.flatnonzero(codes == 0)
    windows = sounded.find(Sums(codes), np.arange(len(codes)), len(codes))
    owners = np.searchsorted(stops, windows.start)
    begins = np.concatenate((np.zeros(1, np.int64), stops[:-1] + 1))[owners]
    first, end = windows.start - begins, windows.end - begins
    for which, a, b, sign in zip(
        owners.tolist(), first.tolist(), end.tolist(), windows.sign.tolist(), strict=True
    ):
        _, places, latin = said[which]
        inner = [at for at in places[a:b] if at in latin]
        stop = latin.get(places[b - 1], places[b - 1] + 1)
        whole = inner and any(at not in latin for at in places[a:b])
        if whole and not texts[which].gap(places[a], stop):
            yield which, places[a], stop, sign
