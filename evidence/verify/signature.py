"""The signatures of manifest and technical review, by a signer that was trusted at the time.

A signer's key counts from its beginning to its end, and never for what is not proved to have
existed before it was revoked. The time that counts is the one by which as many trusted
authorities as the policy takes had stamped the manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.errors import EvidenceError, FormatError
from evidence.format import names
from evidence.format.checkpoint import Checkpoint
from evidence.format.manifest import key_digest, verify_signature
from evidence.format.note import SignedNote
from evidence.format.times import format_time
from evidence.format.tlogproof import TlogProof
from evidence.verify.package import Package, check_signature_size
from evidence.verify.papers import Papers
from evidence.verify.trust import Signer, Trust, parse_public_key
from evidence.verify.verdict import Findings

CLAIM = "signature"


def proved_by(stamps: Sequence[datetime], trust: Trust | None) -> datetime | None:
    """Return the time by which enough trusted authorities had stamped the manifest, or None."""
    needed = 0 if trust is None else trust.policy.needed(stamps)
    return sorted(stamps)[needed - 1] if 0 < needed <= len(stamps) else None


def check_signature(
    package: Package,
    papers: Papers,
    trust: Trust | None,
    proved: datetime | None,
    findings: Findings,
) -> None:
    """The manifest's signature by a trusted key; with none, by the enclosed one for faults."""
    manifest, signature = package.manifest_bytes, package.signature
    if manifest is None or signature is None:
        return
    place = package.archive.place(names.SIGNATURE)
    named = package.manifest.signer if package.manifest else None
    signer = trust.signer_named(named) if trust else None
    try:
        check_signature_size(signature)
        enclosed = _enclosed_signer(papers, findings)
        if signer is not None:
            _same_key(signer.key, enclosed, findings)
        if (used := signer.key if signer else enclosed) is not None:
            _named_signer(package, used, findings)
            verify_signature(manifest, signature, used)
    except EvidenceError as error:
        findings.fault(CLAIM, place, error)
        if names.MANIFEST in package.altered:
            findings.fault(CLAIM, package.archive.place(names.MANIFEST), error)
        return
    if signer is None:
        findings.unchecked(
            CLAIM,
            "The signer's key is not known from a trust folder.",
            "签名公钥未由信任文件夹给出。",
        )
        return
    _check_term(signer, proved, place, findings)
    findings.valid(
        CLAIM,
        f"The manifest was signed by the trusted key {key_digest(signer.key)[:16]}….",
        f"清单由可信密钥 {key_digest(signer.key)[:16]}… 签名。",
    )


def check_review(
    package: Package, trust: Trust | None, proved: datetime | None, findings: Findings
) -> None:
    """The enclosed technical review is by a key that signs manifests, or it is nobody's."""
    if package.contents.review is None:
        return
    if trust is None:
        findings.unchecked(
            "review",
            "The technical review's signature was not checked against a trusted key.",
            "技术核查记录的签名未用可信密钥核查。",
        )
        return
    data, signature = package.contents.review
    if not any(_signed(data, signature, s) and _in_force(s, proved) for s in trust.signers):
        findings.invalid(
            "review",
            package.archive.place(names.REVIEW_SIGNATURE),
            "The technical review is not signed by the trusted signer's key.",
            "技术核查记录不是由可信签名密钥签名的。",
        )
        return
    findings.valid(
        "review",
        "The technical review of the capture tool was signed by the trusted key.",
        "取证工具的技术核查记录由可信密钥签名。",
    )


def _signed(data: bytes, signature: bytes, signer: Signer) -> bool:
    try:
        verify_signature(data, signature, signer.key)
    except EvidenceError:
        return False
    return True


def _in_force(signer: Signer, proved: datetime | None) -> bool:
    """Whether a key of which nothing is proved to be from its time may still be believed."""
    return signer.revoked is None or (proved is not None and proved < signer.revoked)


