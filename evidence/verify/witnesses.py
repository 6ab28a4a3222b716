"""Which log a package is in, and which trusted witnesses cosigned the checkpoint of its proofs.

A cosignature (c2sp.org/tlog-cosignature) says that at its time the witness knew no larger and no
other tree of this log. Not checked: that the witness is honest, or its clock.
"""

from __future__ import annotations

from datetime import datetime

from evidence.errors import EvidenceError, FormatError, ProofError
from evidence.format.checkpoint import Checkpoint
from evidence.format.cosignature import find_witnessed
from evidence.format.counted import counted
from evidence.format.merkle import leaf_hash
from evidence.format.note import SignedNote
from evidence.format.times import format_time
from evidence.format.tlogproof import TlogProof
from evidence.verify.papers import Papers
from evidence.verify.stamps import CLOCK_TOLERANCE
from evidence.verify.trust import Trust, TrustedLog, TrustedWitness
from evidence.verify.verdict import Findings

CLAIM = "witness"


def log_of(papers: Papers, trust: Trust) -> TrustedLog:
    """Return the trusted log that the proofs name; that of today when they name no other."""
    stated = _checkpoint(papers)
    return trust.log_named(stated.origin if stated else None)


def _checkpoint(papers: Papers) -> Checkpoint | None:
    note = checkpoint_note(papers)
    try:
        return None if note is None else Checkpoint.parse(note.text)
    except FormatError:
        return None


def origin_of(papers: Papers, proof_name: str) -> str | None:
    """Return the log that one proof names, None where it cannot be read."""
    data = papers.get(proof_name)
    try:
        note = None if data is None else SignedNote.parse(TlogProof.parse(data).checkpoint)
        return None if note is None else Checkpoint.parse(note.text).origin
    except FormatError:
        return None


def checkpoint_note(papers: Papers) -> SignedNote | None:
    """Return the checkpoint of the proofs, parsed; faults in it are the log claim's to tell."""
    for name in (papers.sidecars.outcome_proof, papers.sidecars.attempt_proof):
        data = papers.get(name)
        try:
            if data is not None:
                return SignedNote.parse(TlogProof.parse(data, name).checkpoint, name)
        except FormatError:
            continue
    return None


def check_end(log: TrustedLog, papers: Papers, findings: Findings) -> None:
    """A log that was succeeded counts up to where it ended, and with the root that it had there."""
    stated, sidecars = _checkpoint(papers), papers.sidecars
    if stated is None:
        return
    check_leaf(log, papers, sidecars.attempt, sidecars.attempt_proof, findings)
    check_leaf(log, papers, sidecars.outcome, sidecars.outcome_proof, findings)
    try:
        require_within(log, stated)
    except ProofError as error:
        findings.fault("inclusion", sidecars.outcome_proof, error)


def require_within(log: TrustedLog, stated: Checkpoint) -> None:
    """Raise ProofError for a checkpoint beyond the end of a log that was succeeded, or another."""
    if log.until_size is None:
        return
    if stated.size > log.until_size:
        raise ProofError(
            f"The log {log.key.name} ended with {log.until_size} entries; this checkpoint has "
            f"{stated.size}.",
            f"日志 {log.key.name} 止于 {log.until_size} 条；此检查点有 {stated.size} 条。",
        )
    if stated.size == log.until_size and stated.root.hex() != log.until_root:
        raise ProofError(
            f"The log {log.key.name} ended with another root: it was forked.",
            f"日志 {log.key.name} 终止时的树根与此不同：日志分叉。",
        )


def check_leaf(
    log: TrustedLog, papers: Papers, name: str, proof_name: str, findings: Findings
) -> None:
    """Note it as invalid when ``require_in_hand`` does not hold of the entry ``name``."""
    data, proof = papers.get(name), papers.get(proof_name)
    if data is None or proof is None:
        return
    try:
        require_in_hand(log, TlogProof.parse(proof).index, data)
    except FormatError:
        return
    except ProofError as error:
        findings.fault("inclusion", name, error)


