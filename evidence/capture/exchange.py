"""One HTTP exchange as the browser reported it: headers as sent, body after decoding."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class BodyForm(StrEnum):
    """How sure it is that a stored body equals the server's bytes after content decoding.

    ``EXACT``: given as bytes by the browser. ``LENGTH_EQUAL``: given as text, put back into the
    page's own character set, and as long as what arrived. ``UNEQUAL``: the length differs.
    ``UNCHECKED``: nothing to compare with. ``CUT_OFF``: the answer was still coming when the
    capture ended; what had come by then is stored.
    """

    EXACT = "exact"
    LENGTH_EQUAL = "re-encoded, length equal"
    UNEQUAL = "length differs"
    UNCHECKED = "not compared"
    CUT_OFF = "cut off when the capture ended"


Headers = tuple[tuple[str, str], ...]


class Source(StrEnum):
    """Which of the browser's two reports an exchange comes from."""

    CDP = "cdp-network"
    PLAYWRIGHT = "playwright-events"


@dataclass(frozen=True)
class Exchange:
    """A request and its response. ``response_body`` is decoded (see ``fidelity``).

    ``peer`` is the address of the server as the egress guard's journal or, without a guard,
    the browser names it; None when it is not known.
    """

    url: str
    method: str
    started: datetime
    request_headers: Headers
    request_line: str
    request_body: bytes
    status: int
    reason: str
    response_headers: Headers
    response_body: bytes
    protocol: str
    resource_type: str
    source: Source
    headers_literal: bool
    body_form: BodyForm
    peer: str | None = None
    encoded_length: int | None = None

    @property
    def media_type(self) -> str:
        """Return the media type without parameters, lower case, or ``unk``."""
        for name, value in self.response_headers:
            if name.lower() == "content-type":
                return value.split(";")[0].strip().lower() or "unk"
        return "unk"


@dataclass(frozen=True)
class NotRecorded:
    """Something the page did that is named but not in the WARC, and why."""

    what: str
    url: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """Return the item as it stands in ``capture.json``."""
        return {"what": self.what, "url": self.url[:2000], "reason": self.reason[:300]}


@dataclass(frozen=True)
class Traffic:
    """Everything the recorder saw in one capture."""

    exchanges: tuple[Exchange, ...]
    not_recorded: tuple[NotRecorded, ...]
    limits_hit: tuple[str, ...] = field(default=())


def text_to_bytes(text: str, charset: str, size: int | None) -> tuple[bytes, BodyForm]:
    """Return a text body in the character set it came in, and how sure that is.

    ``size`` is the number of bytes that arrived after content decoding, when known. A byte
    order mark, which the browser drops, is put back when the length asks for it.
    """
    utf8 = text.encode("utf-8", "surrogatepass")
    candidates = [utf8, b"\xef\xbb\xbf" + utf8]
    with suppress(LookupError, UnicodeEncodeError):
        candidates.insert(0, text.encode(charset or "utf-8"))
    with suppress(UnicodeEncodeError):
        candidates.append(text.encode("gb18030"))
    if size is None:
        return candidates[0], BodyForm.UNCHECKED
    for candidate in candidates:
        if len(candidate) == size:
            return candidate, BodyForm.LENGTH_EQUAL
    return candidates[0], BodyForm.UNEQUAL


def split_headers(text: str) -> tuple[str, Headers]:
    """Return the first line and the header pairs of a raw header text, order and case kept.

    Only the colon and one following blank are removed; a line without a colon (an obsolete
    folding) is kept as the continuation of the value before it.
    """
    lines = text.split("\r\n")
    pairs: list[tuple[str, str]] = []
    for line in lines[1:]:
        if not line:
            continue
        if line[0] in " \t" and pairs:
            name, value = pairs[-1]
            pairs[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if colon:
            pairs.append((name, value.removeprefix(" ")))
    return lines[0], tuple(pairs)


def pairs_of(headers: dict[str, str]) -> Headers:
    """Return header pairs from the browser's dictionary, where repeats are joined by newlines."""
    return tuple((name, part) for name, value in headers.items() for part in str(value).split("\n"))
