"""The forms in which a secret stands whole and packed: base64, base32, twice base64, reversed.

A secret inside a longer text falls on any bit of the coding (RFC 4648), so each form is the part
that is the same whatever stands around it, and how many characters at its edges are in part the
secret's.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

LEAST = 8


@dataclass(frozen=True)
class Coded:
    """A text to look for; ``before`` and ``after`` are characters to be masked along."""

    text: bytes
    form: str
    before: int = 0
    after: int = 0


def coded_forms(piece: str) -> Iterator[Coded]:
    """Yield the packed forms of a piece of a secret."""
    data = piece.encode("utf-8", "surrogatepass")
    for one in _aligned(data, "base64", 6, base64.b64encode):
        yield from _spellings(one)
        for inner in dict.fromkeys((one.text, _for_urls(one.text))):
            for outer in _aligned(inner, "base64 twice", 6, base64.b64encode):
                before = 2 if one.before else outer.before
                yield Coded(outer.text, outer.form, before, 2 if one.after else outer.after)
    for one in _aligned(data, "base32", 5, base64.b32encode):
        yield one
    yield from _reversed(piece)


def _aligned(
    data: bytes, form: str, bits: int, encode: Callable[[bytes], bytes]
) -> Iterator[Coded]:
    """Yield what of a coding of ``bits`` to a character is the secret's alone, at each place."""
    for shift in range(3 if bits == 6 else 5):
        text, size = encode(bytes(shift) + data), (shift + len(data)) * 8
        begin, end = -(-shift * 8 // bits), size // bits
        if end - begin >= LEAST:
            edges = bool(shift * 8 % bits), bool(size % bits)
            yield Coded(text[begin:end], form, *map(int, edges))


def _spellings(one: Coded) -> Iterator[Coded]:
    """Yield base64 in both alphabets, and each as it stands in an address, once or twice over."""
    for text in dict.fromkeys((one.text, _for_urls(one.text))):
        once = quote(text, safe="")
        spellings = (text, once.encode(), quote(once, safe="").encode())
        for spelled in dict.fromkeys(spellings):
            yield Coded(spelled, one.form, one.before, one.after)


def _for_urls(text: bytes) -> bytes:
    return text.replace(b"+", b"-").replace(b"/", b"_")


def _reversed(piece: str) -> Iterator[Coded]:
    turned = piece[::-1]
    if turned == piece:
        return
    texts = (turned, json.dumps(turned)[1:-1])
    codes = [text.encode("utf-8", "surrogatepass") for text in texts]
    for text in dict.fromkeys((*codes, quote(codes[0], safe="").encode())):
        yield Coded(text, "reversed")
