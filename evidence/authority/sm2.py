"""A token signed with SM2, on receipt: ``openssl ts`` cannot verify it, ``openssl pkeyutl`` can."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import TimeStampResponse

from evidence.errors import AuthorityError, EvidenceError, FormatError, ProofError
from evidence.format import sm2

MAX_CHAIN = 5


def is_signed_so(answer: TimeStampResponse) -> bool:
    """Say whether the token of a granted response states that it is signed with SM2."""
    try:
        return sm2.is_sm2_token(answer.time_stamp_token())
    except FormatError:
        return False


def refusal(answer: TimeStampResponse, roots: bytes, at: datetime) -> str | None:
    """Return None if ``roots`` (PEM) prove the token of a response at ``at``, else why not.

    Checked: signature, chain, purpose, validity. Raises AuthorityError where openssl cannot do it.
    """
    try:
        trusted = x509.load_pem_x509_certificates(roots)
        embedded = [
            x509.load_der_x509_certificate(d) for d in sorted(answer.signed_data.certificates)
        ]
        (signer,) = answer.signed_data.signer_infos
        named = (signer.issuer, signer.serial_number)
        leaf = next(c for c in [*trusted, *embedded] if (c.issuer, c.serial_number) == named)
        _check_chain(leaf, trusted, embedded, at)
        sm2.check_token(answer.time_stamp_token(), leaf)
    except sm2.NoOpenssl as error:
        raise AuthorityError(
            "The program openssl 3 is missing, which verifies tokens signed with SM2; install it.",
            "缺少能验证 SM2 时间戳的 openssl 3 程序；请先安装。",
            reason="openssl",
        ) from error
    except (ValueError, StopIteration, UnsupportedAlgorithm):
        return "its certificates cannot be read, or the signer's is missing"
    except EvidenceError as error:
        return error.en
    return None


def _check_chain(
    leaf: x509.Certificate,
    trusted: list[x509.Certificate],
    embedded: list[x509.Certificate],
    at: datetime,
) -> None:
    """Prove that ``leaf`` is for timestamps and leads to a trusted certificate at ``at``."""
    with suppress(x509.ExtensionNotFound):
        use = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if use.critical and list(use.value) == [ExtendedKeyUsageOID.TIME_STAMPING]:
            path = [leaf]
            while path[-1] not in trusted:
                pool = [c for c in [*trusted, *embedded] if c not in path]
                issuer = next((c for c in pool if _issued(path[-1], c)), None)
                if issuer is None or len(path) >= MAX_CHAIN:
                    raise ProofError("no chain to a trusted certificate", "证书链不通向可信证书")
                path.append(issuer)
            if all(c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in path):
                return
            raise ProofError("certificate has expired", "证书已过期")
    raise ProofError("the signer's certificate is not for timestamps alone", "证书并非专用于时间戳")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        if sm2.is_sm2(certificate):
            sm2.check_issued(certificate, issuer)
        else:
            certificate.verify_directly_issued_by(issuer)
    except (ProofError, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    except x509.ExtensionNotFound:
        return False
    return True
