"""RFC 3161 section 2.4.1: the bytes of a TimeStampReq, in DER (X.690)."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

ALGORITHMS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "sm3": "1.2.156.10197.1.401",
}
"""The digests that a request may be over, and their object identifiers."""
NONCE_BITS = 64
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,17})){1,20}\Z", re.ASCII)


@dataclass(frozen=True)
class Request:
    """A request over ``imprint``; ``data`` are its bytes, asking for the certificates too."""

    data: bytes
    imprint: bytes
    nonce: int
    algorithm: str
    policy: str | None


def build_request(data: bytes, *, algorithm: str = "sha256", policy: str | None = None) -> Request:
    """Return a request with a fresh random nonce over the digest of ``data``."""
    imprint = hashlib.new(algorithm, data).digest()
    nonce = secrets.randbits(NONCE_BITS - 1) | 1 << (NONCE_BITS - 2)
    name = _tlv(0x30, _oid(ALGORITHMS[algorithm]) + _tlv(0x05, b""))
    body = _integer(1) + _tlv(0x30, name + _tlv(0x04, imprint))
    body += _oid(policy) if policy is not None else b""
    body += _integer(nonce) + _tlv(0x01, b"\xff")
    return Request(_tlv(0x30, body), imprint, nonce, algorithm, policy)


def is_oid(text: str) -> bool:
    """Return whether ``text`` is an object identifier in dotted form."""
    arcs = text.split(".")
    return bool(_OID.match(text)) and (arcs[0] == "2" or int(arcs[1]) < 40)


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(text: str) -> bytes:
    first, second, *rest = (int(arc) for arc in text.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return _tlv(0x06, content)
