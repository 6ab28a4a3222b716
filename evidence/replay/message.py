"""HTTP/1.1 messages as they lie in a WARC (RFC 9112, RFC 9110): head, framing and codings undone.

Read as browsers read: a bare line feed ends a line, folded values are joined, interim answers
are passed over, and of a body that was cut short, what can be decoded is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.capture.codings import NotDecodable, plain

BODY_LIMIT = 64 << 20
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
KNOWN = frozenset(("identity", "gzip", "x-gzip", "deflate", "br", "zstd"))

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """A response with its codings undone; ``whole`` is False when some of it is missing."""

    status: int
    reason: str
    headers: Headers
    body: bytes
    whole: bool

    def header(self, name: str) -> str:
        """Return the values of ``name`` (lower case) joined by commas; empty if there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def split_head(block: bytes) -> tuple[str, Headers, bytes]:
    """Return the first line, the fields and what follows the empty line (text is latin-1)."""
    found = _EMPTY_LINE.search(block)
    head = block[: found.start()] if found else block
    rest = block[found.end() :] if found else b""
    first, *lines = re.split(r"\r?\n", head.decode("latin-1"))
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
        else:
            name, _, value = line.partition(":")
            fields.append((name, value.strip()))
    return first, tuple(fields), rest


def read_status(block: bytes) -> int:
    """Return the status of the final answer in ``block``; 0 if it has none."""
    return _status(_final(block)[0])


def _final(block: bytes) -> tuple[str, Headers, bytes]:
    first, headers, rest = split_head(block)
    while _status(first) // 100 == 1 and _status(first) != 101 and rest:
        first, headers, rest = split_head(rest)
    return first, headers, rest


def read_answer(block: bytes) -> Answer:
    """Return the final answer in ``block``; whether its values make sense is not checked."""
    first, headers, rest = _final(block)
    reason = first.split(" ", 2)[2] if first.count(" ") >= 2 else ""
    named = {name.lower(): value for name, value in headers}
    whole = True
    if "chunked" in named.get("transfer-encoding", "").lower():
        rest, whole = unchunk(rest)
    elif named.get("content-length", "").isdigit():
        size = int(named["content-length"])
        bare = _status(first) in (204, 304)
        rest, whole = rest[:size], bare or len(rest) >= size
    codings = [v for n, v in headers if n.lower() == "content-encoding"]
    body, decoded = decode(rest, ",".join(codings))
    return Answer(_status(first), reason, headers, body, whole and decoded)


def _status(line: str) -> int:
    parts = line.split(" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def unchunk(data: bytes) -> tuple[bytes, bool]:
    """Return the chunks joined, and whether the last one was there."""
    found: list[bytes] = []
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        digits = data[at:end].split(b";", 1)[0].strip()
        try:
            size = int(digits, 16)
        except ValueError:
            return b"".join(found), False
        if size == 0:
            return b"".join(found), True
        found.append(data[end + 1 : end + 1 + size])
        if len(found[-1]) < size:
            return b"".join(found), False
        following = data.find(b"\n", end + 1 + size)
        if following < 0:
            return b"".join(found), False
        at = following + 1
    return b"".join(found), False


def decode(data: bytes, codings: str) -> tuple[bytes, bool]:
    """Undo ``codings`` (as in Content-Encoding), the last one first.

    Returns the body and True, or what came out before a fault or the limit of 64 MiB, and
    False. An unknown coding leaves the bytes as they are, as browsers do.
    """
    named = [item.strip().lower() for item in codings.split(",") if item.strip()]
    if not data or any(name not in KNOWN for name in named):
        return data, True
    out = bytearray()
    try:
        for piece in plain(iter([data]), named):
            out += piece
            if len(out) > BODY_LIMIT:
                return bytes(out), False
    except NotDecodable:
        return bytes(out), False
    return bytes(out), True
