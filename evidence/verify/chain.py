"""From the package to the log: attempt, outcome, inclusion of both under one checkpoint.

Without a trusted log key the arithmetic is still done, so that alterations show; but nothing
is then called valid.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.errors import EvidenceError, ProofError
from evidence.format import attempt as opening
from evidence.format import names
from evidence.format.checkpoint import Checkpoint
from evidence.format.digests import Digests, digest_bytes, sha256_hex
from evidence.format.entry import Attempt, Entry, Sealed, parse_entry
from evidence.format.merkle import leaf_hash, verify_inclusion
from evidence.format.note import NoteKey, SignedNote, open_note
from evidence.format.times import format_time
from evidence.format.tlogproof import TlogProof
from evidence.verify.package import Package
from evidence.verify.papers import Papers
from evidence.verify.verdict import Findings

CLAIM = "inclusion"


@dataclass(frozen=True)
class Logged:
    """An entry and its place in the log, as far as it was read."""

    entry: Entry
    data: bytes
    index: int


def check_log(
    package: Package, papers: Papers, whole: Digests, key: NoteKey | None, findings: Findings
) -> tuple[Attempt | None, Sealed | None]:
    """Check both entries, their proofs and what they say of this package; return them."""
    sidecars = papers.sidecars
    attempt = read_logged(papers, sidecars.attempt, sidecars.attempt_proof, key, findings)
    outcome = read_logged(papers, sidecars.outcome, sidecars.outcome_proof, key, findings)
    check_one_checkpoint(papers, findings)
    first = attempt.entry if attempt and isinstance(attempt.entry, Attempt) else None
    second = outcome.entry if outcome and isinstance(outcome.entry, Sealed) else None
    if attempt and not first:
        _wrong(findings, sidecars.attempt, "It is not an attempt entry.", "不是尝试条目。")
    if outcome and not second:
        _wrong(findings, sidecars.outcome, "It is not a sealed outcome.", "不是“已封装”结果条目。")
    if attempt and first:
        _bind_attempt(package, attempt, first, sidecars.attempt, findings)
        findings.facts["attempt"] = {"index": attempt.index, "number": first.number}
        findings.facts["attempt"]["time"] = format_time(first.time)
    if outcome and second:
        _bind_outcome(package, second, whole, sidecars.outcome, findings)
        findings.facts["index"] = outcome.index
        findings.facts["outcome_time"] = format_time(second.time)
    if attempt and outcome and first and second:
        _bind_both(attempt, first, outcome, second, sidecars.outcome, findings)
    if first and second and key is not None:
        findings.valid(
            CLAIM,
            "Attempt and outcome are in the log under a checkpoint signed by the trusted log key, "
            "and name this capture, manifest and package.",
            "尝试与结果均在日志中，检查点由可信日志密钥签名，且所指正是本次取证、清单与封装。",
        )
    return first, second


def _wrong(findings: Findings, where: str, en: str, zh: str) -> None:
    findings.invalid(CLAIM, where, en, zh)


def read_logged(
    papers: Papers, name: str, proof_name: str, key: NoteKey | None, findings: Findings
) -> Logged | None:
    """Return an entry that its proof places in the log, or None after noting why not.

    Without ``key`` the checkpoint's signature is not checked, and that is noted.
    """
    data, proof_data = papers.get(name), papers.get(proof_name)
    if data is None or proof_data is None:
        missing = name if data is None else proof_name
        findings.unchecked(CLAIM, f"{missing} is not there.", f"没有 {missing}。", missing)
        return None
    try:
        entry = parse_entry(data, name)
    except EvidenceError as error:
        findings.fault(CLAIM, name, error)
        return None
    try:
        proof = TlogProof.parse(proof_data, proof_name)
        checkpoint = _checkpoint(proof, key, proof_name)
    except EvidenceError as error:
        findings.fault(CLAIM, proof_name, error)
        return None
    findings.facts["log"] = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }
    try:
        verify_inclusion(
            leaf_hash(data), proof.index, checkpoint.size, proof.hashes, checkpoint.root
        )
    except ProofError as error:
        findings.invalid(CLAIM, name, f"{name} against {proof_name}: {error.en}.", error.zh)
        findings.invalid(CLAIM, proof_name, f"{proof_name}: {error.en}.", error.zh)
        return None
    if key is None:
        findings.unchecked(
            CLAIM,
            "The log's checkpoint was not checked against a trusted key.",
            "日志检查点未用可信密钥核查。",
        )
    return Logged(entry, data, proof.index)


def _checkpoint(proof: TlogProof, key: NoteKey | None, noun: str) -> Checkpoint:
    note = SignedNote.parse(proof.checkpoint, noun)
    if key is not None:
        open_note(note, [key], noun)
    checkpoint = Checkpoint.parse(note.text)
    if proof.extra is not None or any(s.name != checkpoint.origin for s in note.signatures[:1]):
        raise ProofError(
            f"{noun} has extra data, or its checkpoint is not signed by its origin",
            f"{noun} 带有额外数据，或检查点并非由其来源签名",
        )
    if key is not None and checkpoint.origin != key.name:
        raise ProofError(
            f"{noun} is from the log {checkpoint.origin}, not {key.name}",
            f"{noun} 来自日志 {checkpoint.origin}，而非 {key.name}",
        )
    return checkpoint


def check_one_checkpoint(papers: Papers, findings: Findings) -> None:
    """Attempt and outcome are proved against one checkpoint: two could be of two histories."""
    sidecars = papers.sidecars
    first, second = papers.get(sidecars.attempt_proof), papers.get(sidecars.outcome_proof)
    if first is None or second is None:
        return
    if first.partition(b"\n\n")[2] != second.partition(b"\n\n")[2]:
        _wrong(
            findings,
            sidecars.outcome_proof,
            "The two proofs are not against one checkpoint.",
            "两份证明所用的检查点不同。",
        )


def _bind_attempt(
    package: Package, logged: Logged, entry: Attempt, where: str, findings: Findings
) -> None:
    """The attempt in the log is the one that manifest and attempt record name."""
    manifest, record = package.manifest, package.contents.attempt
    place = (logged.index, sha256_hex(logged.data), entry.capture_id)
    if manifest is not None:
        stated = (manifest.attempt_index, manifest.attempt_sha256, manifest.capture_id)
        if stated != place:
            _wrong(
                findings,
                where,
                "The manifest names another attempt entry than this.",
                "清单所指的尝试条目不是这一条。",
            )
    if record is None:
        findings.unchecked(
            CLAIM,
            "The attempt's tag and commitment could not be opened.",
            "未能核对尝试条目的案件标签与网址承诺。",
        )
        return
    inside = package.archive.place(names.ATTEMPT)
    if (record.index, record.entry_sha256, record.capture_id) != place:
        _wrong(findings, inside, "It names another attempt entry.", "所指的是另一尝试条目。")
    if manifest is not None and record.url != manifest.url:
        _wrong(findings, inside, "Its URL is not the manifest's.", "其网址与清单不同。")
    tag = opening.case_tag(record.case_salt, record.case)
    commitment = opening.url_commitment(record.url_salt, record.url)
    if (tag, commitment, record.number) != (entry.case_tag, entry.url_commitment, entry.number):
        _wrong(
            findings,
            inside,
            "Case, URL or number do not open the commitments in the log.",
            "案件、网址或编号与日志中的承诺不符。",
        )
    findings.facts["case"] = record.case
    findings.facts["requested_by"] = record.requested_by


def _bind_outcome(
    package: Package, entry: Sealed, whole: Digests, where: str, findings: Findings
) -> None:
    """The outcome names this manifest and these very bytes of the package."""
    if package.manifest_bytes is not None:
        manifest = digest_bytes(package.manifest_bytes)
        if (entry.manifest_sha256, entry.manifest_sm3) != (manifest.sha256, manifest.sm3):
            inside = package.archive.place(names.MANIFEST)
            _wrong(findings, inside, "The log names another manifest.", "日志所记的是另一份清单。")
    if entry.package != whole:
        _wrong(
            findings,
            package.archive.label,
            f"The log names another package than this ({where}).",
            f"日志所记的是另一个封装（{where}）。",
        )


def _bind_both(
    attempt: Logged,
    first: Attempt,
    outcome: Logged,
    second: Sealed,
    where: str,
    findings: Findings,
) -> None:
    same = (first.capture_id, first.case_tag, first.number, attempt.index)
    if (second.capture_id, second.case_tag, second.number, second.attempt) != same:
        _wrong(findings, where, "It is the outcome of another attempt.", "是另一次尝试的结果。")
    if outcome.index <= attempt.index:
        _wrong(findings, where, "It stands before its attempt.", "排在其尝试之前。")
