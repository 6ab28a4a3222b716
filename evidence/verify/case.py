"""Completeness: every entry of a case from 1 to the count that its closing entry states.

Proved is what the checkpoint fixes: these entries, their numbers without a gap or a double, one
outcome each, and a signed count of the same. Not checked here: that the log holds no second
entry under one of the numbers; the audit of the whole log does that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from evidence.errors import EvidenceError, InputError, ProofError
from evidence.format.attempt import case_tag
from evidence.format.caseexport import LIMIT, CaseExport
from evidence.format.checkpoint import Checkpoint
from evidence.format.entry import Attempt, CaseClosed, CaseEntry, parse_entry
from evidence.format.entry.signing import verify_entry
from evidence.format.merkle import leaf_hash, verify_inclusion
from evidence.format.note import SignedNote, open_note
from evidence.format.times import format_time
from evidence.verify.papers import Papers
from evidence.verify.trust import Trust, load_trust
from evidence.verify.verdict import Findings, Verdict, conclude

CLAIM = "case"
NAMED = 100
"""Missing numbers that are named one by one."""


@dataclass
class _Case:
    """What the entries of an export have shown so far."""

    attempts: dict[int, Attempt] = field(default_factory=dict)
    outcomes: dict[int, tuple[int, str]] = field(default_factory=dict)
    closed: tuple[int, CaseClosed] | None = None


def verify_case_file(path: Path, *, trust: Path | None) -> Verdict:
    """Return the verdict on a ``NAME.case.json`` by itself; only the claim *case* is told.

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
    findings = Findings(frozenset({CLAIM}))
    check_export(data, path.name, trusted, findings)
    told = conclude(path.name, findings, trusted=trusted is not None, trial=False)
    own = tuple(claim for claim in told.claims if claim.id == CLAIM)
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
    """Check the export of a dossier, if it has one, and that its own entries are in it."""
    where = papers.sidecars.case
    data = papers.get(where)
    if data is None:
        return
    rows = check_export(data, where, trust, findings)
    for name in (papers.sidecars.attempt, papers.sidecars.outcome):
        own = papers.get(name)
        if rows is not None and own is not None and own not in rows:
            _wrong(findings, where, f"It does not have {name}.", f"其中没有 {name}。")


def check_export(
    data: bytes, where: str, trust: Trust | None, findings: Findings
) -> frozenset[bytes] | None:
    """Check an export of a case; return the entries in it, None when it cannot be read."""
    try:
        export = CaseExport.parse(data, where)
        checkpoint = _checkpoint(export, trust, where)
    except EvidenceError as error:
        findings.fault(CLAIM, where, error)
        return None
    case = _Case()
    for row in export.rows:
        try:
            leaf = leaf_hash(row.entry)
            verify_inclusion(leaf, row.index, checkpoint.size, row.hashes, checkpoint.root)
            _take(row.index, row.entry, case_tag(export.case_salt, export.case), case, findings)
        except EvidenceError as error:
            en, zh = error.en.rstrip("."), error.zh.rstrip("。")
            place = f"{where}: entry {row.index}"
            findings.invalid(
                CLAIM, place, f"Entry {row.index}: {en}.", f"第 {row.index} 条：{zh}。"
            )
    _numbers(case, where, findings)
    _close(case, export.case, checkpoint.origin, where, trust, findings)
    return frozenset(row.entry for row in export.rows)


def _wrong(findings: Findings, where: str, en: str, zh: str) -> None:
    findings.invalid(CLAIM, where, en, zh)


def _checkpoint(export: CaseExport, trust: Trust | None, where: str) -> Checkpoint:
    """Return the checkpoint of the proofs, signed by a log that the trust folder names."""
    note = SignedNote.parse(export.checkpoint, f"{where}: checkpoint")
    checkpoint = Checkpoint.parse(note.text)
    if trust is not None:
        key = trust.log_named(checkpoint.origin).key
        open_note(note, [key], f"checkpoint in {where}")
        if checkpoint.origin != key.name:
            raise ProofError(
                f"{where} is from the log {checkpoint.origin}, not {key.name}.",
                f"{where} 来自日志 {checkpoint.origin}，而非 {key.name}。",
            )
    return checkpoint


