"""Completeness: every entry of a case from 1 to the count that its closing entry states.

Proved is what the checkpoint fixes: these entries, their numbers without a gap or a double, one
outcome each, and a signed count of the same. Not checked here: that the log holds no second
entry under one of the numbers; the audit of the whole log does that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from evidence.errors import EvidenceError, InputError, ProofError
from evidence.format.attempt import case_tag
from evidence.format.caseexport import LIMIT, CaseExport, CasePart
from evidence.format.checkpoint import Checkpoint
from evidence.format.counted import counted
from evidence.format.entry import Attempt, CaseClosed, CaseContinued, CaseEntry, parse_entry
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
    """What the entries of an export in one log have shown so far."""

    origin: str
    attempts: dict[int, Attempt] = field(default_factory=dict)
    outcomes: dict[int, tuple[int, str]] = field(default_factory=dict)
    closed: tuple[int, CaseClosed] | None = None
    continued: tuple[int, CaseContinued] | None = None

    @property
    def began_after(self) -> int:
        """The number after which the case goes on in this log."""
        return self.continued[1].attempts if self.continued else 0


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
        checkpoints = [_checkpoint(part, trust, where) for part in export.parts]
    except EvidenceError as error:
        findings.fault(CLAIM, where, error)
        return None
    tag, cases = case_tag(export.case_salt, export.case), list[_Case]()
    for part, checkpoint in zip(export.parts, checkpoints, strict=True):
        case = _Case(checkpoint.origin)
        _follow(part, checkpoint, tag, case, where, findings)
        cases.append(case)
    _logs(cases, where, trust, findings)
    _numbers(cases, where, findings)
    for case in cases:
        _statements(case, where, trust, findings)
    _close(cases, export.case, where, trust, findings)
    return frozenset(row.entry for part in export.parts for row in part.rows)


def _follow(
    part: CasePart,
    checkpoint: Checkpoint,
    tag: str,
    case: _Case,
    where: str,
    findings: Findings,
) -> None:
    """Take in the entries of one log, each proved under its checkpoint."""
    for row in part.rows:
        try:
            leaf = leaf_hash(row.entry)
            verify_inclusion(leaf, row.index, checkpoint.size, row.hashes, checkpoint.root)
            _take(row.index, row.entry, tag, case)
        except EvidenceError as error:
            en, zh = error.en.rstrip("."), error.zh.rstrip("。")
            findings.invalid(
                CLAIM,
                f"{where}: entry {row.index}",
                f"Entry {row.index}: {en}.",
                f"第 {row.index} 条：{zh}。",
            )


def _logs(cases: Sequence[_Case], where: str, trust: Trust | None, findings: Findings) -> None:
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
        key, end = log.key, log.until_size
        if end is not None and checkpoint.size > end:
            raise ProofError(
                f"The log {key.name} ended with {end} entries; this checkpoint has "
                f"{checkpoint.size}.",
                f"日志 {key.name} 止于 {end} 条；此检查点有 {checkpoint.size} 条。",
            )
        open_note(note, [key], f"checkpoint in {where}")
        if checkpoint.origin != key.name:
            raise ProofError(
                f"{where} is from the log {checkpoint.origin}, not {key.name}.",
                f"{where} 来自日志 {checkpoint.origin}，而非 {key.name}。",
            )
    return checkpoint


def _take(index: int, data: bytes, tag: str, case: _Case) -> None:
    """Take in one entry; ProofError when it is not of this case or has no place in it."""
    entry = parse_entry(data)
    if not isinstance(entry, CaseEntry | CaseClosed | CaseContinued) or entry.case_tag != tag:
        raise ProofError("it is not of this case", "不属于本案件")
    if case.closed is not None:
        raise ProofError("it stands after the closing of the case", "位于结案条目之后")
    if isinstance(entry, CaseContinued):
        if case.attempts or case.continued:
            raise ProofError("the case has entries before it", "该案件此前已有条目")
        case.continued = (index, entry)
    elif isinstance(entry, CaseClosed):
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


def _numbers(cases: Sequence[_Case], where: str, findings: Findings) -> None:
    """Name every number that is missing or doubled; what went with a former log is not known."""
    numbers = [a.number for case in cases for a in case.attempts.values()]
    for number in sorted(n for n, count in Counter(numbers).items() if count > 1):
        _wrong(
            findings,
            where,
            f"The attempt number {number} occurs more than once.",
            f"第 {number} 次尝试的编号出现不止一次。",
        )
    last = cases[-1]
    most = last.began_after + (last.closed[1].attempts if last.closed else 0)
    there, named = set(numbers), 0
    for number in range(1, min(max([most, *numbers]), len(there) + NAMED) + 1):
        if number in there or named >= NAMED:
            continue
        named += 1
        gap = next((case for case in reversed(cases) if _before(case, number, cases)), None)
        if gap is not None and gap.continued is not None:
            old = gap.continued[1]
            findings.unchecked(
                CLAIM,
                f"The attempt number {number} was in the log {old.old_origin}, of which "
                f"{old.old_size} entries are in hand; the statement of its end names the gap.",
                f"第 {number} 次尝试曾在日志 {old.old_origin}，该日志现存 {old.old_size} 条；"
                "其终止声明写明了缺口。",
                where,
            )
        else:
            _wrong(
                findings,
                where,
                f"The attempt number {number} is missing.",
                f"缺少第 {number} 次尝试。",
            )


def _before(case: _Case, number: int, cases: Sequence[_Case]) -> bool:
    """Say whether a number belongs to what is gone between a log and the one before it."""
    if case.continued is None or number > case.began_after:
        return False
    at = next(place for place, one in enumerate(cases) if one is case)
    known = [a.number for one in cases[:at] for a in one.attempts.values()]
    return number > max(known, default=0)


def _counts(case: _Case) -> tuple[int, int, int, int]:
    kinds = [kind for _, kind in case.outcomes.values()]
    sealed, failed = kinds.count("sealed"), kinds.count("failed")
    return len(case.attempts), sealed, failed, kinds.count("nothing_found")


def _statements(case: _Case, where: str, trust: Trust | None, findings: Findings) -> None:
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
    cases: Sequence[_Case], name: str, where: str, trust: Trust | None, findings: Findings
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
    sealed, failed, nothing = (sum(_counts(one)[at] for one in cases) for at in (1, 2, 3))
    findings.facts["case_export"] = {
        "attempts": total,
        "sealed": sealed,
        "failed": failed,
        "nothing_found": nothing,
        "closed": format_time(closed.time),
        "index": index,
    }
    findings.valid(
        CLAIM,
        f"The case was closed with {counted(total, 'attempt', 'attempts')}: {sealed} sealed, "
        f"{failed} failed, {nothing} "
        "without a page; every one is here.",
        f"案件已结案，共 {total} 次尝试：封装 {sealed}、失败 {failed}、"
        f"无页面 {nothing}；各条目齐全。",
    )
