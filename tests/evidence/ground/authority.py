"""Certificates for local servers: an authority of its own, good leaves and every bad kind."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

LOCAL = ("localhost", "127.0.0.1")


class Kind(StrEnum):
    """What is the matter with a server's certificate."""

    ISSUED = "issued by an authority the browser does not know"
    SELF_SIGNED = "self-signed"
    EXPIRED = "expired"
    WRONG_HOST = "wrong host"
    REVOKED = "revoked, with a list and a responder named"


@dataclass(frozen=True)
class Chain:
    """A PEM file (key, leaf, authority) and the certificates in it as DER, leaf first."""

    pem: Path
    der: tuple[bytes, ...]


@dataclass(frozen=True)
class Authority:
    """A certificate authority that nobody knows; ``now`` is the middle of its validity."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    now: datetime

    @classmethod
    def new(cls, now: datetime | None = None) -> Authority:
        moment = now or datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Ground Truth Test Authority")
        builder = _builder(name, name, key, moment - timedelta(days=700), 1400)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        return cls(key, builder.sign(key, hashes.SHA256()), moment)

    def chain(self, folder: Path, kind: Kind = Kind.ISSUED, *, responder: str = "") -> Chain:
        """Write the chain of a local server; ``responder`` is the base of its CRL and OCSP."""
        key = ec.generate_private_key(ec.SECP256R1())
        begin, days = self.now - timedelta(days=1), 30
        if kind is Kind.EXPIRED:
            begin, days = self.now - timedelta(days=60), 30
        hosts = ("shop.example.test",) if kind is Kind.WRONG_HOST else LOCAL
        own = kind is Kind.SELF_SIGNED
        subject = _name(hosts[0])
        issuer = subject if own else self.certificate.subject
        builder = _builder(subject, issuer, key, begin, days)
        builder = builder.add_extension(x509.SubjectAlternativeName(_names(hosts)), False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(usage, False)
        if kind is Kind.REVOKED:
            builder = _with_revocation(builder, responder)
        leaf = builder.sign(key if own else self.key, hashes.SHA256())
        certificates = (leaf,) if own else (leaf, self.certificate)
        path = folder / f"{kind.name.lower()}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        pem = [item.public_bytes(serialization.Encoding.PEM) for item in certificates]
        path.write_bytes(secret + b"".join(pem))
        return Chain(path, tuple(i.public_bytes(serialization.Encoding.DER) for i in certificates))

    def revocation_list(self, chain: Chain) -> bytes:
        """Return a CRL (DER) that names the leaf of ``chain``."""
        serial = x509.load_der_x509_certificate(chain.der[0]).serial_number
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(self.now - timedelta(hours=1))
            .build()
        )
        return (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(self.now - timedelta(hours=1))
            .next_update(self.now + timedelta(days=7))
            .add_revoked_certificate(entry)
            .sign(self.key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _names(hosts: tuple[str, ...]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for host in hosts:
        digits = host.replace(".", "").isdigit()
        found.append(x509.IPAddress(ipaddress.ip_address(host)) if digits else x509.DNSName(host))
    return found


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime,
    days: int,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
    )


def _with_revocation(builder: x509.CertificateBuilder, base: str) -> x509.CertificateBuilder:
    where = [x509.UniformResourceIdentifier(f"{base}/revoked.crl")]
    points = x509.CRLDistributionPoints([x509.DistributionPoint(where, None, None, None)])
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{base}/ocsp")
            )
        ]
    )
    return builder.add_extension(points, False).add_extension(access, False)
