"""RFC 5652 section 5.3: the fields of a token's SignerInfo that are otherwise overlooked.

OpenSSL's PKCS #7 takes the kind of signature from the signer's key and overlooks what
``signatureAlgorithm`` and the two versions state; a changed byte there would not be noticed.
They are held to the key and to the digest here. So is the certificate that the token names
(RFC 3161 section 2.4.2, RFC 5816), and what is signed with a digest that can be collided with
counts for nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import TimeStampResponse

from evidence.errors import FormatError
from evidence.format.cms import signer_of
from evidence.verify.refusal import Refusal

VERSIONS = (b"\x03", b"\x01")
"""RFC 3161 section 2.4.2: SignedData of a token is version 3, a SignerInfo by serial number 1."""

_RSA = bytes.fromhex("2a864886f70d0101")
_ECDSA = bytes.fromhex("2a8648ce3d0403")
_KNOWN: dict[type, dict[bytes, str | None]] = {
    rsa.RSAPublicKey: {
        _RSA + b"\x01": None,  # rsaEncryption: the digest is that of digestAlgorithm
        _RSA + b"\x05": "sha1",
        _RSA + b"\x0a": None,  # RSASSA-PSS: its digest stands in the parameters
        _RSA + b"\x0b": "sha256",
        _RSA + b"\x0c": "sha384",
        _RSA + b"\x0d": "sha512",
    },
    ec.EllipticCurvePublicKey: {
        bytes.fromhex("2a8648ce3d0201"): None,  # id-ecPublicKey, as some authorities write
        bytes.fromhex("2a8648ce3d0401"): "sha1",
        _ECDSA + b"\x02": "sha256",
        _ECDSA + b"\x03": "sha384",
        _ECDSA + b"\x04": "sha512",
    },
    ed25519.Ed25519PublicKey: {bytes.fromhex("2b6570"): None},
    ed448.Ed448PublicKey: {bytes.fromhex("2b6571"): None},
}
"""Kind of key to its signature algorithms (DER content), each with the digest that it names."""


COLLIDING = frozenset({"md5", "sha1"})
"""Digests for which two contents of one value can be made: a signature over one is over both."""


def check_algorithm(token: bytes, signer: x509.Certificate) -> None:
    """Prove that the stated algorithm is one of the signer's key and digest, or raise.

    And that the token names this very certificate. ``token`` is the ContentInfo in DER. Raises
    Refusal.
    """
    try:
        stated = signer_of(token)
    except FormatError as error:
        raise Refusal(error.en.rstrip("."), error.zh.rstrip("。")) from error
    if stated.versions != VERSIONS:
        raise Refusal(
            "SignedData or SignerInfo is of another version", "SignedData 或 SignerInfo 的版本不对"
        )
    key = signer.public_key()
    known = next((names for kind, names in _KNOWN.items() if isinstance(key, kind)), {})
    if stated.signature not in known:
        raise Refusal(
            "the signature algorithm is not one of the signer's key", "签名算法与签名者密钥不符"
        )
    if known[stated.signature] not in (None, stated.digest):
        raise Refusal(
            "the signature algorithm names another digest than the signer",
            "签名算法所写摘要与签名者所写不同",
        )
    if stated.digest in COLLIDING:
        raise Refusal(
            f"it is signed with {_shown(stated.digest)}, which is broken",
            f"以已被攻破的 {_shown(stated.digest)} 签名",
        )
    _check_named(stated.named, signer)


def check_use(signer: x509.Certificate) -> None:
    """Prove that a certificate is for timestamps alone, and says so as critical, or raise Refusal.

    RFC 3161 section 2.3.
    """
    try:
        found = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        found = None
    if found is None or list(found.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Refusal(
            "the signer's certificate is not for timestamps alone", "签名者证书并非专用于时间戳"
        )
    if not found.critical:
        raise Refusal(
            "the use of the signer's certificate is not critical", "签名者证书的用途未标为关键"
        )


def check_issued(issued: Sequence[x509.Certificate]) -> None:
    """Prove that no certificate below the trusted ones is signed with a broken digest, or raise."""
    for certificate in issued:
        algorithm = certificate.signature_hash_algorithm
        if algorithm is not None and algorithm.name in COLLIDING:
            raise Refusal(
                f"a certificate is signed with {_shown(algorithm.name)}, which is broken",
                f"有证书以已被攻破的 {_shown(algorithm.name)} 签名",
            )


def names_certificate(response: TimeStampResponse, certificate: x509.Certificate) -> bool:
    """Say whether a token's signed attributes name this very certificate by its digest."""
    try:
        _check_named(signer_of(response.time_stamp_token()).named, certificate)
    except (FormatError, Refusal):
        return False
    return True


def _shown(name: str) -> str:
    return {"sha1": "SHA-1"}.get(name, name.upper())


def _check_named(named: Sequence[tuple[str, bytes]], signer: x509.Certificate) -> None:
    """RFC 3161 section 2.4.2: the signed attributes name the signer's certificate by its digest."""
    data = signer.public_bytes(Encoding.DER)
    if not named:
        raise Refusal("it does not name its signer's certificate", "没有写明签名者的证书")
    for name, digest in named:
        if hashlib.new(name, data, usedforsecurity=False).digest() != digest:
            raise Refusal(
                "it names another certificate than its signer's", "写明的不是签名者的证书"
            )
