"""HTTP/1.x message framing (RFC 9112), as a browser frames it: where each message ends.

Nothing is decoded or normalised; only sizes come back. Line ends may be bare LF.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from os import SEEK_CUR
from typing import BinaryIO

from evidence.netlog.model import Blob

HEAD_LIMIT = 1 << 20
LINE_LIMIT = 1 << 16
_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/(\d+)\.(\d+)[ \t]+(\d{3})(?:[ \t]([^\r\n]*))?\r?\n?", re.IGNORECASE)
_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/(\d)\.(\d)\r?\n")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
SLOP = 4


@dataclass(frozen=True)
class Message:
    """A message found in a stream; ``whole`` is False when its end is missing.

    ``wrong`` says in English what of the framing is against the rules, if anything.
    """

    start: int
    head: int
    size: int
    whole: bool
    first: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    until_close: bool = False
    wrong: str | None = None

    @property
    def end(self) -> int:
        """Return the offset of the first byte after the message."""
        return self.start + self.size

    def header(self, name: str) -> list[str]:
        """Return the values of a header, in order."""
        return [value for found, value in self.headers if found == name]


def read_request(blob: Blob, start: int) -> Message | None:
    """Return the request at ``start`` of ``blob``; None when no request begins there."""
    head = _head(blob, start)
    text = blob.read(start, head or HEAD_LIMIT)
    found = _REQUEST.match(text)
    if found is None:
        return None
    line = tuple(part.decode("latin-1") for part in found.group(1, 2, 3, 4))
    if not head:
        return Message(start, len(text), len(text), False, line, ())
    headers = header_fields(text)
    if "chunked" in _transfer(headers):
        size, whole, wrong = _chunked(blob, start + head)
        return Message(start, head, head + size, whole, line, headers, wrong=wrong)
    length = _length(headers) or 0
    have = min(length, blob.size - start - head)
    return Message(start, head, head + have, have == length, line, headers)


def read_response(blob: Blob, start: int, method: str) -> Message | None:
    """Return the response at ``start``; None when nothing is there.

    ``first`` is version, status and reason; an answer without a status line (HTTP/0.9) has an
    empty version, status 0 and no head.
    """
    left = blob.size - start
    if left <= 0:
        return None
    slop = blob.read(start, SLOP + 16).upper().find(b"HTTP/")
    if not 0 <= slop <= SLOP:
        short = b"HTTP/".startswith(blob.read(start, 5).upper())
        return Message(
            start, 0, left, not short, ("", "0", ""), (), True, "an answer without a status line"
        )
    head = _head(blob, start)
    text = blob.read(start, head or HEAD_LIMIT)
    found = _STATUS.search(text[slop : slop + LINE_LIMIT])
    line = ("1.1", "0", "")
    if found is not None:
        version = b".".join(found.group(1, 2)).decode()
        line = (version, found.group(3).decode(), (found.group(4) or b"").decode("latin-1"))
    if not head:
        return Message(start, len(text), left, False, line, ())
    headers = header_fields(text)
    return _response_body(blob, start, head, method, line, headers)


def _response_body(
    blob: Blob,
    start: int,
    head: int,
    method: str,
    line: tuple[str, ...],
    headers: tuple[tuple[str, str], ...],
) -> Message:
    status = int(line[1])
    left = blob.size - start - head
    if method == "HEAD" or status in (204, 304) or 100 <= status < 200:
        return Message(start, head, head, True, line, headers)
    if "chunked" in _transfer(headers) and line[0] != "1.0":
        size, whole, wrong = _chunked(blob, start + head)
        return Message(start, head, head + size, whole, line, headers, wrong=wrong)
    length = _length(headers)
    if length is None:
        return Message(start, head, head + left, True, line, headers, until_close=True)
    have = min(length, left)
    return Message(start, head, head + have, have == length, line, headers)


def _head(blob: Blob, start: int) -> int:
    """Return the size of the head at ``start``, its empty line included; 0 when it has no end."""
    text, step = b"", 4096
    while len(text) < HEAD_LIMIT:
        piece = blob.read(start + len(text), step)
        if not piece:
            return 0
        searched = max(0, len(text) - 3)
        text += piece
        found = _END.search(text, searched)
        if found is not None:
            return found.end()
        step *= 2
    return 0


def header_fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """Return the fields of a head: names in lower case, values stripped, folded lines joined."""
    pairs: list[tuple[str, str]] = []
    for raw in head.split(b"\n")[1:]:
        line = raw.rstrip(b"\r").decode("latin-1")
        if line[:1] in (" ", "\t") and pairs:
            name, value = pairs[-1]
            pairs[-1] = (name, f"{value} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            pairs.append((name.strip().lower(), value.strip()))
    return tuple(pairs)


def _transfer(headers: tuple[tuple[str, str], ...]) -> list[str]:
    return [
        part.strip().lower()
        for name, value in headers
        if name == "transfer-encoding"
        for part in value.split(",")
    ]


def _length(headers: tuple[tuple[str, str], ...]) -> int | None:
    values = {value for name, value in headers if name == "content-length"}
    if len(values) != 1:
        return None
    text = values.pop()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _chunked(blob: Blob, start: int) -> tuple[int, bool, str | None]:
    """Return the size of a chunked body, whether its end came, and what is wrong with it."""
    left = blob.size - start
    if left <= 0:
        return 0, False, None
    with blob.path.open("rb") as source:
        source.seek(blob.offset + start)
        lines = _Lines(source, left)
        fault = _chunks(lines)
    whole = fault == ""
    return (lines.gone if whole else left), whole, fault or None


def chunk_places(blob: Blob, start: int) -> list[tuple[int, int]]:
    """Return (offset, size) of the data in each chunk of the body at ``start``, as far as it came.

    What stands between the places is framing: sizes, extensions, trailers.
    """
    left = blob.size - start
    if left <= 0:
        return []
    with blob.path.open("rb") as source:
        source.seek(blob.offset + start)
        lines = _Lines(source, left)
        _chunks(lines)
    found = [(start + offset, min(size, left - offset)) for offset, size in lines.skipped]
    return [(offset, size) for offset, size in found if size > 0]


class _Lines:
    """The lines of a body up to its end; ``gone`` counts the bytes read."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source = source
        self._size = size
        self.gone = 0
        self.skipped: list[tuple[int, int]] = []

    def next(self) -> bytes | None:
        """Return the next line without its end; None when there is no whole one."""
        line = self._source.readline(min(LINE_LIMIT, self._size - self.gone))
        self.gone += len(line)
        return line.rstrip(b"\r\n") if line.endswith(b"\n") else None

    def skip(self, size: int) -> bool:
        """Pass over bytes; return whether they are all there."""
        self.skipped.append((self.gone, size))
        size = min(size, self._size - self.gone + 1)
        self.gone += size
        self._source.seek(size, SEEK_CUR)
        return self.gone <= self._size


def _chunks(lines: _Lines) -> str | None:
    """Read chunks and trailers; return "" at their end, None when it is missing, or a fault."""
    while True:
        line = lines.next()
        if line is None:
            return None
        text = line.partition(b";")[0].strip(b" \t\r")
        if not _SIZE.fullmatch(text):
            return "a chunk without a size"
        size = int(text, 16)
        if size == 0:
            break
        if not lines.skip(size) or (line := lines.next()) is None:
            return None
        if line:
            return "a chunk that is longer than its size"
    while (line := lines.next()) is not None:
        if not line:
            return ""
    return None
