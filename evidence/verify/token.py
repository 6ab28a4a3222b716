"""RFC 3161: a timestamp response over the manifest, checked against a trusted authority.

The signer's certificate must chain to the authority's own certificates, which come from the
trust folder; what the token embeds is never trusted by itself. Validity is judged at the
time that the token states. A token signed with SM2 needs the program openssl. Not checked:
revocation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from rfc3161_client import (
    TimeStampRequest,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import PKIStatus

from evidence.errors import EvidenceError, FormatError, ProofError
from evidence.format import sm2
from evidence.format.sm2 import is_sm2, is_sm2_token
from evidence.verify.opensslts import Unavailable, refusal, to_der
from evidence.verify.refusal import Refusal
from evidence.verify.signeralgorithm import (
    check_algorithm,
    check_issued,
    check_use,
    names_certificate,
)
from evidence.verify.trust import Authority

LIMIT = 1 << 20
ALGORITHMS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "sm3": "1.2.156.10197.1.401",
}
"""The digests that a token may be over, and their object identifiers."""
MAX_CHAIN = 5
MALFORMED = (
    ValueError,
    TypeError,
    OverflowError,
    KeyError,
    CryptographyDeprecationWarning,  # raised only where warnings are errors
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)
"""What the ASN.1 readers raise for bytes that are not what they should be (some by accident)."""


@dataclass(frozen=True)
class Token:
    """A parsed response: its time and imprint as stated, proved only by ``verify_token``.

    ``ber`` are the bytes as they came of a response that is not in DER.
    """

    response: TimeStampResponse
    time: datetime
    imprint: bytes
    nonce: int | None
    algorithm: str = "sha256"
    ber: bytes | None = None

    def digest(self, data: bytes) -> bytes:
        """Return the digest of ``data`` by the algorithm of the token's imprint."""
        return hashlib.new(self.algorithm, data).digest()


Due = Callable[[Token], bytes | None]
"""The digest that a token over the manifest has to be over; None when it is not known."""


def over(manifest: bytes | None) -> Due:
    """Return what tokens over a manifest are to be over; without it nothing is known."""

    def due(token: Token) -> bytes | None:
        return None if manifest is None else token.digest(manifest)

    return due


def parse_token(data: bytes, noun: str, *, algorithm: str | None = "sha256") -> Token:
    """Read a granted timestamp response over such a digest (None: any), or raise FormatError.

    Raises Unavailable for one in BER when openssl is not there. Nothing is verified.
    """
    der = data
    try:
        decode_timestamp_response(data)
    except MALFORMED:
        der = to_der(data) or data
    try:
        response = decode_timestamp_response(der)
        granted = PKIStatus(response.status) is PKIStatus.GRANTED
        info = response.tst_info
        moment = info.gen_time
        imprint = info.message_imprint
    except MALFORMED as error:
        raise FormatError(
            f"{noun} is not a timestamp response ({error}).", f"{noun} 不是时间戳应答（{error}）。"
        ) from error
    stated = imprint.hash_algorithm.dotted_string
    found = next((name for name, oid in ALGORITHMS.items() if oid == stated), None)
    if not granted:
        raise FormatError(
            f"{noun} is a refusal: the authority did not grant it as asked.",
            f"{noun} 是拒绝：机构未签发所求的时间戳。",
        )
    if found is None or algorithm not in (None, found):
        due = ALGORITHMS if algorithm is None else (algorithm,)
        shown = [name.upper().replace("SHA", "SHA-") for name in due]
        raise FormatError(
            f"{noun} is over a digest that is not relied on here (but for {', '.join(shown)}).",
            f"{noun} 针对此处不采信的摘要（应为 {'、'.join(shown)}）。",
        )
    if response.as_bytes() != der:
        raise FormatError(f"{noun} is not exactly one response.", f"{noun} 不恰是一份应答。")
    ber = None if der == data else data
    return Token(response, _aware(moment), bytes(imprint.message), info.nonce, found, ber)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def check_request(request: TimeStampRequest, token: Token, *, algorithm: str | None = None) -> None:
    """Prove that the token answers this request (digest, nonce, policy), or raise ProofError."""
    imprint = request.message_imprint
    asked = (imprint.hash_algorithm.dotted_string, imprint.message, request.nonce, request.version)
    due = (ALGORITHMS[algorithm or token.algorithm], token.imprint, token.nonce, 1)
    policy = token.response.tst_info.policy
    if asked != due or request.policy not in (None, policy):
        raise ProofError(
            "The timestamp does not answer the request beside it.", "时间戳并非对所附请求的应答。"
        )


