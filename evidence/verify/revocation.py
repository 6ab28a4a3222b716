"""RFC 5280 and RFC 6960: no certificate of the authorities was revoked when they stamped.

The data was fetched on that day and is enclosed. A list or response counts when it is signed by
the certificate's own issuer (or a responder that it certified) and was not out of date at the
token's time. The same holds of the data kept with renewed timestamps (``NAME.renewal.json``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.errors import EvidenceError, FormatError
from evidence.format.counted import counted
from evidence.format.renewal import Renewal, Renewals
from evidence.format.times import format_time
from evidence.verify.papers import Papers
from evidence.verify.token import MALFORMED, Token, certificates_of, parse_token
from evidence.verify.trust import Authority, Trust
from evidence.verify.verdict import Findings

CLAIM = "revocation"
FRESH = timedelta(days=1)
"""How old an OCSP response without an end may be at the token's time."""


@dataclass(frozen=True)
class _Word:
    """What one list or response says of a certificate; ``revoked`` is None for a good one."""

    revoked: datetime | None
    compromised: bool = False


Files = Sequence[tuple[str, str, bytes]]
"""Lists and responses: where each stands, ``crl`` or ``ocsp``, and its bytes."""


def check_revocation(
    papers: Papers, trust: Trust | None, stamps: Sequence[datetime], findings: Findings
) -> None:
    """Check the enclosed revocation data against every trusted token over the manifest.

    ``stamps`` are the proved times of these tokens: they say how many are needed.

    Without data nothing is said, unless the policy requires it.
    """
    renewals = _renewals_of(papers)
    there = any(name.startswith("revocation/") for name in papers.files)
    there = there or any(one.token.revocation for one in renewals)
    if trust is not None and trust.policy.revocation:
        findings.required |= {CLAIM}
    if trust is None or not (there or CLAIM in findings.required):
        return
    covered, needed = 0, trust.policy.needed(stamps)
    for name in papers.tokens:
        authority = trust.authority(name)
        if authority is None:
            continue
        noun = papers.sidecars.response(name)
        try:
            token = parse_token(papers.files[noun], noun, algorithm=None)
            covered += _authority(token, authority, _enclosed(papers, name), findings)
        except EvidenceError:
            continue  # the claim timestamp names it
    _check_renewed(papers.sidecars.renewal, renewals, trust, needed, findings)
    if covered >= needed:
        findings.valid(
            CLAIM,
            f"No certificate of {counted(covered, 'authority', 'authorities')} was revoked at the "
            "time of stamping, by the issuers' enclosed data of that day.",
            f"据所附当日吊销数据，{covered} 家机构的证书在签发时间戳时未被吊销。",
        )
        return
    findings.unchecked(
        CLAIM,
        f"Revocation data covers {covered} of {needed} required authorities.",
        f"吊销数据覆盖 {covered} 家机构，要求 {needed} 家。",
    )


def _renewals_of(papers: Papers) -> tuple[Renewal, ...]:
    """Return the renewals as they are written; none where they cannot be read."""
    data = papers.get(papers.sidecars.renewal)
    try:
        return () if data is None else Renewals.parse(data, papers.sidecars.renewal).renewals
    except FormatError:
        return ()  # the claim timestamp names it


def _check_renewed(
    where: str, renewals: Sequence[Renewal], trust: Trust, needed: int, findings: Findings
) -> None:
    """Check the data kept with each renewal; the newest one of each authority has to be covered.

    Of as many authorities as first tokens are needed, or of all that renewed where these are
    fewer.
    """
    newest: dict[str, bool] = {}
    for one in renewals:
        authority = trust.authority(one.token.authority)
        if authority is None:
            continue
        files = [(where, kind, data) for kind, data in one.token.revocation]
        try:
            token = parse_token(one.token.response, where, algorithm=one.token.algorithm)
            newest[authority.name] = _authority(token, authority, files, findings)
        except EvidenceError:
            continue  # the claim timestamp names it
    covered, wanted = sum(newest.values()), min(needed, len(newest))
    if covered < wanted:
        findings.unchecked(
            CLAIM,
            f"Revocation data covers the renewals of {covered} of {wanted} required authorities.",
            f"吊销数据覆盖 {covered} 家机构的续期时间戳，要求 {wanted} 家。",
            where,
        )


def _enclosed(papers: Papers, name: str) -> Files:
    """Return the lists and responses of an authority that are among the papers."""
    return [
        (where, where.rpartition(".")[2], papers.files[where])
        for where in papers.further
        if where.startswith(f"revocation/{name}.")
    ]


def _authority(token: Token, authority: Authority, files: Files, findings: Findings) -> bool:
    """Say whether every certificate of the authority's token is known to have been good."""
    good = True
    for certificate, issuer in pairwise(certificates_of(token, authority)):
        words = list(_words(files, certificate, issuer, token.time, findings))
        for where, word in words:
            if word.revoked is not None and word.revoked <= token.time:
                _revoked(findings, where, authority.name, word.revoked)
        good = good and bool(words) and not any(w.compromised for _, w in words)
    return good and not findings.failed(CLAIM)


