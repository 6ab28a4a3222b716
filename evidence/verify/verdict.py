"""The verdict: claims, each valid, invalid or not checked, and what is not proved."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.errors import EvidenceError
from evidence.format.declared import SENTENCES, Line, elsewhere_line, printed
from evidence.format.unproved import unproved
from evidence.verify.headline import FOREIGN, by_name, places, why_invalid

FORMAT = "markseal-verdict/1"
BAD_CERTIFICATE = SENTENCES["bad_certificate"]


class Status(enum.Enum):
    """What is known of one claim."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_CHECKED = "not_checked"


class Outcome(enum.Enum):
    """The verdict as a whole, with its exit code."""

    VALID = ("valid", 0)
    INVALID = ("invalid", 1)
    NOT_A_PACKAGE = ("not_a_package", 2)
    INCOMPLETE = ("incomplete", 3)

    @property
    def word(self) -> str:
        """The word in the JSON form."""
        return self.value[0]

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return self.value[1]


CLAIM_NAMES = {
    "package": ("封装结构完整规范", "The package is whole and in its one canonical form"),
    "manifest": ("各文件与清单一致", "Every file is as the manifest lists it"),
    "signature": ("清单由可信密钥签名", "The manifest is signed by a trusted key"),
    "inclusion": ("尝试与结果均已记入日志", "Attempt and outcome are in the log"),
    "witness": ("日志检查点有见证人签署", "Witnesses cosigned the log's checkpoint"),
    "timestamp": ("清单有可信时间戳", "The manifest has a trusted timestamp"),
    "revocation": ("签发时机构证书未被吊销", "The authorities' certificates were not revoked"),
    "order": ("各时间先后合理", "The times follow one another"),
    "case": ("案件各条目齐全", "Every entry of the case is there"),
    "review": ("技术核查记录由可信密钥签名", "The technical review is signed by a trusted key"),
    "erasure": ("内容已删除，依据有签名", "The content was erased, on a signed basis"),
}
"""Claim id to its name in Chinese and English, in the order in which they are told."""
OPTIONAL = frozenset({"witness", "revocation", "case", "review", "erasure"})
"""Claims that are told only where they are required, or there is what they speak of."""


@dataclass(frozen=True)
class Claim:
    """One finding on one claim; ``where`` names the file, entry or part that fails."""

    id: str
    status: Status
    required: bool
    zh: str
    en: str
    where: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.id,
            "status": self.status.value,
            "required": self.required,
            "zh": self.zh,
            "en": self.en,
            "where": self.where,
        }


@dataclass
class Findings:
    """What the steps of a verification find; one per verification, filled in order.

    ``damaged``: a ZIP ends too early, or its directory cannot be read.
    """

    required: frozenset[str]
    claims: list[Claim] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    declared: tuple[Line, ...] = ()
    damaged: bool = False

    def requiring(self, required: frozenset[str]) -> Findings:
        """Return what was found so far, to be gone on with by itself, by what is required."""
        claims = [replace(claim, required=claim.id in required) for claim in self.claims]
        return Findings(required, claims, deepcopy(self.facts), self.declared, self.damaged)

    def invalid(self, claim: str, where: str | None, en: str, zh: str) -> None:
        """Note that ``claim`` fails at ``where``."""
        self._add(Claim(claim, Status.INVALID, claim in self.required, zh, en, where))

    def fault(self, claim: str, where: str | None, error: EvidenceError) -> None:
        """Note an error's own sentence as the failure of ``claim``."""
        self.invalid(claim, where, error.en, error.zh)

    def unchecked(self, claim: str, en: str, zh: str, where: str | None = None) -> None:
        """Note that ``claim`` could not be checked, and why."""
        self._add(Claim(claim, Status.NOT_CHECKED, claim in self.required, zh, en, where))

    def valid(self, claim: str, en: str, zh: str) -> None:
        """Note that ``claim`` is proved; ignored if anything else was said of it before."""
        if not any(c.id == claim for c in self.claims):
            self._add(Claim(claim, Status.VALID, claim in self.required, zh, en))

    def failed(self, claim: str) -> bool:
        """Return whether anything invalid was found on ``claim``."""
        return any(c.id == claim and c.status is Status.INVALID for c in self.claims)

    def _add(self, claim: Claim) -> None:
        if claim not in self.claims:
            self.claims.append(claim)