def verify_token(token: Token, digest: bytes, authority: Authority) -> datetime:
    """Return the time at which ``authority`` saw ``digest``, or raise ProofError."""
    if token.imprint != digest:
        raise ProofError(
            "The timestamp is over another digest than that of the manifest.",
            "时间戳针对的不是本清单的摘要。",
        )
    try:
        path = _path(token, authority.certificates)
        leaf, between = path[0], _between(path, authority.certificates)
        _check_info(token)
        check_use(leaf)
        if _is_sm2(token):
            _by_sm2(token, leaf)
        else:
            _by_library(token, digest, authority, leaf, between)
        if token.ber is not None and not _is_sm2(token):
            _by_openssl(token, authority)
        check_issued([c for c in path if c not in authority.certificates and not is_sm2(c)])
    except (VerificationError, *MALFORMED) as error:
        why = Refusal.of(error)
        raise ProofError(
            f"The timestamp does not verify with the trusted authority {authority.name} "
            f"({why.en}).",
            f"时间戳不能以可信机构 {authority.name} 的证书验证（{why.zh}）。",
        ) from error
    return token.time


def _by_library(
    token: Token,
    digest: bytes,
    authority: Authority,
    leaf: x509.Certificate,
    between: Sequence[x509.Certificate],
) -> None:
    builder = VerifierBuilder(tsa_certificate=leaf)
    for root in _roots(authority.certificates):
        builder = builder.add_root_certificate(root)
    for certificate in between:
        builder = builder.add_intermediate_certificate(certificate)
    builder.build().verify(token.response, digest)
    check_algorithm(token.response.time_stamp_token(), leaf)


def _is_sm2(token: Token) -> bool:
    try:
        return is_sm2_token(token.response.time_stamp_token())
    except FormatError:
        return False  # check_algorithm says what it is


def _by_sm2(token: Token, leaf: x509.Certificate) -> None:
    """A token signed with SM2, which the library does not know, by openssl."""
    try:
        sm2.check_token(token.response.time_stamp_token(), leaf)
    except sm2.NoOpenssl as error:
        raise Unavailable(error.en, error.zh) from error
    except EvidenceError as error:
        raise Refusal(error.en, error.zh) from error


def _check_info(token: Token) -> None:
    """RFC 3161 section 2.4.2: of the one version that there is."""
    if token.response.tst_info.version != 1:
        raise Refusal("the version of TSTInfo is not 1", "TSTInfo 的版本不是 1")


def _by_openssl(token: Token, authority: Authority) -> None:
    """The bytes as they came, not in DER, verify with openssl; Refusal if they do not."""
    why = refusal(token.ber or b"", token.imprint, authority.certificates, token.time)
    if why is not None:
        raise Refusal(f"openssl: {why}", f"openssl：{why}")


def certificates_of(token: Token, authority: Authority) -> tuple[x509.Certificate, ...]:
    """Return the certificates from the token's signer up to a trusted one, or raise ProofError.

    Only their issuing signatures and their validity at the token's time are checked here.
    """
    try:
        return tuple(_path(token, authority.certificates))
    except (VerificationError, *MALFORMED) as error:
        why = Refusal.of(error)
        raise ProofError(
            f"The timestamp does not lead to a certificate of {authority.name} ({why.en}).",
            f"时间戳推不出 {authority.name} 的可信证书（{why.zh}）。",
        ) from error


def _roots(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    roots = [c for c in certificates if c.issuer == c.subject]
    return list(dict.fromkeys(roots or certificates))


def _path(token: Token, trusted: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the signer's certificate, those between, and the trusted one."""
    data = token.response.signed_data
    embedded = [x509.load_der_x509_certificate(der) for der in sorted(data.certificates)]
    signers = list(data.signer_infos)
    if len(signers) != 1:
        raise Refusal("not exactly one signer", "签名者不恰为一个")
    pool = [*trusted, *embedded]
    named = (signers[0].issuer, signers[0].serial_number)
    found = [c for c in pool if (c.issuer, c.serial_number) == named]
    leaf = next((c for c in found if names_certificate(token.response, c)), next(iter(found), None))
    if leaf is None:
        raise Refusal("the signer's certificate is missing", "缺少签名者的证书")
    path = [leaf]
    _check_validity(leaf, token.time)
    while path[-1] not in trusted:
        issuer = next((c for c in pool if c not in path and is_issued(path[-1], c)), None)
        if issuer is None or len(path) >= MAX_CHAIN:
            raise Refusal("no chain to a trusted certificate", "证书链不通向可信证书")
        _check_validity(issuer, token.time)
        path.append(issuer)
    return path


def _between(
    path: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    known = {*_roots(trusted), path[0]}
    return [c for c in dict.fromkeys([*path[1:], *trusted]) if c not in known]


def is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Say whether an authority's certificate signed the other; nothing else is checked."""
    try:
        if is_sm2(certificate):
            sm2.check_issued(certificate, issuer)
        else:
            certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    except sm2.NoOpenssl as error:
        raise Unavailable(error.en, error.zh) from error
    except (InvalidSignature, ProofError, *MALFORMED):
        return False
    return constraints.value.ca


def _check_validity(certificate: x509.Certificate, moment: datetime) -> None:
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        raise Refusal("a certificate was not valid at the stated time", "所写时间不在证书有效期内")
