"""Ed25519 (RFC 8032) over the signed entries of the log: making and verifying signatures."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import ProofError
from evidence.format.digests import sha256_hex
from evidence.format.entry.keys import KeyChange, KeySignature, RecoveryChange, Succession
from evidence.format.entry.signed import CaseClosed, CaseContinued, Erasure

T = TypeVar("T", CaseClosed, CaseContinued, Erasure)


def sign_entry(entry: T, private: Ed25519PrivateKey) -> T:
    """Return the entry with ``signer`` and ``signature`` by ``private``."""
    signer = sha256_hex(private.public_key().public_bytes_raw())
    named = replace(entry, signer=signer)
    return replace(named, signature=private.sign(named.signed))


def verify_entry(entry: CaseClosed | CaseContinued | Erasure, key: Ed25519PublicKey) -> None:
    """Prove that ``key`` signed the entry and is the one that it names, or raise ProofError."""
    if sha256_hex(key.public_bytes_raw()) != entry.signer:
        raise ProofError(
            "the entry names another signer than this key", "该条目所写的签名密钥不是这一把"
        )
    _verify(key, entry.signature, entry.signed)


def countersign(signed: bytes, private: Ed25519PrivateKey) -> KeySignature:
    """Return a signature over the bytes that a key change or a succession says are signed."""
    return KeySignature(private.public_key().public_bytes_raw(), private.sign(signed))


def verify_signatures(entry: KeyChange | RecoveryChange | Succession) -> frozenset[bytes]:
    """Return the public keys whose signature on the entry verifies, or raise ProofError.

    Every signature must be right. Which keys may sign it is not known here.
    """
    for item in entry.signatures:
        _verify(Ed25519PublicKey.from_public_bytes(item.key), item.signature, entry.signed)
    return frozenset(item.key for item in entry.signatures)


def _verify(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> None:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise ProofError(
            "the entry's signature does not verify with its key", "该条目的签名与密钥不符"
        ) from None
