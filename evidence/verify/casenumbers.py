"""The entries of one case in one log, and its numbers through all logs that it ran in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from evidence.errors import ProofError
from evidence.format.entry import Attempt, CaseClosed, CaseContinued, CaseEntry, parse_entry
from evidence.verify.verdict import Findings

CLAIM = "case"
NAMED = 100
"""Missing numbers that are named one by one."""


@dataclass
class CaseInLog:
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


def take_entry(index: int, data: bytes, tag: str, case: CaseInLog) -> None:
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


def check_numbers(cases: Sequence[CaseInLog], where: str, findings: Findings) -> None:
    """Name every number that is missing or doubled; what went with a former log is not known."""
    numbers = [a.number for case in cases for a in case.attempts.values()]
    for number in sorted(n for n, count in Counter(numbers).items() if count > 1):
        findings.invalid(
            CLAIM,
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
            findings.invalid(
                CLAIM,
                where,
                f"The attempt number {number} is missing.",
                f"缺少第 {number} 次尝试。",
            )


def _before(case: CaseInLog, number: int, cases: Sequence[CaseInLog]) -> bool:
    """Say whether a number belongs to what is gone between a log and the one before it."""
    if case.continued is None or number > case.began_after:
        return False
    at = next(place for place, one in enumerate(cases) if one is case)
    known = [a.number for one in cases[:at] for a in one.attempts.values()]
    return number > max(known, default=0)


def counts(case: CaseInLog) -> tuple[int, int, int, int]:
    kinds = [kind for _, kind in case.outcomes.values()]
    sealed, failed = kinds.count("sealed"), kinds.count("failed")
    return len(case.attempts), sealed, failed, kinds.count("nothing_found")