def _check_term(signer: Signer, proved: datetime | None, place: str, findings: Findings) -> None:
    """The signature was made while the key was good, as far as trusted tokens prove its time."""
    key = key_digest(signer.key)[:16]
    if signer.revoked is not None and not _in_force(signer, proved):
        moment = format_time(signer.revoked)
        findings.invalid(
            CLAIM,
            place,
            f"The key {key}… was revoked from {moment} on, and no trusted timestamp proves that "
            "this was signed before.",
            f"密钥 {key}… 自 {moment} 起已吊销，且没有可信时间戳证明此签名在此之前。",
        )
    if signer.start is None and signer.end is None:
        return
    if proved is None:
        findings.unchecked(
            CLAIM,
            f"The key {key}… is trusted for a time only, and the time of this is not proved.",
            f"密钥 {key}… 仅在一段时间内可信，而此清单的时间未经证明。",
        )
    elif (signer.start and proved < signer.start) or (signer.end and proved >= signer.end):
        findings.invalid(
            CLAIM,
            place,
            f"The key {key}… was not the signer's at {format_time(proved)}.",
            f"{format_time(proved)} 时，密钥 {key}… 不是签名人所用密钥。",
        )


def check_place(package: Package, papers: Papers, trust: Trust | None, findings: Findings) -> None:
    """The outcome of what a revoked key signed stands in the log before the key's revocation.

    Decided by the order of the log alone, whatever times are stated. That the outcome stands where
    its proof says is for the claim *inclusion*.
    """
    named = package.manifest.signer if package.manifest else None
    signer = trust.signer_named(named) if trust else None
    data = papers.get(papers.sidecars.outcome_proof)
    if trust is None or signer is None or signer.revoked_at is None or data is None:
        return
    try:
        proof = TlogProof.parse(data)
        origin = Checkpoint.parse(SignedNote.parse(proof.checkpoint).text).origin
    except FormatError:
        return
    if trust.after(signer.revoked_at, origin, proof.index):
        key, (where, at) = key_digest(signer.key)[:16], signer.revoked_at
        findings.invalid(
            CLAIM,
            papers.sidecars.outcome,
            f"The key {key}… was revoked by entry {at} of the log {where}; this was logged after "
            f"it, as entry {proof.index} of {origin}.",
            f"密钥 {key}… 已由日志 {where} 第 {at} 条吊销；此件记于其后"
            f"（{origin} 第 {proof.index} 条）。",
        )


def _same_key(key: Ed25519PublicKey, enclosed: Ed25519PublicKey | None, findings: Findings) -> None:
    if enclosed is not None and key_digest(enclosed) != key_digest(key):
        findings.invalid(
            CLAIM,
            names.SIGNER_KEY,
            "The enclosed signer's key is not one that this trust folder lists. If keys were "
            "changed since, a newer trust folder is needed; ask for it.",
            "所附签名公钥不在此信任文件夹所列之中。若其后更换过密钥，需要较新的信任文件夹，请索取。",
        )


def _enclosed_signer(papers: Papers, findings: Findings) -> Ed25519PublicKey | None:
    data = papers.get(names.SIGNER_KEY)
    if data is None:
        return None
    try:
        key = parse_public_key(data, names.SIGNER_KEY)
        if key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) != data:
            raise FormatError(
                f"{names.SIGNER_KEY} is not exactly one public key in PEM.",
                f"{names.SIGNER_KEY} 不恰是一个 PEM 公钥。",
            )
        return key
    except FormatError as error:
        findings.fault("package", names.SIGNER_KEY, error)
        return None


def _named_signer(package: Package, key: Ed25519PublicKey, findings: Findings) -> None:
    if package.manifest is not None and package.manifest.signer != key_digest(key):
        findings.invalid(
            CLAIM,
            package.archive.place(names.MANIFEST),
            "The manifest names another signer than the trusted key.",
            "清单所写的签名人不是可信密钥的持有者。",
        )
