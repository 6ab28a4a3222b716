"""RFC 5652 section 5.3: the fields of a token's SignerInfo that its signature does not cover.

OpenSSL's PKCS #7 takes the kind of signature from the signer's key and overlooks what
``signatureAlgorithm`` and the two versions state; a changed byte there would not be noticed.
They are held to the key and to the digest here.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from rfc3161_client import VerificationError

from evidence.errors import FormatError
from evidence.format.cms import signer_of

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


def check_algorithm(token: bytes, signer: x509.Certificate) -> None:
    """Prove that the stated algorithm is one of the signer's key and digest, or raise.

    ``token`` is the ContentInfo in DER. Raises VerificationError.
    """
    try:
        stated = signer_of(token)
    except FormatError as error:
        raise VerificationError(error.en.rstrip(".")) from error
    if stated.versions != VERSIONS:
        raise VerificationError("SignedData or SignerInfo is of another version")
    key = signer.public_key()
    known = next((names for kind, names in _KNOWN.items() if isinstance(key, kind)), {})
    if stated.signature not in known:
        raise VerificationError("the signature algorithm is not one of the signer's key")
    if known[stated.signature] not in (None, stated.digest):
        raise VerificationError("the signature algorithm names another digest than the signer")
