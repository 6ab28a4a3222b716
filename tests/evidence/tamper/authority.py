"""A timestamp authority of the tests that answers at a fixed time, rightly or as a crime wants.

RFC 3161 responses are built with cryptography alone, so that every field can be wrong. Keys and
serial numbers are always the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.evidence.keeping.authorities import der, integer, oid, seq

DIGESTS = {
    "sha1": "2b0e03021a",
    "sha256": "608648016503040201",
    "sha384": "608648016503040202",
    "sha512": "608648016503040203",
}
ECDSA = {
    "sha1": "2a8648ce3d0401",
    "sha256": "2a8648ce3d040302",
    "sha384": "2a8648ce3d040303",
    "sha512": "2a8648ce3d040304",
}
HASHES = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
POLICY, OTHER_POLICY = "2a0304", "2a0305"
YEAR = timedelta(days=365)
PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER


@dataclass(frozen=True)
class Answer:
    """How an answer differs from a right one; the defaults are right.

    ``time`` is the time as written, ``also`` a second signer, ``ess_v1`` names the certificate by
    SHA-1 as RFC 3161 did at first.
    """

    moment: datetime = NOW + timedelta(seconds=1)
    imprint: str = "sha256"
    signing: str = "sha256"
    policy: str = POLICY
    nonce: int = 0x0123456789ABCDEF
    status: int = 0
    versions: tuple[int, int] = (3, 1)
    signature_oid: str | None = None
    embedded: Sequence[x509.Certificate] | None = None
    ess: x509.Certificate | None = None
    signers: int = 1
    trailing: bytes = b""
    info: int = 1
    time: bytes | None = None
    also: Maker | None = None
    ess_v1: bool = False


@dataclass
class Maker:
    """An authority ``name``: a root of ten years each way and a signer, with keys from ``seed``.

    ``usage`` is how the signer's certificate states its use: ``critical`` (right), ``plain``,
    ``none``, ``more`` (another use besides).
    """

    seed: int
    name: str = "Test"
    start: datetime = NOW - 10 * YEAR
    end: datetime = NOW + 30 * YEAR
    usage: str = "critical"
    serial: int = 7
    parent: Maker | None = None

    def __post_init__(self) -> None:
        self.root_key = ec.derive_private_key(1000 + self.seed, ec.SECP256R1())
        self.key = ec.derive_private_key(2000 + self.seed, ec.SECP256R1())
        if self.parent is not None:
            self.root_key = self.parent.root_key
        self.certificate = self.parent.certificate if self.parent else self._root()
        self.leaf = self.issue(self.key, self.usage, self.serial)

    @property
    def root(self) -> bytes:
        """The root in PEM."""
        return self.certificate.public_bytes(PEM)

    def _subject(self, what: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} {what}")])

    def _builder(self, what: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        authority = what == "Root"
        usage = x509.KeyUsage(
            not authority, False, False, False, False, authority, authority, False, False
        )
        return (
            x509.CertificateBuilder()
            .subject_name(self._subject(what))
            .issuer_name(self._subject("Root"))
            .public_key(key)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(usage, critical=True)
        )

    def _root(self) -> x509.Certificate:
        builder = self._builder("Root", self.root_key.public_key()).serial_number(1)
        builder = builder.not_valid_before(NOW - 10 * YEAR).not_valid_after(NOW + 30 * YEAR)
        return builder.sign(self.root_key, hashes.SHA256(), ecdsa_deterministic=True)

    def issue(self, key: ec.EllipticCurvePrivateKey, usage: str, serial: int) -> x509.Certificate:
        """Return a signer's certificate."""
        builder = self._builder("TSA", key.public_key()).serial_number(serial)
        builder = builder.not_valid_before(self.start).not_valid_after(self.end)
        uses = [ExtendedKeyUsageOID.TIME_STAMPING]
        if usage == "more":
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
        if usage != "none":
            extension = x509.ExtendedKeyUsage(uses)
            builder = builder.add_extension(extension, critical=usage != "plain")
        return builder.sign(self.root_key, hashes.SHA256(), ecdsa_deterministic=True)

    def stamp(self, data: bytes, **how: object) -> tuple[bytes, bytes]:
        """Return request and response over a digest of ``data``."""
        wish = replace(Answer(), **how)  # type: ignore[arg-type]
        return query(data, wish.imprint), self.answer(data, wish)

    def answer(self, data: bytes, wish: Answer) -> bytes:
        """Return the response over a digest of ``data``."""
        moment = wish.time or wish.moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
        digest = hashlib.new(wish.imprint, data, usedforsecurity=False).digest()
        info = seq(
            integer(wish.info),
            oid(wish.policy),
            seq(seq(oid(DIGESTS[wish.imprint]), der(0x05)), der(0x04, digest)),
            integer(0x77),
            der(0x18, moment),
            integer(wish.nonce),
        )
        return seq(seq(integer(wish.status)), self._signed(info, wish)) + wish.trailing

    def _signed(self, info: bytes, wish: Answer) -> bytes:
        content = oid("2a864886f70d0109100104")
        signers = [self._signer(info, content, wish)] * wish.signers
        if wish.also is not None:
            signers = sorted([*signers, wish.also._signer(info, content, wish)])
        embedded = [self.leaf] if wish.embedded is None else wish.embedded
        data = seq(
            integer(wish.versions[0]),
            der(0x31, seq(oid(DIGESTS[wish.signing]))),
            seq(content, der(0xA0, der(0x04, info))),
            der(0xA0, *sorted(c.public_bytes(DER) for c in embedded)),
            der(0x31, *signers),
        )
        return seq(oid("2a864886f70d010702"), der(0xA0, data))

    def _signer(self, info: bytes, content: bytes, wish: Answer) -> bytes:
        attribute = "2a864886f70d0109"
        named = wish.ess or self.leaf
        issuer_serial = seq(
            seq(der(0xA4, named.issuer.public_bytes())), integer(named.serial_number)
        )
        raw = hashlib.sha512(named.public_bytes(DER)).digest()
        ess = seq(seq(oid(DIGESTS["sha512"])), der(0x04, raw), issuer_serial)
        named_by = seq(oid("2a864886f70d010910022f"), der(0x31, seq(seq(ess))))
        if wish.ess_v1:
            short = hashlib.sha1(named.public_bytes(DER), usedforsecurity=False).digest()
            first = seq(der(0x04, short), issuer_serial)
            named_by = seq(oid("2a864886f70d010910020c"), der(0x31, seq(seq(first))))
        stated = hashlib.new(wish.signing, info, usedforsecurity=False).digest()
        attributes = sorted(
            [
                seq(oid(attribute + "03"), der(0x31, content)),
                seq(oid(attribute + "04"), der(0x31, der(0x04, stated))),
                named_by,
            ]
        )
        signature = self.key.sign(
            der(0x31, *attributes), ec.ECDSA(HASHES[wish.signing], deterministic_signing=True)
        )
        return seq(
            integer(wish.versions[1]),
            seq(self.leaf.issuer.public_bytes(), integer(self.leaf.serial_number)),
            seq(oid(DIGESTS[wish.signing])),
            der(0xA0, *attributes),
            seq(oid(wish.signature_oid or ECDSA[wish.signing])),
            der(0x04, signature),
        )

    def listing(
        self, revoked: datetime | None, *, by: Maker | None = None, moment: datetime = NOW
    ) -> bytes:
        """Return the issuer's list; the signer's certificate is revoked from that time on."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._subject("Root"))
            .last_update(moment - timedelta(days=1))
            .next_update(moment + timedelta(days=7))
        )
        if revoked is not None:
            row = x509.RevokedCertificateBuilder().serial_number(self.serial)
            builder = builder.add_revoked_certificate(row.revocation_date(revoked).build())
        return builder.sign(
            (by or self).root_key, hashes.SHA256(), ecdsa_deterministic=True
        ).public_bytes(DER)


def query(
    data: bytes,
    algorithm: str = "sha256",
    *,
    policy: str | None = None,
    nonce: int = Answer.nonce,
    version: int = 1,
) -> bytes:
    """Return a request over a digest of ``data``."""
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return seq(
        integer(version),
        seq(seq(oid(DIGESTS[algorithm]), der(0x05)), der(0x04, digest)),
        oid(policy) if policy else b"",
        integer(nonce),
        der(0x01, b"\xff"),
    )
