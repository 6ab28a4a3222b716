"""RFC 5652 (CMS): what a timestamp token states of its signer, and which certificate it names.

A reader of DER (X.690) that takes just that from the token; no signature is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.errors import FormatError

DIGESTS = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
    bytes.fromhex("2a811ccf55018311"): "sm3",
}
"""Object identifiers (DER content) of the digest algorithms by name."""
_INTEGER, _OCTETS, _OID, _SEQUENCE, _SET, _ZERO = 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0
_BY_SHA1 = bytes.fromhex("2a864886f70d010910020c")
_BY_DIGEST = bytes.fromhex("2a864886f70d010910022f")
"""The attributes signingCertificate and signingCertificateV2."""
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")


def signer_digest(token: bytes) -> str:
    """Return the name of the digest algorithm of the one signer of a token (a ContentInfo).

    Raises FormatError for bytes that are not one DER token, more signers, or another algorithm.
    """
    return signer_of(token).digest


@dataclass(frozen=True)
class Signer:
    """What SignedData and its one SignerInfo say that the signature itself does not cover.

    ``versions`` are those of SignedData and of SignerInfo; ``signature`` is the object
    identifier (DER content) of the signature algorithm. ``named`` are the digests of the
    signer's certificate in the signed attributes signingCertificate (RFC 2634, SHA-1) and
    signingCertificateV2 (RFC 5035), each with its algorithm; these the signature covers.
    """

    versions: tuple[bytes, bytes]
    digest: str
    signature: bytes
    named: tuple[tuple[str, bytes], ...] = ()


def signer_of(token: bytes) -> Signer:
    """Return what is stated of the one signer of a token (a ContentInfo), or raise FormatError."""
    content = _fields(_only(token, _SEQUENCE))
    signed = _fields(_only(_pick(content, 1, _ZERO), _SEQUENCE))
    signers = list(_fields(_pick(signed, len(signed) - 1, _SET)))
    if len(signers) != 1:
        raise _wrong()
    signer = _fields(_pick(signers, 0, _SEQUENCE))
    name = DIGESTS.get(_pick(_fields(_pick(signer, 2, _SEQUENCE)), 0, _OID))
    at = 4 if len(signer) > 3 and signer[3][0] == _ZERO else 3
    algorithm = _fields(_pick(signer, at, _SEQUENCE))
    if name is None:
        raise _wrong()
    versions = (_pick(signed, 0, _INTEGER), _pick(signer, 0, _INTEGER))
    attributes = _fields(signer[3][1]) if at == 4 else []
    return Signer(versions, name, _pick(algorithm, 0, _OID), tuple(_named(attributes)))


@dataclass(frozen=True)
class SignedParts:
    """What a token's signature is over: ``attributes`` in DER, as they are signed (RFC 5652, 5.4).

    ``content`` is the timestamp itself, ``content_type`` its object identifier (DER content);
    ``stated_type`` and ``stated_digest`` are what the signed attributes say of it.
    """

    content: bytes
    content_type: bytes
    attributes: bytes
    stated_type: bytes
    stated_digest: bytes
    signature: bytes


def signed_parts(token: bytes) -> SignedParts:
    """Return what the one signer of a token (a ContentInfo) signed, or raise FormatError."""
    content = _fields(_only(token, _SEQUENCE))
    signed = _fields(_only(_pick(content, 1, _ZERO), _SEQUENCE))
    enclosed = _fields(_pick(signed, 2, _SEQUENCE))
    signers = _fields(_pick(signed, len(signed) - 1, _SET))
    signer = _fields(_pick(signers, 0, _SEQUENCE))
    attributes = _pick(signer, 3, _ZERO)
    stated: dict[bytes, bytes] = {}
    for tag, one in _items(attributes):
        fields = _fields(one)
        name = _pick(fields, 0, _OID)
        if tag != _SEQUENCE or name in stated:
            raise _wrong()
        stated[name] = _pick(fields, 1, _SET)
    if not {_CONTENT_TYPE, _MESSAGE_DIGEST} <= stated.keys():
        raise _wrong()
    return SignedParts(
        _only(_pick(enclosed, 1, _ZERO), _OCTETS),
        _pick(enclosed, 0, _OID),
        b"\x31" + _length(len(attributes)) + attributes,
        _only(stated[_CONTENT_TYPE], _OID),
        _only(stated[_MESSAGE_DIGEST], _OCTETS),
        _pick(signer, 5, _OCTETS),
    )


def _length(size: int) -> bytes:
    """Return the length of a DER value."""
    if size < 0x80:
        return bytes([size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


def _named(attributes: list[tuple[int, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Yield the digests of the first certificate that each signingCertificate attribute names."""
    for tag, content in attributes:
        fields = _fields(content)
        kind = _pick(fields, 0, _OID)
        if tag != _SEQUENCE or kind not in (_BY_SHA1, _BY_DIGEST):
            continue
        signing = _fields(_only(_pick(fields, 1, _SET), _SEQUENCE))
        certificates = _fields(_pick(signing, 0, _SEQUENCE))
        first = _fields(_pick(certificates, 0, _SEQUENCE))
        name: str | None = "sha1" if kind == _BY_SHA1 else "sha256"
        if kind == _BY_DIGEST and len(first) > 1 and first[0][0] == _SEQUENCE:
            name = DIGESTS.get(_pick(_fields(first[0][1]), 0, _OID))
            first = first[1:]
        if name is None:
            raise _wrong()
        yield name, _pick(first, 0, _OCTETS)


def _wrong() -> FormatError:
    return FormatError(
        "The timestamp's signature is not one whose digest algorithm is known.",
        "无法识别该时间戳签名所用的摘要算法。",
    )


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each DER value."""
    at = 0
    while at < len(data):
        if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
            raise _wrong()
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4 or at + count > len(data):
                raise _wrong()
            size, at = int.from_bytes(data[at : at + count]), at + count
        if at + size > len(data):
            raise _wrong()
        yield tag, data[at : at + size]
        at += size


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    return list(_items(data))


def _only(data: bytes, tag: int) -> bytes:
    found = _fields(data)
    if len(found) != 1:
        raise _wrong()
    return _pick(found, 0, tag)


def _pick(found: list[tuple[int, bytes]], number: int, tag: int) -> bytes:
    if not 0 <= number < len(found) or found[number][0] != tag:
        raise _wrong()
    return found[number][1]
