"""WARC 1.1 (ISO 28500:2017): what went over the wire, to gzip members, with their places.

Request and response records hold the literal bytes: header case, chunk framing and content
coding as they came. HTTP/2 exchanges are written in HTTP/1.1 form and say ``WARC-Protocol: h2``.
1xx heads, trailers of HTTP/2, bytes of an answer whose head never came whole, and bytes that came
after an answer and belong to none, are metadata records. Payload is what follows the head. Bodies
are read in pieces and never held.
"""

from __future__ import annotations

import hashlib
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO
from urllib.parse import quote

from evidence.capture.joined import Row
from evidence.capture.posted import request_body
from evidence.netlog.model import Blob, WireExchange

_RESPONSE = "application/http;msgtype=response"
_REQUEST = "application/http;msgtype=request"
_TRAILERS = "application/warc-fields"
_BYTES = "application/octet-stream"
_TYPE_LINE = re.compile(rb"\n[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt][Yy][Pp][Ee][ \t]*:([^\r\n]*)")
_TYPE = re.compile(r"[!-~]{1,127}\Z")
_URI_SAFE = "!#$%&'()*+,/:;=?@[]~-._"
_HEAVY = 1 << 20
_SAMPLE = 1 << 16

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """Where one response record lies in the WARC file, and what the index says of it.

    ``request_body`` is how readers of the index write the body of a request that is no GET.
    """

    url: str
    started: datetime
    method: str
    status: int
    media_type: str
    payload_digest: str
    offset: int
    length: int
    request_body: str = ""


def write_warc(
    target: BinaryIO, rows: Iterable[Row], *, about: Fields, made: datetime
) -> tuple[Place, ...]:
    """Write warcinfo and the records of each exchange; return the places of the responses."""
    info = "".join(f"{name}: {value}\r\n" for name, value in about).encode("utf-8")
    info_id = _uuid()
    fields = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", info_id),
        ("WARC-Filename", "data.warc.gz"),
        ("WARC-Date", warc_date(made)),
        ("Content-Type", "application/warc-fields"),
    ]
    _write_bytes(target, fields, info)
    places = [_write_row(target, row, info_id) for row in rows]
    return tuple(place for place in places if place is not None)


def record_count(wire: WireExchange) -> int:
    """Return how many records an exchange becomes at most."""
    return 2 + len(wire.interim) + bool(wire.trailers) + bool(wire.surplus)


def _write_row(target: BinaryIO, row: Row, info_id: str) -> Place | None:
    """Write the response, what came before or instead of it, and the request, all concurrent."""
    wire = row.wire
    request_id, response_id = _uuid(), _uuid()
    answered = wire.response_head > 0
    other = [_uuid() for _ in wire.interim]
    if wire.response.size and not answered:
        other.append(_uuid())
    trailers = [_uuid()] if wire.trailers else []
    surplus = [_uuid()] if wire.surplus else []
    every = [response_id] * answered + [request_id, *other, *trailers, *surplus]
    cut = [("WARC-Truncated", wire.truncated)] if wire.truncated else []
    place = None
    if answered:
        size = wire.response_head if wire.upgraded else wire.response.size
        block = Blob(wire.response.path, wire.response.offset, size)
        fields = _fields("response", row, response_id, every, _RESPONSE, info_id)
        place = _write_http(target, row, fields + cut, block, wire.response_head)
        if wire.method != "GET":
            head = wire.request.read(0, wire.request_head)
            body = request_body(place.url, head, wire.request)
            place = replace(place, request_body=body)
    size = wire.request_head if wire.upgraded else wire.request.size
    block = Blob(wire.request.path, wire.request.offset, size)
    fields = _fields("request", row, request_id, every, _REQUEST, info_id)
    _write_http(target, row, fields, block, wire.request_head)
    for record_id, blob in zip(other, wire.interim, strict=False):
        fields = _fields("metadata", row, record_id, every, _RESPONSE, info_id)
        _write_plain(target, fields, blob)
    if wire.response.size and not answered:
        fields = _fields("metadata", row, other[-1], every, _BYTES, info_id)
        _write_plain(target, fields + cut, wire.response)
    for record_id in trailers:
        lines = "".join(f"{name}: {value}\r\n" for name, value in wire.trailers)
        fields = _fields("metadata", row, record_id, every, _TRAILERS, info_id)
        _write_bytes(target, fields, lines.encode("latin-1"))
    if wire.surplus:
        fields = _fields("metadata", row, surplus[0], every, _BYTES, info_id)
        _write_plain(target, fields, wire.surplus)
    return place


