"""The environment record for a reader: one sentence a row, what needs attention first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.environment.rows import TOPICS, Status

_ORDER = (Status.DIFFERS, Status.NOT_CHECKED, Status.CHECKED)
_LIMIT = 400


@dataclass(frozen=True)
class Sentence:
    """One row for a reader: its topic and finding in two languages."""

    id: str
    status: Status
    topic_zh: str
    topic_en: str
    zh: str
    en: str


@dataclass(frozen=True)
class Summary:
    """All rows of a record, what differs first, then what was not checked."""

    sentences: tuple[Sentence, ...]

    def having(self, status: Status) -> tuple[Sentence, ...]:
        """Return the rows of one status, in the order of the table."""
        return tuple(s for s in self.sentences if s.status is status)

    @property
    def zh(self) -> str:
        """The counts in one Chinese sentence."""
        return "，".join(f"{word} {self._count(status)} 项" for status, word in _ZH) + "。"

    @property
    def en(self) -> str:
        """The counts in one English sentence."""
        return ", ".join(f"{self._count(status)} {word}" for status, word in _EN) + "."

    def _count(self, status: Status) -> int:
        return len(self.having(status))


_ZH = ((Status.CHECKED, "已检查"), (Status.DIFFERS, "须注意"), (Status.NOT_CHECKED, "未检查"))
_EN = (
    (Status.CHECKED, "checked"),
    (Status.DIFFERS, "to be noted"),
    (Status.NOT_CHECKED, "not checked"),
)


def summary(record: Mapping[str, Any]) -> Summary:
    """Return the sentences of a parsed ``environment.json`` of any shape.

    A row that is not understood is left out; records before ``markseal-environment/2`` have only
    their list of what was not checked. Text comes from the package: show it as text.
    """
    rows = record.get("rows")
    found = [_sentence(row) for row in rows] if isinstance(rows, list) else _old(record)
    known = [s for s in found if s is not None]
    return Summary(tuple(sorted(known, key=lambda s: _ORDER.index(s.status))))


def _sentence(row: Any) -> Sentence | None:
    if not isinstance(row, dict) or row.get("status") not in set(Status):
        return None
    name = str(row.get("id", ""))[:40]
    topic = TOPICS.get(name, (name, name))
    texts = [row.get("zh"), row.get("en")]
    if not all(isinstance(text, str) for text in texts):
        return None
    return Sentence(name, Status(row["status"]), *topic, *(str(t)[:_LIMIT] for t in texts))


def _old(record: Mapping[str, Any]) -> list[Sentence | None]:
    rows = record.get("not_checked")
    if not isinstance(rows, list):
        return []
    return [
        _sentence({**row, "id": row.get("what"), "status": Status.NOT_CHECKED.value})
        for row in rows
        if isinstance(row, dict)
    ]
