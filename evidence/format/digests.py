"""Digests: SHA-256 (FIPS 180-4) and SM3 (GB/T 32905), always as lower-case hex."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes

from evidence.errors import FormatError

CHUNK = 1 << 18
ZERO = "0" * 64
_HEX = re.compile(r"[0-9a-f]+\Z")


@dataclass(frozen=True)
class Digests:
    """Size in bytes and the two digests (hex) of one sequence of bytes."""

    size: int
    sha256: str
    sm3: str


class Meter:
    """Digests and counts bytes as they pass; ``finish`` returns the result once."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sm3 = hashes.Hash(hashes.SM3())
        self._size = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take in the next bytes."""
        self._sha256.update(data)
        self._sm3.update(bytes(data))
        self._size += len(data)

    def finish(self) -> Digests:
        """Return size and digests of everything taken in; the meter is then spent."""
        return Digests(self._size, self._sha256.hexdigest(), self._sm3.finalize().hex())


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as hex."""
    return hashlib.sha256(data).hexdigest()


def sm3_hex(data: bytes) -> str:
    """Return the SM3 of ``data`` as hex."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def digest_bytes(data: bytes) -> Digests:
    """Return size and both digests of ``data``."""
    return Digests(len(data), sha256_hex(data), sm3_hex(data))


def digest_chunks(chunks: Iterable[bytes]) -> Digests:
    """Return size and both digests of all chunks in order."""
    meter = Meter()
    for chunk in chunks:
        meter.update(chunk)
    return meter.finish()


def read_chunks(source: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of ``source`` in chunks."""
    while chunk := source.read(CHUNK):
        yield chunk


def digest_stream(source: BinaryIO) -> Digests:
    """Return size and both digests of the rest of ``source``, read in chunks."""
    return digest_chunks(read_chunks(source))


def check_hex(value: object, noun: str, *, length: int = 64) -> str:
    """Return ``value`` if it is lower-case hex of ``length`` digits, else raise FormatError."""
    if not isinstance(value, str) or len(value) != length or not _HEX.match(value):
        raise FormatError(
            f"{noun} is not {length} lower-case hex digits",
            f"{noun} 不是 {length} 位小写十六进制数",
        )
    return value
