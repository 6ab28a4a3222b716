"""What an audit of a log found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evidence.errors import FormatError
from evidence.format.entry import Sealed, parse_entry


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; ``entry`` is its index in the log where there is one."""

    code: str
    entry: int | None
    zh: str
    en: str

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {"code": self.code, "entry": self.entry, "zh": self.zh, "en": self.en}


@dataclass
class AuditReport:
    """Everything recomputed from the entries; ``findings`` empty means that all of it fits.

    ``unchecked`` is what could be neither found right nor wrong with what was known here.

    ``open_attempts`` are attempts without an outcome (running, awaiting a timestamp, or cut
    short): they are told, not held against the log.
    """

    size: int = 0
    root: str = ""
    attempts: int = 0
    sealed: int = 0
    failed: int = 0
    nothing_found: int = 0
    closed: int = 0
    open_attempts: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def exit_code(self) -> int:
        """1 with findings, 3 where something could not be checked, else 0."""
        return 1 if self.findings else 3 if self.unchecked else 0

    def add(self, code: str, entry: int | None, zh: str, en: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(code, entry, zh, en))

    def leave(self, code: str, entry: int | None, zh: str, en: str) -> None:
        """Add what is not checked."""
        self.unchecked.append(Finding(code, entry, zh, en))

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            "format": "markseal-audit/1",
            "clean": self.clean,
            "size": self.size,
            "root": self.root,
            "attempts": self.attempts,
            "sealed": self.sealed,
            "failed": self.failed,
            "nothing_found": self.nothing_found,
            "closed_cases": self.closed,
            "open_attempts": self.open_attempts,
            "findings": [finding.to_json() for finding in self.findings],
            "not_checked": [finding.to_json() for finding in self.unchecked],
        }


def erases_a_seal(
    entry: bytes, index: int, outcome: int, package_sha256: str, report: AuditReport
) -> None:
    """Check that the erasure at ``index`` names the sealed ``entry`` at ``outcome``."""
    try:
        sealed = parse_entry(entry)
    except FormatError:
        return
    if isinstance(sealed, Sealed) and sealed.package.sha256 != package_sha256:
        report.add(
            "erasure",
            index,
            f"第 {index} 条删除记录所指的封装与第 {outcome} 条的不符。",
            f"Entry {index} erases another package than entry {outcome} sealed.",
        )
    if not isinstance(sealed, Sealed):
        report.add(
            "erasure",
            index,
            f"第 {index} 条删除记录所指的第 {outcome} 条不是封装结果。",
            f"Entry {index} erases what entry {outcome} sealed, but that is no sealing.",
        )


def sealed_twice(index: int, earlier: int, report: AuditReport) -> None:
    """Add that the capture sealed by the entry at ``index`` was sealed before."""
    report.add(
        "sealed twice",
        index,
        f"第 {index} 条：同一取证已在第 {earlier} 条封装。",
        f"Entry {index}: this capture was already sealed by entry {earlier}.",
    )