def _revoked(findings: Findings, where: str, name: str, moment: datetime) -> None:
    findings.invalid(
        CLAIM,
        where,
        f"A certificate of {name} was revoked on {format_time(moment)}, before it stamped this.",
        f"{name} 的证书已于 {format_time(moment)} 吊销，早于其签发此时间戳。",
    )


def _words(
    files: Files,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    moment: datetime,
    findings: Findings,
) -> Iterator[tuple[str, _Word]]:
    """Yield what each enclosed file of the authority proves of the certificate."""
    for where, kind, data in files:
        read = _by_list if kind == "crl" else _by_responder
        try:
            word = read(data, certificate, issuer, moment)
        except InvalidSignature:
            findings.invalid(
                CLAIM,
                where,
                f"{where} is not signed by the issuer that it names.",
                f"{where} 的签名与其所称的签发者不符。",
            )
            continue
        except MALFORMED as error:
            findings.invalid(
                CLAIM, where, f"{where} cannot be read ({error}).", f"{where} 无法读取（{error}）。"
            )
            continue
        if word is not None:
            yield where, word


def _whole_bytes(signature: bytes, data: bytes) -> bool:
    """Say whether the BIT STRING of the signature says that it has no unused bits."""
    return b"\x00" + signature in data


def _by_list(
    data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> _Word | None:
    """Return what a CRL says, None where it is not about this certificate at this time."""
    found = x509.load_der_x509_crl(data)
    if found.public_bytes(Encoding.DER) != data or not _whole_bytes(found.signature, data):
        raise ValueError("not exactly one list")
    if found.issuer != issuer.subject:
        return None
    key = issuer.public_key()
    if not isinstance(key, _SIGNING) or not found.is_signature_valid(key):
        raise InvalidSignature
    end = found.next_update_utc
    if end is None or end < moment or not _in_scope(found, certificate):
        return None
    if found.last_update_utc > certificate.not_valid_after_utc:
        return None  # RFC 5280 section 3.3: it need not list what has ended
    row = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if row is None:
        return _Word(None)
    try:
        reason = row.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = x509.ReasonFlags.unspecified
    return _Word(row.revocation_date_utc, reason in _COMPROMISED)


_SIGNING = (
    rsa.RSAPublicKey,
    ec.EllipticCurvePublicKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
)
_COMPROMISED = (x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise)


def _in_scope(found: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Say whether a list speaks of such certificates, and of every reason."""
    try:
        point = found.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return True
    if point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs:
        return False
    is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    return not (point.only_contains_ca_certs and not is_ca) and not (
        point.only_contains_user_certs and is_ca
    )


def _by_responder(
    data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> _Word | None:
    """Return what an OCSP response says, None where it is not about this certificate then."""
    found = ocsp.load_der_ocsp_response(data)
    if found.public_bytes(Encoding.DER) != data or not _whole_bytes(found.signature, data):
        raise ValueError("not exactly one response")
    if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return None
    if not _names(found, certificate, issuer):
        return None
    _signed_for(found, issuer)
    end = found.next_update_utc or found.this_update_utc + FRESH
    if end < moment or found.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        return None
    return _Word(found.revocation_time_utc, found.revocation_reason in _COMPROMISED)


def _names(
    found: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    """Say whether the response is about this very certificate of this issuer."""
    due = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(certificate, issuer, _known_hash(found.hash_algorithm))
        .build()
    )
    return (found.serial_number, found.issuer_name_hash, found.issuer_key_hash) == (
        due.serial_number,
        due.issuer_name_hash,
        due.issuer_key_hash,
    )


def _known_hash(algorithm: hashes.HashAlgorithm) -> hashes.SHA1 | hashes.SHA256:
    return hashes.SHA256() if isinstance(algorithm, hashes.SHA256) else hashes.SHA1()  # noqa: S303


def _signed_for(found: ocsp.OCSPResponse, issuer: x509.Certificate) -> None:
    """Prove that the issuer, or a responder that it certified for this, signed; else raise."""
    signer = issuer
    if not _is_responder(found, issuer):
        named = [c for c in found.certificates if _is_responder(found, c)]
        if not named:
            raise InvalidSignature
        signer = named[0]
        signer.verify_directly_issued_by(issuer)
        purpose = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        moment = found.produced_at_utc
        if ExtendedKeyUsageOID.OCSP_SIGNING not in purpose or not (
            signer.not_valid_before_utc <= moment <= signer.not_valid_after_utc
        ):
            raise InvalidSignature
    _verify(signer, found)


def _is_responder(found: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if found.responder_name is not None:
        return found.responder_name == certificate.subject
    return found.responder_key_hash == _key_hash(certificate)


def _key_hash(certificate: x509.Certificate) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest


def _verify(signer: x509.Certificate, found: ocsp.OCSPResponse) -> None:
    key, algorithm = signer.public_key(), found.signature_hash_algorithm
    signature, signed = found.signature, found.tbs_response_bytes
    if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
        key.verify(signature, signed, ec.ECDSA(algorithm))
    elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, signed)
    else:
        raise InvalidSignature