def _take(index: int, data: bytes, tag: str, case: _Case, findings: Findings) -> None:
    """Take in one entry; ProofError when it is not of this case or has no place in it."""
    entry = parse_entry(data)
    if not isinstance(entry, CaseEntry | CaseClosed) or entry.case_tag != tag:
        raise ProofError("it is not of this case", "不属于本案件")
    if case.closed is not None:
        raise ProofError("it stands after the closing of the case", "位于结案条目之后")
    if isinstance(entry, CaseClosed):
        case.closed = (index, entry)
    elif isinstance(entry, Attempt):
        case.attempts[index] = entry
    else:
        attempt = case.attempts.get(entry.attempt)
        own = (entry.capture_id, entry.number)
        if attempt is None or (attempt.capture_id, attempt.number) != own:
            raise ProofError("its attempt is missing", "缺少其对应的尝试")
        if entry.attempt in case.outcomes:
            raise ProofError("its attempt has an outcome already", "其对应的尝试已有结果")
        case.outcomes[entry.attempt] = (index, entry.outcome)


def _numbers(case: _Case, where: str, findings: Findings) -> None:
    """Name every number that is missing or doubled."""
    numbers = [entry.number for entry in case.attempts.values()]
    for number in sorted(n for n, count in Counter(numbers).items() if count > 1):
        _wrong(
            findings,
            where,
            f"The attempt number {number} occurs more than once.",
            f"第 {number} 次尝试的编号出现不止一次。",
        )
    most = case.closed[1].attempts if case.closed else 0
    there, named = set(numbers), 0
    for number in range(1, min(max([most, *numbers]), len(there) + NAMED) + 1):
        if number not in there and named < NAMED:
            named += 1
            _wrong(
                findings,
                where,
                f"The attempt number {number} is missing.",
                f"缺少第 {number} 次尝试。",
            )


def _counts(case: _Case) -> tuple[int, int, int, int]:
    kinds = [kind for _, kind in case.outcomes.values()]
    sealed, failed = kinds.count("sealed"), kinds.count("failed")
    return len(case.attempts), sealed, failed, kinds.count("nothing_found")


def _close(
    case: _Case,
    name: str,
    origin: str,
    where: str,
    trust: Trust | None,
    findings: Findings,
) -> None:
    """Compare the closing entry's counts with the entries, and prove its signature."""
    if case.closed is None:
        findings.facts["case_export"] = {"attempts": len(case.attempts), "closed": None}
        findings.unchecked(
            CLAIM,
            f"The case {name} is not closed: later attempts may follow.",
            f"案件 {name} 尚未结案：其后仍可能有新的尝试。",
            where,
        )
        return
    index, closed = case.closed
    findings.facts["case_export"] = {
        "attempts": closed.attempts,
        "sealed": closed.sealed,
        "failed": closed.failed,
        "nothing_found": closed.nothing_found,
        "closed": format_time(closed.time),
        "index": index,
    }
    if (closed.attempts, closed.sealed, closed.failed, closed.nothing_found) != _counts(case):
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
        return
    signer = trust.signer_named(closed.signer)
    try:
        verify_entry(closed, signer.key)
        late = signer.revoked is not None and closed.time >= signer.revoked
        place = signer.revoked_at
        if late or (place is not None and trust.after(place, origin, index)):
            raise ProofError("its key was revoked before", "其密钥此前已吊销")
    except EvidenceError as error:
        findings.invalid(CLAIM, where, f"The closing entry: {error.en}.", f"结案条目：{error.zh}。")
    findings.valid(
        CLAIM,
        f"The case was closed with {closed.attempts} attempt(s): {closed.sealed} sealed, "
        f"{closed.failed} failed, {closed.nothing_found} without a page; every one is here.",
        f"案件已结案，共 {closed.attempts} 次尝试：封装 {closed.sealed}、失败 {closed.failed}、"
        f"无页面 {closed.nothing_found}；各条目齐全。",
    )