@dataclass(frozen=True)
class Verdict:
    """What was found of one file; ``foreign``: it fails for its keys alone."""

    file: str
    outcome: Outcome
    trial: bool
    headline_zh: str
    headline_en: str
    claims: tuple[Claim, ...]
    facts: dict[str, Any]
    declared: tuple[Line, ...] = ()
    foreign: bool = False

    @property
    def not_proved(self) -> tuple[Line, ...]:
        """What nobody may take this verdict to prove, with what this very package leaves open."""
        told = {claim.id for claim in self.claims}
        return unproved(told, str(self.facts.get("fidelity")))

    @property
    def places(self) -> tuple[str, ...]:
        """The files, entries and parts that fail, each once, in the order of their names."""
        return places([c.where for c in self.claims if c.status is Status.INVALID])

    @property
    def exit_code(self) -> int:
        """0 valid, 1 invalid, 2 not a package, 3 something required was not checked."""
        return self.outcome.exit_code

    def to_json(self) -> dict[str, Any]:
        """Return the documented JSON form (``markseal-verdict/1``)."""
        return {
            "format": FORMAT,
            "file": self.file,
            "verdict": self.outcome.word,
            "exit": self.exit_code,
            "trial": self.trial,
            "foreign": self.foreign,
            "headline": {"zh": self.headline_zh, "en": self.headline_en},
            "declared": printed(self.declared),
            "claims": [claim.to_json() for claim in self.claims],
            "facts": self.facts,
            "not_proved": printed(self.not_proved),
        }


def conclude(file: str, findings: Findings, *, trusted: bool, trial: bool) -> Verdict:
    """Return the verdict that the findings amount to."""
    claims = _complete(findings)
    invalid = [claim for claim in claims if claim.status is Status.INVALID]
    missing = [c for c in claims if c.status is not Status.VALID and c.required]
    if invalid:
        outcome = Outcome.INVALID
    elif missing or not trusted:
        outcome = Outcome.INCOMPLETE
    else:
        outcome = Outcome.VALID
    zh, en = _headline(outcome, invalid, trusted=trusted, damaged=findings.damaged)
    if trial and outcome is not Outcome.INVALID:
        zh, en = f"试用：{zh}（时间戳仅来自试用机构）", f"TRIAL: {en} (trial timestamps only)"
    return Verdict(
        file, outcome, trial, *_noted(zh, en, findings), claims, findings.facts, findings.declared
    )


def as_foreign(verdict: Verdict) -> Verdict:
    """Return an invalid verdict that says first that it fails for its keys alone."""
    zh, en = FOREIGN
    return replace(
        verdict, foreign=True, headline_zh=f"核验不通过：{zh}", headline_en=f"NOT VALID: {en}"
    )


def _noted(zh: str, en: str, findings: Findings) -> tuple[str, str]:
    """Return the headline with what is too grave to stand below it."""
    grave = [BAD_CERTIFICATE] if BAD_CERTIFICATE in findings.declared else []
    if "shown_url" in findings.facts:
        grave.append(elsewhere_line(str(findings.facts["shown_url"])))
    for line in grave:
        zh, en = f"{zh}；注意：{line[0]}", f"{en}; NOTE: {line[1]}"
    return zh, en


def _complete(findings: Findings) -> tuple[Claim, ...]:
    for claim, (zh, en) in CLAIM_NAMES.items():
        due = claim not in OPTIONAL or claim in findings.required
        if due and not any(c.id == claim for c in findings.claims):
            findings.unchecked(claim, f"{en}: could not be checked.", f"{zh}：无法核查。")
    order = list(CLAIM_NAMES)
    return tuple(
        sorted(
            findings.claims,
            key=lambda c: (order.index(c.id), c.where is None, by_name(c.where or "")),
        )
    )


def _headline(
    outcome: Outcome, invalid: Sequence[Claim], *, trusted: bool, damaged: bool
) -> tuple[str, str]:
    if outcome is Outcome.INVALID:
        zh, en = why_invalid({claim.id for claim in invalid}, damaged=damaged)
        return f"核验不通过：{zh}", f"NOT VALID: {en}"
    if outcome is Outcome.VALID:
        return "核验通过：要求的各项均成立", "VALID: everything required was proved"
    if not trusted:
        return (
            "未给出信任文件夹，故不信任任何签名、日志或时间戳；已查各项未发现问题",
            "Nothing is trusted: no trust folder was given; nothing wrong found as far as checked",
        )
    return (
        "核验未完成：要求的某些项目未能核查；已查各项未发现问题",
        "INCOMPLETE: something required was not checked; nothing wrong found as far as checked",
    )


def not_a_package(file: str) -> Verdict:
    """Return the verdict on a file in which no ZIP record was recognised."""
    return Verdict(
        file,
        Outcome.NOT_A_PACKAGE,
        trial=False,
        headline_zh="不是封装文件：其中没有任何 ZIP 记录；请选择 .wacz 或 .dossier.zip 文件",
        headline_en="Not a package: no ZIP record in it; choose a .wacz or .dossier.zip file",
        claims=(),
        facts={},
    )
