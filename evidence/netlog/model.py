"""What went over the wire, as Chromium's own log has it: connections and exchanges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

CHUNK = 1 << 18
_BLANK = 16


@dataclass(frozen=True)
class Blob:
    """``size`` bytes at ``offset`` of a spool file; nothing is held in memory."""

    path: Path
    offset: int
    size: int

    def read(self, start: int = 0, size: int | None = None) -> bytes:
        """Return the bytes from ``start``, all of them or at most ``size``."""
        left = max(0, self.size - start)
        if not left:  # an empty blob may have no file
            return b""
        with self.path.open("rb") as source:
            source.seek(self.offset + start)
            return source.read(left if size is None else min(size, left))

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes from ``start`` in bounded pieces."""
        while start < self.size:
            piece = self.read(start, CHUNK)
            if not piece:
                return
            start += len(piece)
            yield piece


def is_blank(blob: Blob) -> bool:
    """Return whether bytes are a few empty lines (CR and LF) and nothing else."""
    return 0 < blob.size <= _BLANK and not blob.read().strip(b"\r\n")


@dataclass(frozen=True)
class Tls:
    """A TLS connection as Chromium saw it.

    ``chain`` is what the server sent (DER, leaf first). ``verdict`` is ``ok``, or Chromium's
    error name (``ERR_CERT_AUTHORITY_INVALID``), or ``not verified`` where the log has none.
    ``status`` are the certificate status flags by name. ``scts`` are the signed certificate
    timestamps: ``origin`` (``embedded_in_certificate``, ``tls_extension``, ``ocsp``), ``log_id``
    (hex), ``timestamp`` (milliseconds since 1970), ``status`` (Chromium's word, or ``not
    verified``). ``stapled`` is the stapled OCSP answer, if one was sent. ``known_root`` is
    whether Chromium found the chain to end in a root it ships; ``transparency`` is its word on
    Certificate Transparency. ``chain_from`` and ``verdict_from`` name the connection whose chain
    or verdict stands here because the browser remembered it; None when it is this one's own.
    """

    version: str
    cipher: str
    alpn: str
    resumed: bool
    chain: tuple[bytes, ...]
    verdict: str
    status: tuple[str, ...]
    scts: tuple[dict[str, str], ...] = ()
    stapled: bytes | None = None
    known_root: bool | None = None
    transparency: str = ""
    chain_from: int | None = None
    verdict_from: int | None = None


@dataclass(frozen=True)
class Connection:
    """One connection of the browser.

    ``source`` is its id in the log. ``local_port`` joins it to the guard's journal
    (``client_port`` there). ``host`` and ``port`` are the target as asked of the guard, or the
    peer's own without one. ``bytes_up`` and ``bytes_down`` count what went inside TLS, SOCKS
    left out; ``raw_up`` and ``raw_down`` count the bytes on the wire, TLS records and handshake
    included, SOCKS left out, as the guard counts them. ``error`` is the net error's name when it
    could not be opened.
    """

    source: int
    opened: datetime
    host: str
    port: int
    peer: str | None
    local_port: int | None
    proxied: bool
    tls: Tls | None
    bytes_up: int
    bytes_down: int
    error: str | None = None
    raw_up: int = 0
    raw_down: int = 0


@dataclass(frozen=True)
class WireExchange:
    """A request and its response; ``literal`` when the blobs are the bytes on the wire.

    ``request_head`` and ``response_head`` are the sizes of the heads, the empty line included;
    the body follows as it came, chunk framing and content coding kept. ``interim`` are the 1xx
    heads before the response. Over HTTP/2 the heads are written in HTTP/1.1 form from the
    decoded fields, bodies are the DATA frames joined, and ``literal`` is False. ``truncated`` is
    one of WARC's words (``disconnect``, ``unspecified``) when the response
    was cut short. A response of size 0 is one that never came. ``upgraded`` marks a 101;
    ``beyond_up`` and ``beyond_down`` count the bytes after it, which are no HTTP and are in no
    blob. ``request_cut`` is True when the request's own body was not sent to its end.
    ``trailers`` are those of an HTTP/2 answer (over HTTP/1.1 they are in the body's framing).
    ``surplus`` are the bytes that came after the answer's end and before the next request on the
    connection, which belong to no answer (RFC 9112, section 6.3); None where there are none.
    """

    number: int
    connection: int
    url: str
    method: str
    started: datetime
    finished: datetime
    request: Blob
    request_head: int
    response: Blob
    response_head: int
    status: int
    reason: str
    protocol: str
    literal: bool
    truncated: str | None = None
    interim: tuple[Blob, ...] = ()
    upgraded: bool = False
    request_cut: bool = False
    beyond_up: int = 0
    beyond_down: int = 0
    trailers: tuple[tuple[str, str], ...] = ()
    surplus: Blob | None = None

    @property
    def surplus_is_blank(self) -> bool:
        """Whether what came after the answer is empty lines alone, which mean nothing."""
        return self.surplus is not None and is_blank(self.surplus)


@dataclass(frozen=True)
class Wire:
    """Everything one log says. ``complete`` is False when its end is missing (a crash).

    ``faults`` name, in English, what in the log could not be understood; an empty tuple means
    that every byte of every connection belongs to an exchange or to TLS and SOCKS, or is an
    empty line after an answer. ``served``
    counts requests that a cache answered, by URL. ``datagrams`` counts UDP bytes sent.
    ``root_store`` is the version of Chromium's own root store that judged certificates, None
    where it judged none.
    """

    browser: str
    command_line: str
    complete: bool
    connections: tuple[Connection, ...]
    exchanges: tuple[WireExchange, ...]
    faults: tuple[str, ...]
    served: tuple[tuple[str, int], ...] = ()
    datagrams: int = 0
    root_store: int | None = None