def require_in_hand(log: TrustedLog, index: int, entry: bytes) -> None:
    """Raise ProofError unless an entry of a succeeded log is the one in hand when that log ended.

    A thief of the log's key can sign another history of it; that one has other entries. Beyond
    what was in hand nothing is known, and nothing said.
    """
    at = index * 32
    if at < len(log.leaves) and log.leaves[at : at + 32] != leaf_hash(entry):
        raise ProofError(
            f"The log {log.key.name} had another entry {index} when it ended: this is of "
            "another history, signed with its key.",
            f"日志 {log.key.name} 终止时第 {index} 条与此不同：此件出自以其密钥另签的历史。",
        )


def check_witnesses(
    papers: Papers, trust: Trust | None, logged: datetime | None, findings: Findings
) -> None:
    """Prove that as many trusted witnesses as the policy takes cosigned the checkpoint.

    ``logged`` is the outcome entry's time: a witness that saw it before then has another clock.
    """
    note = checkpoint_note(papers)
    if note is not None:
        tell_cosigned(note, papers.sidecars.outcome_proof, trust, logged, findings)


def tell_cosigned(
    note: SignedNote,
    where: str,
    trust: Trust | None,
    logged: datetime | None,
    findings: Findings,
) -> None:
    """Prove the same of the checkpoint in the file ``where``, and tell who cosigned it and when."""
    told = check_cosigned(note, where, trust, logged, findings)
    if told:
        findings.facts["witnesses"] = told


def check_cosigned(
    note: SignedNote,
    where: str,
    trust: Trust | None,
    logged: datetime | None,
    findings: Findings,
    place: str | None = None,
) -> list[dict[str, str]]:
    """Prove the same of a checkpoint; return who cosigned it and when, to be told.

    ``place`` is named where too few did.
    """
    seen: list[TrustedWitness] = []
    told: list[dict[str, str]] = []
    if trust is None or not trust.witnesses:
        return told
    for witness in trust.witnesses:
        try:
            moment = _cosigned(note, witness, where)
        except EvidenceError as error:
            findings.fault(CLAIM, where, error)
            continue
        if moment is None:
            continue
        if not _after(moment, logged, trust):
            _too_early(witness, moment, where, findings)
            continue
        seen.append(witness)
        row = {"name": witness.name, "relation": witness.relation, "time": format_time(moment)}
        told.append(row)
    _conclude(seen, trust, findings, place)
    return told


def _cosigned(note: SignedNote, witness: TrustedWitness, noun: str) -> datetime | None:
    found = find_witnessed(note, [witness.key], noun)
    return found[0].time if found else None


def _after(moment: datetime, logged: datetime | None, trust: Trust) -> bool:
    bound = trust.policy.clock_bound or CLOCK_TOLERANCE
    return logged is None or moment + bound >= logged


def _too_early(witness: TrustedWitness, moment: datetime, where: str, findings: Findings) -> None:
    findings.invalid(
        CLAIM,
        where,
        f"The witness {witness.name} cosigned at {format_time(moment)}, before the outcome was "
        "logged: one of the two times is wrong.",
        f"见证人 {witness.name} 的签署时间 {format_time(moment)} 早于结果条目：两者必有一误。",
    )


def _conclude(
    seen: list[TrustedWitness], trust: Trust, findings: Findings, place: str | None
) -> None:
    wanted = trust.policy.cosignatures
    named = "、".join(witness.name for witness in seen)
    apart = any(witness.independent for witness in seen)
    if len(seen) < wanted:
        findings.unchecked(
            CLAIM,
            f"{len(seen)} of {wanted} witnesses cosigned the checkpoint.",
            f"要求 {wanted} 名见证人签署检查点，得到 {len(seen)} 名。",
            place,
        )
    elif trust.policy.independent and not apart:
        findings.unchecked(
            CLAIM,
            f"None of the witnesses ({named}) is independent of parties and operator.",
            f"签署的见证人（{named}）均非独立于当事人与运营者。",
            place,
        )
    else:
        findings.valid(
            CLAIM,
            f"The checkpoint was cosigned by "
            f"{counted(len(seen), 'trusted witness', 'trusted witnesses')}: {named}.",
            f"检查点有 {len(seen)} 名可信见证人签署：{named}。",
        )
