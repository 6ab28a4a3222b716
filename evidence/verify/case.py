"""Completeness: every entry of a case from 1 to the count that its closing entry states.

Proved is what the checkpoint fixes: these entries, their numbers without a gap or a double, one
outcome each, and a signed count of the same. Not checked here: that the log holds no second
entry under one of the numbers; the audit of the whole log does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from evidence.errors import EvidenceError, InputError, ProofError
from evidence.format.attempt import case_tag
from evidence.format.caseexport import LIMIT, CaseExport, CasePart
from evidence.format.checkpoint import Checkpoint
from evidence.format.counted import counted
from evidence.format.entry.signing import verify_entry
from evidence.format.merkle import leaf_hash, verify_inclusion
from evidence.format.note import SignedNote, open_note
from evidence.format.policy import Policy
from evidence.format.times import format_time
from evidence.verify.casenumbers import CLAIM, CaseInLog, check_numbers, counts, take_entry
from evidence.verify.papers import Papers
from evidence.verify.trust import Trust, TrustedLog, load_trust
from evidence.verify.verdict import Findings, Verdict, conclude
from evidence.verify.witnesses import (
    check_cosigned,
    checkpoint_note,
    require_in_hand,
    require_within,
    tell_cosigned,
)

WITNESS = "witness"


def verify_case_file(path: Path, *, trust: Path | None) -> Verdict:
    """Return the verdict on a ``NAME.case.json`` by itself: *case*, and *witness* as of a package.

    Raises InputError or TrustError when a path cannot be used.
    """
    trusted = load_trust(trust) if trust is not None else None
    try:
        with path.open("rb") as source:
            data = source.read(LIMIT + 1)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error
    required = {CLAIM} | ({WITNESS} if trusted and _witnessed(trusted.policy) else set())
    findings = Findings(frozenset(required))
    export = check_export(data, path.name, trusted, findings)
    if export is not None:
        tell_cosigned(SignedNote.parse(export.checkpoint), path.name, trusted, None, findings)
    told = conclude(path.name, findings, trusted=trusted is not None, trial=False)
    own = tuple(claim for claim in told.claims if claim.id in (CLAIM, WITNESS))
    return Verdict(
        told.file,
        told.outcome,
        told.trial,
        told.headline_zh,
        told.headline_en,
        own,
        told.facts,
    )


def check_case(papers: Papers, trust: Trust | None, findings: Findings) -> None:
    """Check the export of a dossier, if it has one, and that its own entries are in it.

    Where the policy requires witnesses, they cosigned its checkpoint too if it is another.
    """
    where = papers.sidecars.case
    data = papers.get(where)
    if data is None:
        return
    export = check_export(data, where, trust, findings)
    if export is None:
        return
    rows = {row.entry for part in export.parts for row in part.rows}
    for name in (papers.sidecars.attempt, papers.sidecars.outcome):
        own = papers.get(name)
        if own is not None and own not in rows:
            _wrong(findings, where, f"It does not have {name}.", f"其中没有 {name}。")
    note, proofs = SignedNote.parse(export.checkpoint), checkpoint_note(papers)
    same = proofs is not None and proofs.text == note.text
    if trust is not None and _witnessed(trust.policy) and not same:
        check_cosigned(note, where, trust, None, findings, where)


def _witnessed(policy: Policy) -> bool:
    return WITNESS in policy.require


def check_export(
    data: bytes, where: str, trust: Trust | None, findings: Findings
) -> CaseExport | None:
    """Check the entries of an export of a case; return it, None when it cannot be read."""
    try:
        export = CaseExport.parse(data, where)
        checkpoints = [_checkpoint(part, trust, where) for part in export.parts]
    except EvidenceError as error:
        findings.fault(CLAIM, where, error)
        return None
    tag, cases = case_tag(export.case_salt, export.case), list[CaseInLog]()
    for part, checkpoint in zip(export.parts, checkpoints, strict=True):
        case = CaseInLog(checkpoint.origin)
        log = trust.log_named(checkpoint.origin) if trust is not None else None
        _follow(part, checkpoint, log, tag, case, where, findings)
        cases.append(case)
    _logs(cases, where, trust, findings)
    check_numbers(cases, where, findings)
    for case in cases:
        _statements(case, where, trust, findings)
    _close(cases, export.case, where, trust, findings)
    return export


def _follow(
    part: CasePart,
    checkpoint: Checkpoint,
    log: TrustedLog | None,
    tag: str,
    case: CaseInLog,
    where: str,
    findings: Findings,
) -> None:
    """Take in the entries of one log, each proved under its checkpoint."""
    for row in part.rows:
        try:
            leaf = leaf_hash(row.entry)
            verify_inclusion(leaf, row.index, checkpoint.size, row.hashes, checkpoint.root)
            if log is not None:
                require_in_hand(log, row.index, row.entry)
            take_entry(row.index, row.entry, tag, case)
        except EvidenceError as error:
            en, zh = error.en.rstrip("."), error.zh.rstrip("。")
            findings.invalid(
                CLAIM,
                f"{where}: entry {row.index}",
                f"Entry {row.index}: {en}.",
                f"第 {row.index} 条：{zh}。",
            )


def _logs(cases: Sequence[CaseInLog], where: str, trust: Trust | None, findings: Findings) -> None:
    """The logs follow one another as the trust folder has them, and only the first begins at 1."""
    ages = [log.key.name for log in (*trust.logs[1:], trust.logs[0])] if trust else []
    places = [ages.index(case.origin) for case in cases if case.origin in ages]
    if trust is not None and (len(places) < len(cases) or places != sorted(set(places))):
        _wrong(
            findings,
            where,
            "Its logs do not follow one another as the trust folder has them.",
            "其中各日志的先后与信任文件夹不符。",
        )
    for before, case in pairwise(cases):
        known = max((a.number for a in before.attempts.values()), default=before.began_after)
        if before.closed is not None or case.began_after < known:
            _wrong(
                findings,
                where,
                f"The case goes on in the log {case.origin} after number {case.began_after}, which "
                f"does not fit the log before it ({known} attempts"
                f"{', closed' if before.closed else ''}).",
                f"案件在日志 {case.origin} 自第 {case.began_after} 次之后延续，与前一日志"
                f"（{known} 次尝试{'，已结案' if before.closed else ''}）不符。",
            )


def _wrong(findings: Findings, where: str, en: str, zh: str) -> None:
    findings.invalid(CLAIM, where, en, zh)


def _checkpoint(part: CasePart, trust: Trust | None, where: str) -> Checkpoint:
    """Return the checkpoint of the proofs, signed by a log that the trust folder names."""
    note = SignedNote.parse(part.checkpoint, f"{where}: checkpoint")
    checkpoint = Checkpoint.parse(note.text)
    if trust is not None:
        log = trust.log_named(checkpoint.origin)
        key = log.key
        require_within(log, checkpoint)
        open_note(note, [key], f"checkpoint in {where}")
        if checkpoint.origin != key.name:
            raise ProofError(
                f"{where} is from the log {checkpoint.origin}, not {key.name}.",
                f"{where} 来自日志 {checkpoint.origin}，而非 {key.name}。",
            )
    return checkpoint


def _statements(case: CaseInLog, where: str, trust: Trust | None, findings: Findings) -> None:
    """Prove the signatures of what continues or closes the case in one log."""
    for held in (case.continued, case.closed):
        if held is None or trust is None:
            continue
        index, entry = held
        signer = trust.signer_named(entry.signer)
        try:
            verify_entry(entry, signer.key)
            late = signer.revoked is not None and entry.time >= signer.revoked
            place = signer.revoked_at
            if late or (place is not None and trust.after(place, case.origin, index)):
                raise ProofError("its key was revoked before", "其密钥此前已吊销")
        except EvidenceError as error:
            name, zh = ("closing", "结案") if held is case.closed else ("continuing", "延续")
            findings.invalid(
                CLAIM, where, f"The {name} entry: {error.en}.", f"{zh}条目：{error.zh}。"
            )


def _close(
    cases: Sequence[CaseInLog], name: str, where: str, trust: Trust | None, findings: Findings
) -> None:
    """Compare the closing entry's counts with the entries; conclude."""
    case, total = cases[-1], sum(len(one.attempts) for one in cases)
    if case.closed is None:
        findings.facts["case_export"] = {"attempts": total, "closed": None}
        findings.unchecked(
            CLAIM,
            f"The case {name} is not closed: later attempts may follow.",
            f"案件 {name} 尚未结案：其后仍可能有新的尝试。",
            where,
        )
        return
    index, closed = case.closed
    if (closed.attempts, closed.sealed, closed.failed, closed.nothing_found) != counts(case):
        _wrong(
            findings,
            where,
            "The closing entry counts other attempts and outcomes than these.",
            "结案条目所计的尝试与结果数与此处不同。",
        )
    if trust is None:
        findings.unchecked(
            CLAIM,
            "The closing entry was not checked against a trusted key.",
            "结案条目未用可信密钥核查。",
            where,
        )
    sealed, failed, nothing = (sum(counts(one)[at] for one in cases) for at in (1, 2, 3))
    findings.facts["case_export"] = {
        "attempts": total,
        "sealed": sealed,
        "failed": failed,
        "nothing_found": nothing,
        "closed": format_time(closed.time),
        "index": index,
    }
    if trust is None:
        return
    findings.valid(
        CLAIM,
        f"The case was closed with {counted(total, 'attempt', 'attempts')}: {sealed} sealed, "
        f"{failed} failed, {nothing} "
        "without a page; every one is here.",
        f"案件已结案，共 {total} 次尝试：封装 {sealed}、失败 {failed}、"
        f"无页面 {nothing}；各条目齐全。",
    )
