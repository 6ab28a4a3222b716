"""A WARC as something that can be asked again: requests in, recorded answers out, in order."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urldefrag

from evidence.replay.message import BODY_LIMIT, Answer, read_answer, read_status, split_head

_RECORD_LIMIT = BODY_LIMIT + (1 << 20)
_CHUNK = 1 << 18
_PASSING = re.compile(
    r"(?<==)(?:\d{10,}|0\.\d{6,}|[0-9a-fA-F]{16,}|[A-Za-z_$][\w$]*\d{10,}[\w$]*)(?=&|$)"
)
"""Values in an address that change with every visit: moments, random numbers, signatures over
them, and names of functions that are made of them."""
_NAMELESS = re.compile(r"(?:[A-Za-z_$.-]{0,12}\d{6,}|\d+)(?:\.\d+)?(?:[eE]-?\d+)?")
_NUMBERS = re.compile(r"\d(?:\.\d+)?[eE]-\d+|0?\.\d{6,}|\d{10,}")
"""Number-like parts of a query: a part without a name that is a number, or a word and one of six
digits or more; in a value, moments and fractions."""
_CALL = re.compile(rb"(?:\s|/\*\*/)*([A-Za-z_$][\w$.]*)\(")


_Response = tuple[int, int, int, bool]
"""Place and length of its gzip member, status, and whether it was cut short."""


@dataclass(frozen=True)
class Asked:
    """What a browser asks for; ``body`` is None when it did not say."""

    method: str
    url: str
    body: bytes | None = b""
    range: str = ""
    conditional: bool = False


@dataclass
class Kept:
    """One recorded exchange; ``length`` 0 stands for an answer that never came."""

    method: str
    url: str
    body_digest: bytes
    range: str
    status: int
    offset: int
    length: int
    truncated: bool
    used: bool = False


@dataclass
class Recording:
    """The exchanges of one WARC, in their order."""

    path: Path
    exchanges: list[Kept]
    _named: dict[tuple[str, str], list[Kept]] = field(default_factory=dict)
    _alike: dict[tuple[str, str], list[Kept]] = field(default_factory=dict)
    _numbered: dict[tuple[str, str], list[Kept]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item in self.exchanges:
            self._named.setdefault((item.method, item.url), []).append(item)
            self._alike.setdefault((item.method, _alike(item.url)), []).append(item)
            self._numbered.setdefault((item.method, without_numbers(item.url)), []).append(item)

    def find(self, asked: Asked) -> Kept | None:
        """Return the exchange that answers ``asked``, or None; each is used in its turn.

        The same address first, with the same body and range if there is one; else an address
        that differs only in what changes with every visit; else one that differs only in
        number-like parts of its query. The last one answers again and again.
        """
        url = urldefrag(asked.url)[0]
        items = (
            self._named.get((asked.method, url))
            or self._alike.get((asked.method, _alike(url)))
            or self._numbered.get((asked.method, without_numbers(url)), [])
        )
        answered = [item for item in items if item.length] or items
        if not asked.conditional:
            answered = [item for item in answered if item.status != 304] or answered
        found = _best(answered, asked)
        if found is not None:
            found.used = True
        return found

    def answer(self, item: Kept, url: str = "") -> Answer:
        """Return the decoded answer of ``item``; OSError or ValueError if it cannot be read.

        If ``url`` names another function to be called than the recorded address did (JSONP), the
        call at the beginning of the body gets that name.
        """
        with self.path.open("rb") as source:
            source.seek(item.offset)
            member = zlib.decompressobj(31)
            record = member.decompress(source.read(item.length), _RECORD_LIMIT)
        fields, block = _fields(record)
        found = read_answer(block[: int(fields.get("content-length", "0"))])
        body = _called(found.body, item.url, urldefrag(url)[0] or item.url)
        return found if body is found.body else replace(found, body=body)


def _best(items: list[Kept], asked: Asked) -> Kept | None:
    if asked.body is not None:
        digest = hashlib.sha256(asked.body).digest()
        items = [item for item in items if item.body_digest == digest] or items
    items = [item for item in items if item.range == asked.range] or items
    if not items:
        return None
    return next((item for item in items if not item.used), items[-1])


def _alike(url: str) -> str:
    return _PASSING.sub("#", url)


def without_numbers(url: str) -> str:
    """Return ``url`` with the number-like parts of its query put as ``#``; the path stays.

    A short number that has a name (``page=2``) is no such part: it says what is asked for.
    """
    head, mark, query = url.partition("?")
    parts = re.split(r"([&;])", query)
    return head + mark + "".join("#" if _is_nameless(p) else _NUMBERS.sub("#", p) for p in parts)


def _is_nameless(part: str) -> bool:
    return _NAMELESS.fullmatch(part.removesuffix("=")) is not None


def _called(body: bytes, recorded: str, asked: str) -> bytes:
    call = _CALL.match(body) if recorded != asked else None
    if call is None:
        return body
    names = zip(_PASSING.findall(recorded), _PASSING.findall(asked), strict=False)
    new = dict(names).get(call[1].decode("ascii"))
    return body if new is None else body[: call.start(1)] + new.encode() + body[call.end(1) :]


def read_recording(path: Path) -> Recording:
    """Return the exchanges of the WARC at ``path``, one gzip member a record.

    Raises ValueError when it is no such file. Digests are not checked: the verifier does that.
    """
    responses: dict[str, _Response] = {}
    requests: list[tuple[dict[str, str], bytes]] = []
    for offset, length, record in _members(path):
        fields, block = _fields(record)
        kind = fields.get("warc-type")
        if kind == "response":
            cut = "warc-truncated" in fields
            status = read_status(block[:_CHUNK])
            responses[fields["warc-record-id"]] = (offset, length, status, cut)
        elif kind == "request":
            requests.append((fields, block[: int(fields["content-length"])]))
    kept = [_kept(fields, block, responses) for fields, block in requests]
    return Recording(path, kept)


def _kept(fields: dict[str, str], block: bytes, responses: dict[str, _Response]) -> Kept:
    first, headers, body = split_head(block)
    named = {name.lower(): value for name, value in headers}
    together = fields.get("warc-concurrent-to", "").split()
    found = next((responses[name] for name in together if name in responses), None)
    offset, length, status, cut = found or (0, 0, 0, True)
    return Kept(
        method=first.split(" ", 1)[0],
        url=urldefrag(fields["warc-target-uri"])[0],
        body_digest=hashlib.sha256(body).digest(),
        range=named.get("range", ""),
        status=status,
        offset=offset,
        length=length,
        truncated=cut,
    )


def _fields(record: bytes) -> tuple[dict[str, str], bytes]:
    head, _, block = record.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not lines[0].startswith("WARC/"):
        raise ValueError("not a WARC record")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        before = fields.get(name.strip().lower())  # WARC-Concurrent-To may stand more than once
        fields[name.strip().lower()] = f"{before} {value.strip()}" if before else value.strip()
    return fields, block


def _members(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield place, length and content of each gzip member; what is over the limit is left off."""
    with path.open("rb") as source:
        start, data = 0, source.read(_CHUNK)
        while data:
            member, out, length = zlib.decompressobj(31), bytearray(), 0
            while not member.eof:
                if not data:
                    raise ValueError("the WARC ends in the middle of a record")
                try:
                    piece = member.decompress(data)
                except zlib.error as error:
                    raise ValueError(f"the WARC is damaged ({error})") from error
                out += piece[: max(0, _RECORD_LIMIT - len(out))]
                length += len(data) - len(member.unused_data)
                data = member.unused_data if member.eof else source.read(_CHUNK)
            yield start, length, bytes(out)
            start += length
            data = data or source.read(_CHUNK)
