"""What the matcher hands out: a match with its reasons, as DESIGN.md's "A lead in JSON"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from matcher.tables import rules

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True)
class Reason:
    """One reason for or against: code, both languages, and the words it rests on."""

    code: str
    text: str
    text_en: str
    evidence: str = ""

    @cached_property
    def line(self) -> str:
        """The reason as it stands in a line of leads."""
        return encode(self.to_json())

    def to_json(self) -> dict[str, str]:
        """Return the reason as a JSON object."""
        return {
            "code": self.code,
            "text": self.text,
            "text_en": self.text_en,
            "evidence": self.evidence,
        }


@dataclass(frozen=True)
class Match:
    """A suspected listing of one mark. ``span`` counts code points of the raw field.

    ``flag`` says that an officer should see it; it is never a finding of infringement.
    """

    listing_id: str
    mark_id: str
    similarity: float
    priority: float
    flag: bool
    field: str
    span: tuple[int, int]
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]
    versions: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the lead as a JSON object."""
        return {
            "listing_id": self.listing_id,
            "mark_id": self.mark_id,
            "similarity": self.similarity,
            "priority": self.priority,
            "flag": self.flag,
            "field": self.field,
            "span": list(self.span),
            "reasons": [reason.to_json() for reason in self.reasons],
            "against": [reason.to_json() for reason in self.against],
            "versions": dict(self.versions),
        }


@lru_cache(maxsize=32768)
def reason(
    code: str,
    evidence: str = "",
    against: bool = False,
    mark: str = "",
    changes: str = "",
    classes: str = "",
) -> Reason:
    """Return a reason of the rules' texts with its facts filled in."""
    zh, en = (rules().against if against else rules().reasons)[code]
    facts = {"evidence": evidence, "mark": mark, "changes": changes, "classes": classes}
    for name, value in facts.items():
        zh, en = zh.replace("{" + name + "}", value), en.replace("{" + name + "}", value)
    return Reason(code, zh, en, evidence)
