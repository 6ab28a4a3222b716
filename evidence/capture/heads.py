"""Secrets in an HTTP head: which bytes are values of cookies, credentials, named fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.capture.tokens import is_telling, is_token

_COOKIES = ("cookie", "set-cookie", "cookie2", "set-cookie2")
_CREDENTIALS = ("authorization", "proxy-authorization")
_NONCES = ("authentication-info", "proxy-authentication-info")
TELLING = (
    "x-auth-token", "x-access-token", "x-api-key", "x-csrf-token", "x-xsrf-token",
    "x-session-token",
)  # fmt: skip
"""Header fields that hold credentials by custom; their values are masked as well."""


@dataclass(frozen=True)
class Value:
    """A secret value in a head. ``what`` names it (``Set-Cookie: sid``); the value is not shown.

    ``hidden`` is a cookie that scripts cannot read; ``credentials`` an Authorization value, which
    begins at ``line`` with its scheme.
    """

    start: int
    end: int
    what: str
    hidden: bool = False
    credentials: bool = False
    line: int = 0


def secret_values(head: bytes, names: tuple[str, ...]) -> Iterator[Value]:
    """Yield the places of secret values in a head; ``names`` are further fields, lower case.

    A head begins with its start line, and the trailer section of a chunked body (RFC 9112, 7.1.2)
    with its last chunk: the first line is no field.
    """
    for name, start, end in _lines(head):
        lower = name.lower()
        if lower in _COOKIES:
            yield from _cookies(head, name, start, end, single=lower.startswith("set-"))
        elif lower in _CREDENTIALS:
            secret = _after_scheme(head, start, end)
            yield Value(secret, end, name, credentials=True, line=start)
        elif lower in (*names, *TELLING, *_NONCES) and start < end:
            yield Value(start, end, name)


def telling_header(head: bytes) -> bool:
    """Return whether a head has a field whose name says secret, as ``X-Shop-Token``, and a value.

    Such a field is not masked for its name alone, but it speaks against there being no login.
    """
    return any(
        start < end and is_telling(name) and is_token(head[start:end].decode("latin-1").strip())
        for name, start, end in _lines(head)
    )


def _lines(head: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield name, and begin and end of the value, of each field; folded lines belong to it."""
    found: tuple[str, int, int] | None = None
    offset = head.find(b"\n") + 1
    while 0 < offset < len(head):
        stop = head.find(b"\n", offset) + 1 or len(head)
        line = head[offset:stop]
        bare = line.rstrip(b"\r\n")
        if line[:1] in b" \t" and found is not None:
            found = (found[0], found[1], offset + len(bare))
        else:
            if found is not None:
                yield found
            found = None
            name, colon, _ = bare.partition(b":")
            if colon:
                value = bare[len(name) + 1 :]
                begin = offset + len(bare) - len(value.lstrip(b" \t"))
                found = (name.strip().decode("latin-1"), begin, offset + len(bare.rstrip(b" \t")))
        offset = stop
    if found is not None:
        yield found


def _after_scheme(head: bytes, start: int, end: int) -> int:
    blank = head.find(b" ", start, end)
    return blank + 1 if blank > start else start


def _cookies(head: bytes, name: str, start: int, end: int, *, single: bool) -> Iterator[Value]:
    text = head[start:end]
    hidden = single and b"httponly" in text.lower()
    offset = start
    for pair in text.split(b";"):
        key, equals, value = pair.partition(b"=")
        begin = offset + len(key) + 1 if equals else offset
        stop = offset + len(pair)
        if begin < stop and (value.strip() or not equals):
            label = key.strip().decode("latin-1") if equals else "(without a name)"
            yield Value(begin, stop, f"{name}: {label}", hidden=hidden)
        if single:
            return
        offset = stop + 1