def _write_http(
    target: BinaryIO, row: Row, fields: list[tuple[str, str]], block: Blob, head: int
) -> Place:
    whole, payload = hashlib.sha256(), hashlib.sha256()
    first = block.read(0, head)
    whole.update(first)
    for piece in block.chunks(head):
        whole.update(piece)
        payload.update(piece)
    fields += [("WARC-Payload-Digest", _named(payload)), ("WARC-Block-Digest", _named(whole))]
    offset = target.tell()
    length = _write(target, fields, block.chunks(), block.size, level=_level(block))
    return Place(
        url=dict(fields)["WARC-Target-URI"],
        started=row.wire.started,
        method=row.wire.method,
        status=row.wire.status,
        media_type=media_type(first),
        payload_digest=_named(payload),
        offset=offset,
        length=length,
    )


def _write_plain(target: BinaryIO, fields: list[tuple[str, str]], block: Blob) -> None:
    whole = hashlib.sha256()
    for piece in block.chunks():
        whole.update(piece)
    fields.append(("WARC-Block-Digest", _named(whole)))
    _write(target, fields, block.chunks(), block.size)


def _write_bytes(target: BinaryIO, fields: list[tuple[str, str]], block: bytes) -> None:
    fields.append(("WARC-Block-Digest", _named(hashlib.sha256(block))))
    _write(target, fields, [block], len(block))


def _fields(
    kind: str, row: Row, record_id: str, every: list[str], content: str, info_id: str
) -> list[tuple[str, str]]:
    fields = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id),
        ("WARC-Warcinfo-ID", info_id),
        ("WARC-Target-URI", target_uri(row.wire.url)),
        ("WARC-Date", warc_date(row.wire.started)),
        ("Content-Type", content),
    ]
    fields += [("WARC-Concurrent-To", other) for other in every if other != record_id]
    if row.peer:
        fields.append(("WARC-IP-Address", row.peer))
    if row.wire.protocol:
        fields.append(("WARC-Protocol", row.wire.protocol))
    if row.tls is not None:
        if row.tls.version:
            fields.append(("WARC-Protocol", row.tls.version.lower().replace(" ", "/")))
        if row.tls.cipher:
            fields.append(("WARC-Cipher-Suite", row.tls.cipher))
    return fields


def _level(block: Blob) -> int:
    """Return how hard to compress: large bodies that are compressed already are only wrapped."""
    if block.size <= _HEAVY:
        return 6
    sample = block.read(block.size // 2, _SAMPLE)
    return 0 if len(zlib.compress(sample, 1)) > len(sample) * 9 // 10 else 6


def _write(
    target: BinaryIO, fields: Fields, pieces: Iterable[bytes], size: int, *, level: int = 6
) -> int:
    """Write one record as one gzip member; return the member's length."""
    lines = ["WARC/1.1", *(f"{name}: {value}" for name, value in fields)]
    lines += [f"Content-Length: {size}", "", ""]
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    length = 0
    for data in _record("\r\n".join(lines).encode("utf-8"), pieces):
        length += target.write(packer.compress(data))
    return length + target.write(packer.flush())


def _record(head: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces
    yield b"\r\n\r\n"


def media_type(head: bytes) -> str:
    """Return the media type a response head names, without parameters, lower case; or ``unk``."""
    match = _TYPE_LINE.search(head)
    text = match[1].split(b";")[0].strip().decode("latin-1").lower() if match else ""
    return text if _TYPE.match(text) else "unk"


def target_uri(url: str) -> str:
    """Return ``url`` as a URI: without fragment, what RFC 3986 forbids percent-encoded.

    A WebSocket's opening is an HTTP exchange and gets its HTTP address (RFC 6455, section 3;
    RFC 9110, section 7.1), as readers know HTTP records by their scheme.
    """
    if url.startswith(("ws:", "wss:")):
        url = f"http{url.removeprefix('ws')}"
    return quote(url.partition("#")[0], safe=_URI_SAFE)


def warc_date(moment: datetime) -> str:
    """Return ``2026-01-02T03:04:05.678901Z`` (UTC, microseconds)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fields_of(about: Mapping[str, str]) -> Fields:
    """Return the fields of a mapping in its order, line breaks taken out."""
    return [(name, " ".join(value.split())) for name, value in about.items()]


def _named(digest: hashlib._Hash) -> str:
    return "sha256:" + digest.hexdigest()


def _uuid() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"
