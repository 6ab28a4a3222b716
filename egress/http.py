"""HTTP/1.1 proxying (RFC 9110, 9112): CONNECT and absolute-form, one request a connection.

Pure: bytes in, bytes out. What could be read two ways (two lengths, a length beside a
coding, bare line ends, folded lines) is refused, so that nothing is smuggled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from egress.errors import BadRequest

MAX_HEAD = 65536
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_DROPPED = {b"proxy-connection", b"proxy-authorization", b"connection", b"keep-alive"}
_DROPPED |= {b"te", b"upgrade", b"trailer"}
Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Request:
    """One request: where it goes, what is sent on, and how its body is framed.

    ``length`` is the body's size in bytes, ``chunked`` that it comes in chunks;
    ``tunnel`` that it is CONNECT and has no body.
    """

    host: str
    port: int
    tunnel: bool
    head: bytes
    length: int
    chunked: bool


def read_request(head: bytes) -> Request:
    """Return the request of a head (up to and with its empty line); raise BadRequest."""
    first, fields = _split(head)
    parts = first.split(b" ")
    if len(parts) != 3 or not _TOKEN.match(parts[0]) or not parts[2].startswith(b"HTTP/1."):
        raise BadRequest("request line")
    method, target = parts[0], parts[1].decode("latin-1")
    length, chunked = _framing(fields)
    if method == b"CONNECT":
        host, port = _authority(target, None)
        return Request(host, port, True, b"", 0, False)
    url = urlsplit(target)
    if url.scheme.lower() != "http" or not url.netloc or "@" in url.netloc:
        raise BadRequest("a proxy needs http:// in the request line, or CONNECT")
    host, port = _authority(url.netloc, 80)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = [method + b" " + path.encode("latin-1") + b" HTTP/1.1", b"Host: " + _host(url.netloc)]
    kept = [(n, v) for n, v in fields if n.lower() not in _DROPPED | {b"host"}]
    lines += [name + b": " + value for name, value in kept]
    return Request(host, port, False, _join(lines), length, chunked)


def close_response(head: bytes) -> bytes:
    """Return a response head that says the connection ends, without what only we may say."""
    first, fields = _split(head)
    kept = [
        name + b": " + value
        for name, value in fields
        if name.lower() not in (b"connection", b"keep-alive", b"proxy-connection")
        and not name.lower().startswith(b"x-markseal-")
    ]
    return _join([first, *kept])


def status_of(head: bytes) -> int:
    """Return the status code of a response head; raise BadRequest if there is none."""
    found = re.match(rb"HTTP/1\.[01] ([1-5]\d\d)(?: |\r)", head)
    if found is None:
        raise BadRequest("status line")
    return int(found[1])


def answer(status: int, phrase: str, *, header: tuple[str, str] | None, body: str) -> bytes:
    """Return a whole response of the guard's own, in UTF-8 text, that ends the connection."""
    data = body.encode()
    lines = [f"HTTP/1.1 {status} {phrase}", "Content-Type: text/plain; charset=utf-8"]
    lines += [f"Content-Length: {len(data)}"]
    lines += [f"{header[0]}: {header[1]}"] if header else []
    return _join([line.encode() for line in lines]) + data


def _join(lines: list[bytes]) -> bytes:
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _split(head: bytes) -> tuple[bytes, Fields]:
    if not head.endswith(b"\r\n\r\n") or b"\x00" in head:
        raise BadRequest("header")
    first, *lines = head[:-4].split(b"\r\n")
    fields: Fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.match(name) or b"\n" in line or b"\r" in line:
            raise BadRequest("header line")
        fields.append((name, value.strip(b" \t")))
    if b"\n" in first or b"\r" in first:
        raise BadRequest("first line")
    return first, fields


def _framing(fields: Fields) -> tuple[int, bool]:
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    codings = [value.lower() for name, value in fields if name.lower() == b"transfer-encoding"]
    if len(lengths) > 1 or len(codings) > 1 or (lengths and codings):
        raise BadRequest("two lengths")
    if codings and codings[0] != b"chunked":
        raise BadRequest("transfer coding")
    if lengths and not re.match(rb"\d{1,15}\Z", lengths[0]):
        raise BadRequest("content length")
    return int(lengths[0]) if lengths else 0, bool(codings)


def _authority(text: str, default: int | None) -> tuple[str, int]:
    found = re.match(r"(\[[^\]]+\]|[^:\[\]]+)(?::(\d{1,5}))?\Z", text)
    if found is None or (found[2] is None and default is None):
        raise BadRequest("host and port")
    return found[1].strip("[]"), int(found[2] or default or 0)


def _host(netloc: str) -> bytes:
    return netloc.encode("latin-1")
