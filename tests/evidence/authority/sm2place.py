"""A timestamp authority that signs with SM2 and SM3, put together from openssl's pieces.

``openssl ts`` issues no such tokens, so the response is encoded here (RFC 3161, RFC 5652) and
each signature is made by ``openssl pkeyutl`` under the default identity of GM/T 0009.
"""

from __future__ import annotations

import hashlib
import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client._rust import parse_timestamp_request

from evidence.authority.request import ALGORITHMS
from tests.evidence.authority.places import now

IDENTITY = "distid:1234567812345678"
SM3, SM2_WITH_SM3 = "1.2.156.10197.1.401", "1.2.156.10197.1.501"
_CONFIG = """[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[root]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
"""


def openssl(*arguments: str | Path) -> bytes:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(0x80 | arc & 0x7F)
        content += bytes(reversed(digits))
    return tlv(0x06, content)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass(frozen=True)
class Sm2Authority:
    """The authority in ``home``; ``clock`` is the time that it states."""

    home: Path
    name: str = "sm2"
    trial: bool = False
    clock: Callable[[], datetime] = now

    @classmethod
    def new(cls, home: Path, *, usage: str = "critical, timeStamping") -> Sm2Authority:
        home.mkdir(parents=True)
        config = home / "ca.cnf"
        config.write_text(_CONFIG.format(name="SM2 root", usage=usage))
        for name in ("root", "tsa"):
            openssl("genpkey", "-algorithm", "SM2", "-out", home / f"{name}.key")
        with_id = ("-sm3", "-sigopt", IDENTITY)
        openssl(
            *("req", "-x509", "-new", "-key", home / "root.key", *with_id, "-days", "3650"),
            *("-config", config, "-extensions", "root", "-out", home / "root.pem"),
        )
        openssl(
            *("req", "-new", "-key", home / "tsa.key", *with_id, "-config", config),
            *("-subj", "/CN=SM2 TSA", "-out", home / "tsa.csr"),
        )
        openssl(
            *("x509", "-req", "-in", home / "tsa.csr", "-vfyopt", IDENTITY, "-CA"),
            *(home / "root.pem", "-CAkey", home / "root.key", *with_id, "-CAcreateserial"),
            *("-extfile", config, "-extensions", "tsa", "-days", "3000", "-out", home / "tsa.pem"),
        )
        return cls(home)

    @property
    def roots(self) -> bytes:
        return (self.home / "root.pem").read_bytes()

    @property
    def signer(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.home / "tsa.pem").read_bytes())

    def answer(self, request: bytes) -> bytes:
        asked = parse_timestamp_request(request)
        imprint = asked.message_imprint
        known = {dotted: dotted for dotted in ALGORITHMS.values()}
        algorithm = tlv(0x30, oid(known[imprint.hash_algorithm.dotted_string]), tlv(0x05))
        moment = f"{self.clock():%Y%m%d%H%M%SZ}".encode()
        info = tlv(
            0x30,
            integer(1),
            oid("2.999.6.2"),
            tlv(0x30, algorithm, tlv(0x04, bytes(imprint.message))),
            integer(secrets.randbits(60)),
            tlv(0x18, moment),
            integer(asked.nonce or 0),
        )
        return tlv(0x30, tlv(0x30, integer(0)), self.token(info))

    def token(self, info: bytes) -> bytes:
        """Return the ContentInfo over a TSTInfo, signed."""
        certificate = self.signer.public_bytes(Encoding.DER)
        attributes = self.attributes(info, certificate)
        sm3 = tlv(0x30, oid(SM3))
        issuer = self.signer.issuer.public_bytes()
        signer = tlv(
            0x30,
            integer(1),
            tlv(0x30, issuer, integer(self.signer.serial_number)),
            sm3,
            tlv(0xA0, attributes),
            tlv(0x30, oid(SM2_WITH_SM3)),
            tlv(0x04, self.sign(tlv(0x31, attributes))),
        )
        signed = tlv(
            0x30,
            integer(3),
            tlv(0x31, sm3),
            tlv(0x30, oid("1.2.840.113549.1.9.16.1.4"), tlv(0xA0, tlv(0x04, info))),
            tlv(0xA0, certificate),
            tlv(0x31, signer),
        )
        return tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xA0, signed))

    def attributes(self, info: bytes, certificate: bytes) -> bytes:
        """Return the signed attributes, in the order of DER."""
        digest = hashlib.new("sm3", info).digest()
        named = tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, hashlib.sha256(certificate).digest()))))
        return b"".join(
            sorted(
                [
                    attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.9.16.1.4")),
                    attribute("1.2.840.113549.1.9.4", tlv(0x04, digest)),
                    attribute("1.2.840.113549.1.9.16.2.47", named),
                ]
            )
        )

    def sign(self, data: bytes) -> bytes:
        given = self.home / f"{secrets.token_hex(8)}.data"
        given.write_bytes(data)
        made = given.with_suffix(".sig")
        openssl(
            *("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", IDENTITY),
            *("-inkey", self.home / "tsa.key", "-in", given, "-out", made),
        )
        return made.read_bytes()


def attribute(name: str, value: bytes) -> bytes:
    return tlv(0x30, oid(name), tlv(0x31, value))
