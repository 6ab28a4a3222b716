"""GB/T 32918 (SM2) signatures with SM3, as in GM/T 0009 and RFC 8998, by the program openssl.

OpenSSL 3 knows them, but its ``ts`` and ``verify`` for timestamps do not use them: the pieces are
taken apart in Python (``evidence.format.cms``) and each signature is handed to ``openssl
pkeyutl``. Certificates and tokens are signed under the default identity of GM/T 0009.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.errors import EvidenceError, ProofError
from evidence.format.cms import signed_parts, signer_of

IDENTITY = "1234567812345678"
SM2_WITH_SM3 = bytes.fromhex("2a811ccf55018375")
"""The object identifier 1.2.156.10197.1.501 (DER content)."""
_DOTTED = "1.2.156.10197.1.501"
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_VERSIONS = (b"\x03", b"\x01")
SECONDS = 30


class NoOpenssl(EvidenceError):
    """The program openssl cannot be run, or is one that does not know SM2."""


def is_sm2(certificate: x509.Certificate) -> bool:
    """Say whether a certificate states that it is signed with SM2 and SM3."""
    return certificate.signature_algorithm_oid.dotted_string == _DOTTED


def check_signature(signer: x509.Certificate, data: bytes, signature: bytes) -> None:
    """Prove that the key of ``signer`` made the SM2 signature over ``data``, or raise ProofError.

    Raises NoOpenssl where it cannot be asked. The certificate itself is not checked.
    """
    with tempfile.TemporaryDirectory(prefix="markseal-sm2-") as name:
        folder = Path(name)
        (folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
        (folder / "data").write_bytes(data)
        (folder / "signature").write_bytes(signature)
        code, key = _run("x509", "-in", str(folder / "signer.pem"), "-pubkey", "-noout")
        (folder / "key.pem").write_bytes(key)
        if code:
            raise _unknown()
        code, told = _run(
            *("pkeyutl", "-verify", "-pubin", "-inkey", str(folder / "key.pem"), "-rawin"),
            *("-digest", "sm3", "-pkeyopt", f"distid:{IDENTITY}"),
            *("-in", str(folder / "data"), "-sigfile", str(folder / "signature")),
        )
    if code == 0 and b"Verified Successfully" in told:
        return
    if b"Verification Failure" not in told:
        raise _unknown()
    raise ProofError("the SM2 signature does not verify", "SM2 签名验证不通过")


def check_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    """Prove that ``issuer`` signed the other certificate with SM2, or raise ProofError."""
    if not is_sm2(certificate) or certificate.issuer != issuer.subject:
        raise ProofError("it was not issued by that certificate", "并非由该证书签发")
    check_signature(issuer, certificate.tbs_certificate_bytes, certificate.signature)


def is_sm2_token(token: bytes) -> bool:
    """Say whether a token (a ContentInfo in DER) states that it is signed with SM2 and SM3."""
    return signer_of(token).signature == SM2_WITH_SM3


def check_token(token: bytes, signer: x509.Certificate) -> None:
    """Prove that ``signer`` signed the token (a ContentInfo in DER) with SM2, or raise ProofError.

    RFC 5652, 5.4: the signed attributes state the type and the SM3 digest of the content, and
    (RFC 3161, 2.4.2) name this certificate; the signature is over them.
    """
    stated, parts = signer_of(token), signed_parts(token)
    if (stated.versions, stated.digest, stated.signature) != (_VERSIONS, "sm3", SM2_WITH_SM3):
        raise ProofError("it is not signed with SM2 and SM3", "不是以 SM2、SM3 签名")
    digest = hashlib.new("sm3", parts.content).digest()
    if parts.content_type != _TST_INFO or parts.stated_type != _TST_INFO:
        raise ProofError("its content is no timestamp", "其内容不是时间戳")
    if parts.stated_digest != digest:
        raise ProofError("it is signed for another content", "签名针对的是另一内容")
    data = signer.public_bytes(Encoding.DER)
    if not stated.named or any(
        hashlib.new(name, data, usedforsecurity=False).digest() != named
        for name, named in stated.named
    ):
        raise ProofError("it names another certificate than its signer's", "写明的不是签名者的证书")
    check_signature(signer, parts.attributes, parts.signature)


def _run(*arguments: str) -> tuple[int, bytes]:
    try:
        done = subprocess.run(
            ["openssl", *arguments], capture_output=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unknown() from error
    return done.returncode, done.stdout


def _unknown() -> NoOpenssl:
    return NoOpenssl(
        "it is signed with SM2, and openssl 3, which knows that, cannot be run",
        "以 SM2 签名，而能验证它的 openssl 3 无法运行",
    )
