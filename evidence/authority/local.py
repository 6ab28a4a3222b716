"""A local RFC 3161 authority for trial runs, made with ``openssl ts``; it proves nothing to others.

Its certificates and its policy say so: subject ``markseal TRIAL 试用``, policy ``2.999.6.1``
(the arc 2.999 is reserved for examples).
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.authority.openssl import run_openssl
from evidence.errors import AuthorityError

NAME = "trial"
POLICY = "2.999.6.1"
ORGANISATION = "markseal TRIAL 试用"
YEARS = 10

_CONFIG = """[tsa]
default_tsa = local
[local]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {home}/tsa.pem
signer_key = {home}/tsa.key
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class LocalAuthority:
    """The authority whose certificates lie in ``home`` (``root.pem``, ``tsa.pem``, ``tsa.key``)."""

    home: Path
    name: str = NAME
    trial: bool = True
    openssl: str = "openssl"

    @property
    def roots(self) -> bytes:
        """Return the root certificate in PEM."""
        return (self.home / "root.pem").read_bytes()

    def answer(self, request: bytes) -> bytes:
        """Return the response of ``openssl ts -reply``; its serial number is random."""
        with tempfile.TemporaryDirectory(prefix="markseal-ts-") as name:
            folder = Path(name)
            (folder / "serial").write_text(secrets.token_hex(8).upper() + "\n", encoding="ascii")
            config = _CONFIG.format(folder=folder, home=self.home.resolve(), policy=POLICY)
            (folder / "ts.cnf").write_text(config, encoding="utf-8")
            (folder / "request.tsq").write_bytes(request)
            command = [self.openssl, "ts", "-reply", "-config", str(folder / "ts.cnf")]
            command += ["-queryfile", str(folder / "request.tsq")]
            command += ["-out", str(folder / "response.tsr")]
            self._run(command)
            return (folder / "response.tsr").read_bytes()

    def _run(self, command: list[str]) -> None:
        code, told = run_openssl(command)
        if code != 0:
            cause = told.strip().splitlines()
            raise AuthorityError(
                f"openssl ts failed: {cause[-1] if cause else 'no message'}.",
                f"openssl ts 失败：{cause[-1] if cause else '无信息'}。",
            )


def create_local(home: Path, *, now: datetime) -> LocalAuthority:
    """Return the authority in ``home``, made at ``now`` if it is not there yet."""
    if not (home / "root.pem").exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".authority-", dir=home.parent))
        try:
            _issue(folder, now)
            folder.rename(home)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return LocalAuthority(home)


def _issue(folder: Path, now: datetime) -> None:
    root_key = ec.generate_private_key(ec.SECP256R1())
    tsa_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("TRIAL timestamp root 试用时间戳根证书")
    root = _certificate(root_name, root_name, root_key, root_key, now, authority=True)
    tsa = _certificate(
        _name("TRIAL timestamp authority 试用时间戳"), root_name, tsa_key, root_key, now
    )
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(root.public_bytes(pem))
    (folder / "tsa.pem").write_bytes(tsa.public_bytes(pem))
    secret = tsa_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(folder / "tsa.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        target.write(secret)
        target.flush()
        os.fsync(target.fileno())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    authority: bool = False,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(_usage(authority), critical=True)
    )
    if not authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
