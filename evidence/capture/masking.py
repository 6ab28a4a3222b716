"""Finds secrets in bytes in every form they take on the way, and masks them at equal length.

Found are the value itself and its percent-encoded, HTML-escaped and escaped forms (of JSON,
JavaScript, style sheets) in any mixture, with tags of HTML or line ends between its letters,
base64 (once and twice) and base32 at any place, hexadecimal, UTF-16, full-width and reversed, in
upper or lower case alike (a page may show it in capitals, an index sorts addresses in small
letters). Long values are looked for in pieces. What cannot be found: a secret inside a picture, a
compiled program or an encryption.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, quote_plus

from ahocorasick_rs import BytesAhoCorasick

from evidence.capture.codedforms import coded_forms
from evidence.capture.untagged import LINE_ENDS, Untagged

MASK = b"*"
PIECE = 96
OVERLAP = 1 << 16
WINDOW = 1 << 20
_WIDEST = 14  # bytes that one character may take up in a mixture of forms
_CORE = 3
_SHORTEST = 4
_LEAST_OF_LINES = 12  # shorter ones are whole words and numbers that stand below each other
_SAFE = ("", "/", "!'()*", ";,/?:@&=+$!*'()#")
_RUN = re.compile(r"[A-Za-z0-9]+")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True)
class Hit:
    """A place to be masked; ``form`` says in which form the secret stands there."""

    start: int
    end: int
    form: str


@dataclass(frozen=True)
class _Pattern:
    """A text that the automaton looks for.

    With ``whole``, the text is the longest run of it, ``before`` characters after its begin, and
    the rest is looked for around it; else ``before`` and ``after`` are bytes masked along.
    """

    text: bytes
    form: str
    whole: str | None = None
    before: int = 0
    after: int = 0


class Scanner:
    """Looks for a fixed set of secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        pieces = dict.fromkeys(piece for secret in secrets for piece in _pieces(secret))
        patterns: dict[tuple[bytes, str | None], _Pattern] = {}
        for piece in pieces:
            for pattern in _patterns(piece):
                patterns.setdefault((pattern.text.lower(), pattern.whole), pattern)
        self._patterns = list(patterns.values())
        self._automaton = (
            BytesAhoCorasick([one.text.lower() for one in self._patterns]) if patterns else None
        )

    def hits(self, data: bytes) -> list[Hit]:
        """Return the places of secrets in ``data``, in order, none inside another."""
        if self._automaton is None:
            return []
        found = self._direct(data)
        found += self._split(Untagged.of(data), "split by tags")
        found += self._split(Untagged.of(data, LINE_ENDS), "split by line ends", _LEAST_OF_LINES)
        return merged(found)

    def _split(self, shown: Untagged | None, form: str, least: int = 0) -> list[Hit]:
        """Return the pieces of secrets of ``least`` bytes that are whole in another view only."""
        return [
            Hit(*place, form)
            for hit in (self._direct(shown.text) if shown is not None else ())
            if shown is not None and hit.end - hit.start >= least
            for place in shown.places(hit.start, hit.end)
        ]

    def _direct(self, data: bytes) -> list[Hit]:
        if self._automaton is None:
            return []
        found: dict[tuple[int, int], Hit] = {}
        lower = data.lower()
        for number, start, end in self._automaton.find_matches_as_indexes(lower, overlapping=True):
            pattern = self._patterns[number]
            if pattern.whole is None:
                begin, stop = start - pattern.before, end + pattern.after
                hit = Hit(max(0, begin), min(len(data), stop), pattern.form)
            else:
                place = _whole(data, start, pattern.whole, pattern.before)
                if place is None:
                    continue
                hit = Hit(*place, _form(data[place[0] : place[1]], pattern.whole))
            found[hit.start, hit.end] = hit
        return list(found.values())

    def mask(self, data: bytes) -> tuple[bytes, list[Hit]]:
        """Return ``data`` with every secret replaced at equal length, and the places."""
        hits = self.hits(data)
        return masked(data, hits), hits


