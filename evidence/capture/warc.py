"""WARC 1.1 (ISO 28500:2017): exchanges to gzip members, with their places for the index.

The bodies are decoded by the browser, so ``Content-Encoding``, ``Transfer-Encoding`` and a
``Content-Length`` that no longer fits are renamed ``X-Orig-…`` with their values kept, and a
``Content-Length`` of the stored body is written. Header names, values, order and repeats are
otherwise as received. HTTP/2 exchanges are written in HTTP/1.1 form and say
``WARC-Protocol: h2``.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from evidence.capture.exchange import BodyForm, Exchange, Headers

_CODED = ("content-encoding", "transfer-encoding")


@dataclass(frozen=True)
class Place:
    """Where one response record lies in the WARC file, and what the index says of it."""

    url: str
    started: datetime
    method: str
    status: int
    media_type: str
    payload_digest: str
    offset: int
    length: int


def write_warc(
    target: BinaryIO, exchanges: Iterable[Exchange], *, about: Mapping[str, str], made: datetime
) -> tuple[Place, ...]:
    """Write warcinfo and a request and response record per exchange; return the places."""
    info = "".join(f"{name}: {value}\r\n" for name, value in about.items()).encode("utf-8")
    _write(target, _warcinfo(info, made), info)
    places = []
    for exchange in exchanges:
        response = _uuid()
        head, payload = response_block(exchange)
        fields = _fields("response", exchange, response, "application/http;msgtype=response")
        fields["WARC-Payload-Digest"] = _digest(payload)
        if exchange.body_form is BodyForm.CUT_OFF:
            fields["WARC-Truncated"] = "time"
        if exchange.peer:
            fields["WARC-IP-Address"] = exchange.peer
        offset = target.tell()
        length = _write(target, fields, head + payload)
        places.append(_place(exchange, fields["WARC-Payload-Digest"], offset, length))
        head, payload = request_block(exchange)
        fields = _fields("request", exchange, _uuid(), "application/http;msgtype=request")
        fields["WARC-Payload-Digest"] = _digest(payload)
        fields["WARC-Concurrent-To"] = response
        _write(target, fields, head + payload)
    return tuple(places)


def response_block(exchange: Exchange) -> tuple[bytes, bytes]:
    """Return the HTTP head and the body of a response record."""
    body = exchange.response_body
    headers = stored_headers(exchange.response_headers, len(body), coded=bool(body))
    line = f"HTTP/1.1 {exchange.status} {exchange.reason}".rstrip() + "\r\n"
    return _head(line, headers), body


def request_block(exchange: Exchange) -> tuple[bytes, bytes]:
    """Return the HTTP head and the body of a request record."""
    return _head(f"{exchange.request_line}\r\n", exchange.request_headers), exchange.request_body


def stored_headers(headers: Headers, size: int, *, coded: bool) -> Headers:
    """Return the headers as stored beside a decoded body of ``size`` bytes."""
    kept: list[tuple[str, str]] = []
    length_seen = False
    for name, value in headers:
        lower = name.lower()
        misfit = lower == "content-length" and value.strip() != str(size)
        if coded and (lower in _CODED or misfit):
            kept.append((f"X-Orig-{name}", value))
        else:
            length_seen = length_seen or lower == "content-length"
            kept.append((name, value))
    if coded and not length_seen:
        kept.append(("Content-Length", str(size)))
    return tuple(kept)


def _head(line: str, headers: Headers) -> bytes:
    text = line + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    return text.encode("utf-8")


def _fields(kind: str, exchange: Exchange, record_id: str, content_type: str) -> dict[str, str]:
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Target-URI": exchange.url,
        "WARC-Date": warc_date(exchange.started),
        "Content-Type": content_type,
    }
    if exchange.protocol:
        fields["WARC-Protocol"] = exchange.protocol
    return fields


def _warcinfo(block: bytes, made: datetime) -> dict[str, str]:
    return {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": _uuid(),
        "WARC-Filename": "data.warc.gz",
        "WARC-Date": warc_date(made),
        "Content-Type": "application/warc-fields",
    }


def _write(target: BinaryIO, fields: Mapping[str, str], block: bytes) -> int:
    lines = ["WARC/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    lines += [f"WARC-Block-Digest: {_digest(block)}", f"Content-Length: {len(block)}", "", ""]
    record = "\r\n".join(lines).encode("utf-8") + block + b"\r\n\r\n"
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    member = packer.compress(record) + packer.flush()
    target.write(member)
    return len(member)


def _place(exchange: Exchange, digest: str, offset: int, length: int) -> Place:
    return Place(
        url=exchange.url,
        started=exchange.started,
        method=exchange.method,
        status=exchange.status,
        media_type=exchange.media_type,
        payload_digest=digest,
        offset=offset,
        length=length,
    )


def warc_date(moment: datetime) -> str:
    """Return ``2026-01-02T03:04:05.678901Z`` (UTC, microseconds)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _uuid() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"
