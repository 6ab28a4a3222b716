"""TLS handshake messages (RFC 8446, RFC 5246) as the log keeps them: what the server added.

Read are the stapled OCSP answer (RFC 6066) and the list of signed certificate timestamps
(RFC 6962) that came beside the certificate; a compressed certificate message (RFC 8879) is
unpacked first. Nothing is verified here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import brotli
import zstandard

SERVER_HELLO, CERTIFICATE, STATUS, COMPRESSED = 2, 11, 22, 25
OCSP, SCTS = 5, 18
UNPACKED_LIMIT = 1 << 24
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class _Reader:
    """Bytes taken from the front; ``ValueError`` when there are too few."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        if len(piece) != size:
            raise ValueError("a handshake message ends early")
        self.at += size
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """Return a vector whose length stands before it in ``size`` bytes."""
        return self.take(self.number(size))

    @property
    def left(self) -> int:
        return len(self.data) - self.at


@dataclass(frozen=True)
class Additions:
    """What a server sent beside its certificate."""

    stapled: bytes | None = None
    timestamps: tuple[bytes, ...] = ()


def additions(message: bytes, *, tls13: bool) -> Additions:
    """Return what one handshake message adds; nothing for other messages.

    Raises ValueError when the message does not have its form.
    """
    reader = _Reader(message)
    kind = reader.number(1)
    body = reader.vector(3)
    if kind == COMPRESSED:
        kind, body = CERTIFICATE, _unpacked(body)
    if kind == CERTIFICATE and tls13:
        return _of_extensions(_leaf_extensions(body))
    if kind == SERVER_HELLO and not tls13:
        return _of_extensions(_hello_extensions(body))
    if kind == STATUS and not tls13:
        return Additions(stapled=_status(body))
    return Additions()


def is_tls13(hello: bytes) -> bool:
    """Return whether a ServerHello message chooses TLS 1.3 (a retry request does as well)."""
    reader = _Reader(hello)
    if reader.number(1) != SERVER_HELLO:
        return False
    body = reader.vector(3)
    if body[2:34] == _RETRY:
        return True
    return any(number == 43 and value == b"\x03\x04" for number, value in _hello_extensions(body))


def _unpacked(body: bytes) -> bytes:
    reader = _Reader(body)
    algorithm, size = reader.number(2), reader.number(3)
    packed = reader.vector(3)
    if size > UNPACKED_LIMIT:
        raise ValueError("a certificate message that is too large")
    try:
        if algorithm == 1:
            plain = zlib.decompressobj().decompress(packed, UNPACKED_LIMIT)
        elif algorithm == 2:
            plain = brotli.Decompressor().process(packed, output_buffer_limit=UNPACKED_LIMIT)
        elif algorithm == 3:
            plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=UNPACKED_LIMIT)
        else:
            raise ValueError("a certificate message in an unknown compression")
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise ValueError("a certificate message that does not unpack") from error
    return plain


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    reader = _Reader(data)
    while reader.left:
        yield reader.number(2), reader.vector(2)


def _hello_extensions(body: bytes) -> list[tuple[int, bytes]]:
    reader = _Reader(body)
    reader.take(34)  # version and random
    reader.vector(1)
    reader.take(3)  # cipher suite and compression
    return list(_extensions(reader.vector(2))) if reader.left else []


def _leaf_extensions(body: bytes) -> list[tuple[int, bytes]]:
    reader = _Reader(body)
    reader.vector(1)
    certificates = _Reader(reader.vector(3))
    if not certificates.left:
        return []
    certificates.vector(3)
    return list(_extensions(certificates.vector(2)))


def _of_extensions(found: list[tuple[int, bytes]]) -> Additions:
    stapled: bytes | None = None
    timestamps: tuple[bytes, ...] = ()
    for number, value in found:
        if number == OCSP and value:
            stapled = _status(value)
        elif number == SCTS and value:
            timestamps = tuple(timestamp_list(value))
    return Additions(stapled, timestamps)


def _status(body: bytes) -> bytes | None:
    reader = _Reader(body)
    return reader.vector(3) if reader.number(1) == 1 else None


def timestamp_list(data: bytes) -> list[bytes]:
    """Return the entries of a SignedCertificateTimestampList (RFC 6962, 3.3)."""
    reader = _Reader(_Reader(data).vector(2))
    found = []
    while reader.left:
        found.append(reader.vector(2))
    return found


def timestamp_fields(entry: bytes) -> dict[str, str]:
    """Return version, log id (hex) and time (milliseconds since 1970) of one SCT."""
    reader = _Reader(entry)
    version, log, moment = reader.number(1), reader.take(32), reader.take(8)
    return {
        "version": f"v{version + 1}",
        "log_id": log.hex(),
        "timestamp": str(struct.unpack(">Q", moment)[0]),
    }