def merged(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits in order, those that overlap as one."""
    joined: list[Hit] = []
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        if joined and hit.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Hit(last.start, max(last.end, hit.end), last.form)
        else:
            joined.append(hit)
    return joined


def masked(data: bytes, hits: Iterable[Hit]) -> bytes:
    """Return ``data`` with the places replaced; line ends inside them are kept."""
    changed = bytearray(data)
    for hit in hits:
        for place in range(hit.start, hit.end):
            if changed[place] not in b"\r\n":
                changed[place] = MASK[0]
    return bytes(changed)


def _pieces(secret: str) -> Iterator[str]:
    """Yield a secret in pieces of at most twice ``PIECE`` less one characters."""
    while len(secret) >= 2 * PIECE:
        yield secret[:PIECE]
        secret = secret[PIECE:]
    yield secret


def _patterns(piece: str) -> Iterator[_Pattern]:
    data = piece.encode("utf-8", "surrogatepass")
    core = max(_RUN.findall(piece), key=len, default="")
    if len(core) >= _CORE:
        yield _Pattern(core.encode(), "plain", whole=piece, before=piece.index(core))
    for text, form in _literals(piece, data):
        if len(text) >= _SHORTEST:
            yield _Pattern(text, form)
    for one in coded_forms(piece):
        yield _Pattern(one.text, one.form, before=one.before, after=one.after)


def _literals(piece: str, data: bytes) -> Iterator[tuple[bytes, str]]:
    yield data, "plain"
    every = "".join(f"%{byte:02x}" for byte in data)
    slashes = "".join(f"\\u{ord(c):04x}" for c in piece if ord(c) < 0x10000)
    hexed = "".join(f"\\x{byte:02x}" for byte in data)
    quoted = [quote(data, safe=safe) for safe in _SAFE]
    for text in (every, quote_plus(data, safe=""), *quoted):
        yield text.encode(), "percent-encoded"
        yield quote(text, safe="").encode(), "percent-encoded twice"
    twice = json.dumps(json.dumps(piece))[3:-3]
    for text in (slashes, hexed, json.dumps(piece)[1:-1], twice):
        yield text.encode(), "JSON-escaped"
    for form in ("\\u{{{:x}}}", "\\{:x} ", "\\{:06x}"):  # of JavaScript; of style sheets
        yield "".join(form.format(ord(c)) for c in piece).encode(), "escaped"
    yield "".join(f"\\{byte:03o}" for byte in data).encode(), "escaped"
    yield html.escape(piece).encode("utf-8", "surrogatepass"), "HTML-escaped"
    for form in ("&#{:d};", "&#x{:x};"):
        yield "".join(form.format(ord(c)) for c in piece).encode(), "HTML-escaped"
    yield data.hex().encode(), "hexadecimal"
    yield piece.encode("utf-16-be", "surrogatepass").hex().encode(), "hexadecimal UTF-16"
    yield piece.translate(_FULL_WIDTH).encode("utf-8", "surrogatepass"), "full-width"
    for coding in ("utf-16-le", "utf-16-be", "gb18030"):
        try:
            yield piece.encode(coding), coding
        except UnicodeEncodeError:
            continue


def _whole(data: bytes, start: int, piece: str, before: int) -> tuple[int, int] | None:
    """Return where the value stands whose run begins at ``start``, in any mixture of forms."""
    prefix, rest = _mixture(piece, before)
    after = rest.match(data, start)
    if after is None:
        return None
    low = max(0, start - before * _WIDEST)
    ahead = prefix.search(data[low:start])
    return None if ahead is None else (low + ahead.start(), after.end())


@lru_cache(maxsize=4096)
def _mixture(piece: str, at: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return expressions for the value before and from ``at``: any form and case of its letters."""
    before = b"".join(_any_form(c) for c in piece[:at])
    after = b"".join(_any_form(c) for c in piece[at:])
    flags = re.DOTALL | re.IGNORECASE
    return re.compile(before + rb"\Z", flags), re.compile(after, flags)


def _any_form(c: str) -> bytes:
    data = c.encode("utf-8", "surrogatepass")
    units = c.encode("utf-16-be", "surrogatepass")
    forms = [re.escape(data), b"".join(b"%%(?:25){0,3}(?i:%02x)" % byte for byte in data)]
    escape = b"".join(
        rb"\\{1,4}u(?i:%02x%02x)" % (units[n], units[n + 1]) for n in range(0, len(units), 2)
    )
    forms.append(rb"\\{1,4}(?:u\{0{0,5}(?i:%x)\}|(?i:%06x|%x[ ]))" % ((ord(c),) * 3))
    forms += [escape, b"&(?:amp;)?#0{0,4}%d;" % ord(c), b"&(?:amp;)?#(?i:x0{0,4}%x);" % ord(c)]
    if len(data) == 1:
        forms += [rb"\\x(?i:%02x)" % data[0], rb"\\%03o" % data[0]]
        if not c.isalnum():
            forms.append(rb"\\{1,4}" + re.escape(data))
    name = html.escape(c)
    if name != c:
        forms.append(re.escape(name.encode()))
    if c == " ":
        forms.append(rb"\+")
    return b"(?:" + b"|".join(forms) + b")"


def _form(found: bytes, piece: str) -> str:
    if found.lower() == piece.encode("utf-8", "surrogatepass").lower():
        return "plain"
    if b"%" in found:
        return "percent-encoded"
    return "JSON-escaped" if b"\\" in found else "HTML-escaped"
