"""Masking inside MHTML (RFC 2557, RFC 2045) and PDF (ISO 32000), whose texts are packed."""

from __future__ import annotations

import binascii
import quopri
import re
import zlib
from base64 import b64decode, encodebytes
from collections.abc import Callable, Iterator

from evidence.capture.masking import MASK, Hit, masked

Find = Callable[[bytes], list[Hit]]
_BOUNDARY = re.compile(rb"boundary=\"?([^\"\r\n;]+)", re.IGNORECASE)
_CODING = re.compile(rb"content-transfer-encoding:[ \t]*([\w-]+)", re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_WORD = re.compile(rb"=\?[^?\s]+\?([QqBb])\?([^?\s]*)\?=")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_STREAM_LIMIT = 1 << 28
_HEX_REACH = 1 << 16
_DIGITS = b"0123456789abcdefABCDEF"
_PASSED = b" \t\r\n"


def masked_mhtml(data: bytes, find: Find) -> tuple[bytes, list[Hit]]:
    """Return MHTML with its parts masked, and what was found; an unchanged part stays as it is."""
    told: list[Hit] = []
    head, _, _ = data.partition(b"\r\n\r\n")
    boundary = _BOUNDARY.search(head)
    if boundary is None:
        told = find(data)
        return masked(data, told), told
    mark = b"\r\n--" + boundary.group(1)
    parts = data.split(mark)
    return mark.join(_part(part, find, told) for part in parts), told


def _part(part: bytes, find: Find, told: list[Hit]) -> bytes:
    head, gap, body = part.partition(b"\r\n\r\n")
    coding = _CODING.search(head)
    name = coding.group(1).lower() if coding else b""
    return _head(head, find, told) + gap + _body(body, name, find, told)


def _head(head: bytes, find: Find, told: list[Hit]) -> bytes:
    plain = _WORD.sub(_word, _FOLD.sub(b"", head))
    hits = find(plain)
    if not hits:
        return head
    told += hits
    changed = masked(head, find(head))
    unfolded = _FOLD.sub(b" ", changed)
    if not find(_WORD.sub(_word, _FOLD.sub(b"", changed))):
        return changed
    return _WORD.sub(lambda found: MASK * len(found.group()), masked(unfolded, find(unfolded)))


def _word(found: re.Match[bytes]) -> bytes:
    text = found.group(2)
    if found.group(1) in b"Qq":
        return quopri.decodestring(text, header=True)
    return _unpacked64(text) or text


def _unpacked64(text: bytes) -> bytes | None:
    try:
        return b64decode(b"".join(text.split()))
    except (binascii.Error, ValueError):
        return None


def _body(body: bytes, coding: bytes, find: Find, told: list[Hit]) -> bytes:
    if coding == b"quoted-printable":
        plain: bytes | None = quopri.decodestring(body)
    elif coding == b"base64":
        plain = _unpacked64(body)
    else:
        plain = None
    raw = find(body) if plain is None else []
    hits = find(plain) if plain is not None else raw
    told += hits
    if not hits:
        return body
    if plain is None:
        return masked(body, hits)
    changed = masked(plain, hits)
    if coding == b"base64":
        return encodebytes(changed).replace(b"\n", b"\r\n").rstrip()
    return quopri.encodestring(changed.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def masked_pdf(data: bytes, find: Find) -> tuple[bytes, list[Hit]]:
    """Return a PDF of the same length with its texts masked, and what was found.

    Strings are masked where they stand, those of hex digits by the hex of the mask; a packed stream
    with a secret is packed anew and filled up, or masked whole where it does not fit.
    """
    told = find(data)
    changed = bytearray(_masked_strings(data, told))
    for match in _STREAM.finditer(bytes(changed)):
        plain = _inflated(match.group(1))
        hits = find(plain) if plain is not None else []
        if plain is None or not hits:
            continue
        told += hits
        start, end = match.span(1)
        packed = zlib.compress(_masked_strings(plain, hits), 9)
        room = end - start
        changed[start:end] = packed.ljust(room, b"\0") if len(packed) <= room else MASK * room
    return bytes(changed), told


def _masked_strings(data: bytes, hits: list[Hit]) -> bytes:
    """Return PDF masked; in a hexadecimal string (ISO 32000, 7.3.4.3) stay digits."""
    changed = bytearray(masked(data, hits))
    for hit in hits:
        begin = _hex_begin(data, hit.start)
        if begin is None:
            continue
        size = hit.end - hit.start
        digits = (MASK.hex().encode() * (size // 2 + 1))[(hit.start - begin) % 2 :][:size]
        for place, digit in zip(range(hit.start, hit.end), digits, strict=True):
            if data[place] in _DIGITS:
                changed[place] = digit
            elif data[place] not in _PASSED:
                break
    return bytes(changed)


def _hex_begin(data: bytes, place: int) -> int | None:
    """Return where the hexadecimal string begins in which a place is; None if in none."""
    low = max(0, place - _HEX_REACH)
    begin = data.rfind(b"<", low, place) + 1
    if not begin or data[begin - 2 : begin - 1] == b"<":
        return None
    return begin if not data[begin:place].translate(None, _DIGITS + b" \t\r\n") else None


def _inflated(data: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        return unpacker.decompress(data, _STREAM_LIMIT)
    except zlib.error:
        return None


def unpacked_texts(data: bytes) -> Iterator[bytes]:
    """Yield what a reader of MHTML or PDF would unpack: parts decoded, streams inflated."""
    for match in _STREAM.finditer(data):
        plain = _inflated(match.group(1))
        if plain is not None:
            yield plain
    boundary = _BOUNDARY.search(data[:4096])
    if boundary is not None:
        for part in data.split(b"\r\n--" + boundary.group(1)):
            head, _, body = part.partition(b"\r\n\r\n")
            yield _WORD.sub(_word, _FOLD.sub(b"", head))
            yield quopri.decodestring(body)
            unpacked = _unpacked64(body)
            if unpacked is not None:
                yield unpacked
