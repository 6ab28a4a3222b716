"""Dated data with sources: what an erasure may rest on, how long exhibits are kept.

``basis.toml`` (``markseal-basis/1``) and ``retention.toml`` (``markseal-retention/1``) lie beside
this module. A row that nobody could confirm (``unsure``) is shown, and refused when it is used.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from evidence.errors import InputError
from evidence.format.erasure import Basis

BASIS, RETENTION = "basis.toml", "retention.toml"
STATUSES = ("verified", "commentary", "reported", "unsure")
SURE = ("verified", "commentary")
SEALED = "sealed"


@dataclass(frozen=True)
class Ground:
    """A basis of erasure; ``document`` says that a paper has to be named with it."""

    basis: Basis
    zh: str
    en: str
    source: str
    document: bool


@dataclass(frozen=True)
class Retention:
    """How long exhibits of one class are kept; ``years`` is None where nobody has said."""

    name: str
    zh: str
    en: str
    years: int | None
    counted_from: str
    title: str
    article: str
    since: date
    status: str
    source: str

    @property
    def usable(self) -> bool:
        """Whether it may be acted on."""
        return self.years is not None and self.status in SURE

    def until(self, sealed: datetime) -> date:
        """Return the last day on which an exhibit sealed then is kept.

        Raises InputError when the row is unsure, or counts from something that we do not know.
        """
        if self.years is None or not self.usable or self.counted_from != SEALED:
            raise InputError(
                f"How long exhibits of class {self.name} are kept is not settled here "
                f"({self.source}); decide it in MARKSEAL_HOME/{RETENTION}, with its source.",
                f"“{self.zh}”的保存期限尚未确定（{self.source}）；"
                f"请在 MARKSEAL_HOME/{RETENTION} 中写明决定及其依据。",
            )
        return date(sealed.year + self.years, 12, 31)


def grounds() -> tuple[Ground, ...]:
    """Return every basis of erasure that is known."""
    return tuple(_ground(row) for row in _rows(_beside(BASIS), "markseal-basis/1", "basis"))


def ground(code: str, *, on: date) -> Ground:
    """Return the basis of that code if it is in force on that day and sure, else InputError."""
    found = next((one for one in grounds() if one.basis.code == code), None)
    if found is None:
        known = ", ".join(one.basis.code for one in grounds() if one.basis.status in SURE)
        raise InputError(
            f"There is no basis {code}; known are {known}.",
            f"没有依据代码 {code}；可用的有 {known}。",
        )
    if found.basis.since > on:
        raise InputError(
            f"The basis {code} is in force from {found.basis.since} only.",
            f"依据 {code} 自 {found.basis.since} 起施行。",
        )
    if found.basis.status not in SURE:
        raise InputError(
            f"The basis {code} is not confirmed ({found.source}); nothing is erased on it.",
            f"依据 {code} 尚未核实（{found.source}）；不得据此删除。",
        )
    return found


def retentions(home: Path | None = None) -> tuple[Retention, ...]:
    """Return the retention timetable: the installation's own, else ours."""
    own = home / RETENTION if home is not None else None
    path = own if own is not None and own.is_file() else _beside(RETENTION)
    return tuple(_retention(row) for row in _rows(path, "markseal-retention/1", "retention"))


def retention(name: str, *, home: Path | None = None) -> Retention:
    """Return the row of a class, or raise InputError naming the classes that there are."""
    rows = retentions(home)
    found = next((one for one in rows if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in rows)
        raise InputError(
            f"There is no class {name}; known are {known}.",
            f"没有类别 {name}；已有 {known}。",
        )
    return found


def _beside(name: str) -> Path:
    return Path(__file__).with_name(name)


def _rows(path: Path, form: str, noun: str) -> list[dict[str, Any]]:
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(path.name, str(error)) from error
    rows = value.get(noun)
    if value.get("format") != form or not isinstance(rows, list):
        raise _wrong(path.name, f"format {form}, [[{noun}]]")
    return rows


def _wrong(name: str, what: str) -> InputError:
    return InputError(f"{name} cannot be used ({what}).", f"{name} 无法使用（{what}）。")


def _take(row: Any, noun: str, optional: dict[str, type], **wanted: type) -> dict[str, Any]:
    if not isinstance(row, dict) or row.keys() - wanted.keys() - optional.keys():
        raise _wrong(noun, "unknown key")
    for key, kind in (wanted | {k: v for k, v in optional.items() if k in row}).items():
        if type(row.get(key)) is not kind:
            raise _wrong(noun, key)
    if row["status"] not in STATUSES:
        raise _wrong(noun, "status")
    return row


_CITED = {"title": str, "article": str, "from": date, "status": str, "source": str}


def _ground(row: Any) -> Ground:
    _take(row, BASIS, {"document": bool}, code=str, zh=str, en=str, **_CITED)
    basis = Basis(row["code"], row["title"], row["article"], row["from"], row["status"])
    return Ground(basis, row["zh"], row["en"], row["source"], row.get("document", False))


def _retention(row: Any) -> Retention:
    text = {"class": str, "counted_from": str}
    _take(row, RETENTION, {"years": int}, zh=str, en=str, **text, **_CITED)
    return Retention(
        row["class"],
        row["zh"],
        row["en"],
        row.get("years"),
        row["counted_from"],
        row["title"],
        row["article"],
        row["from"],
        row["status"],
        row["source"],
    )
