"""Timestamp authorities whose certificates end when a test says, answering by a handed-in clock.

RFC 3161 responses are built here with cryptography alone (CMS by hand), because ``openssl ts``
always takes the machine's own time.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client._rust import parse_timestamp_request

SHA = {"sha256": "608648016503040201", "sha512": "608648016503040203"}
ECDSA = {"sha256": "2a8648ce3d040302", "sha512": "2a8648ce3d040304"}
HASHES = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}


def der(tag: int, *parts: bytes) -> bytes:
    """Return one DER value."""
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(raw)]) + raw + body


def seq(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def oid(hexed: str) -> bytes:
    return der(0x06, bytes.fromhex(hexed))


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass
class Dated:
    """An authority ``name`` valid from ``start`` to ``end``; ``now`` is what its clock shows."""

    name: str
    start: datetime
    end: datetime
    now: datetime
    signing: str = "sha512"
    trial: bool = False
    point: str = ""
    """Where its certificate says that its list is."""

    def __post_init__(self) -> None:
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate(None)
        self.leaf = self._certificate(self.root)

    @property
    def roots(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    def _certificate(self, issuer: x509.Certificate | None) -> x509.Certificate:
        own = self._root_key if issuer is None else self._key
        text = f"{self.name} root" if issuer is None else f"{self.name} tsa"
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if issuer is None else issuer.subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.start)
            .not_valid_after(self.end)
            .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    issuer is not None, False, False, False, False,
                    issuer is None, issuer is None, False, False,
                ),
                critical=True,
            )
        )  # fmt: skip
        if issuer is not None:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(usage, critical=True)
        if issuer is not None and self.point:
            place = x509.DistributionPoint(
                [x509.UniformResourceIdentifier(self.point)], None, None, None
            )
            builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
        return builder.sign(self._root_key, HASHES[self.signing])

    def listing(self, revoked: datetime | None = None) -> bytes:
        """Return its list of ``now`` (RFC 5280), in which its certificate is revoked then."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(self.now - timedelta(hours=1))
            .next_update(self.now + timedelta(days=7))
        )
        if revoked is not None:
            row = x509.RevokedCertificateBuilder().serial_number(self.leaf.serial_number)
            builder = builder.add_revoked_certificate(row.revocation_date(revoked).build())
        listed = builder.sign(self._root_key, HASHES[self.signing])
        return listed.public_bytes(serialization.Encoding.DER)

    def answer(self, request: bytes) -> bytes:
        """Return a granted response made at ``now``."""
        asked = parse_timestamp_request(request)
        imprint = asked.message_imprint
        algorithm = "sha256" if len(imprint.message) == 32 else "sha512"
        moment = self.now.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
        info = seq(
            integer(1),
            oid("2a0304"),
            seq(seq(oid(SHA[algorithm]), der(0x05)), der(0x04, imprint.message)),
            integer(secrets.randbits(60)),
            der(0x18, moment),
            integer(asked.nonce) if asked.nonce is not None else b"",
        )
        return seq(seq(integer(0)), self._signed(info))

    def _signed(self, info: bytes) -> bytes:
        kind = self.signing
        raw = self.leaf.public_bytes(serialization.Encoding.DER)
        content, attribute = oid("2a864886f70d0109100104"), "2a864886f70d0109"
        issuer_serial = seq(
            seq(der(0xA4, self.leaf.issuer.public_bytes())), integer(self.leaf.serial_number)
        )
        ess = seq(seq(oid(SHA["sha512"])), der(0x04, hashlib.sha512(raw).digest()), issuer_serial)
        attributes = [
            seq(oid(attribute + "03"), der(0x31, content)),
            seq(oid(attribute + "04"), der(0x31, der(0x04, hashlib.new(kind, info).digest()))),
            seq(oid("2a864886f70d010910022f"), der(0x31, seq(seq(ess)))),
        ]
        attributes.sort()
        signature = self._key.sign(der(0x31, *attributes), ec.ECDSA(HASHES[kind]))
        signer = seq(
            integer(1),
            seq(self.leaf.issuer.public_bytes(), integer(self.leaf.serial_number)),
            seq(oid(SHA[kind])),
            der(0xA0, *attributes),
            seq(oid(ECDSA[kind])),
            der(0x04, signature),
        )
        data = seq(
            integer(3),
            der(0x31, seq(oid(SHA[kind]))),
            seq(content, der(0xA0, der(0x04, info))),
            der(0xA0, raw),
            der(0x31, signer),
        )
        return seq(oid("2a864886f70d010702"), der(0xA0, data))


def years(start: datetime, count: float) -> datetime:
    """Return the moment so many years of 365 days later."""
    return start + timedelta(days=365 * count)
