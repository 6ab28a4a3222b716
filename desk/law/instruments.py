"""Instruments in force on a day, and the article that carries a concept (``config/law/*.toml``).

Each article has a status: *verified* (read in the text), *commentary* (verified through
commentary), *reported* (general knowledge), *unsure*. Only the verified may be shown
without a warning. Nothing here decides which law applies to an act: the caller gives
the day (substance: of the act; procedure: of the handling).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from desk.law.errors import LawFileWrong, NotInForce, UnknownConcept

FORMAT = "markseal-law/1"


class Status(StrEnum):
    """How sure a citation is."""

    VERIFIED = "verified"
    COMMENTARY = "commentary"
    REPORTED = "reported"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Article:
    """Where an instrument speaks of a concept; None: it does, but the article is unsure."""

    concept: str
    article: str | None
    status: Status


@dataclass(frozen=True)
class Instrument:
    """A law, rule or interpretation, and the days it is in force (both included)."""

    id: str
    title: str
    number: str
    start: date
    end: date | None
    source: str
    articles: tuple[Article, ...]

    def in_force(self, on: date) -> bool:
        """Return whether the instrument is in force on that day."""
        return self.start <= on and (self.end is None or on <= self.end)


@dataclass(frozen=True)
class Citation:
    """An article of an instrument in force on ``on``, with how sure it is."""

    instrument: Instrument
    article: str | None
    status: Status
    on: date

    @property
    def certain(self) -> bool:
        """Return whether it was read in the text of the instrument."""
        return self.status is Status.VERIFIED and self.article is not None

    @property
    def text(self) -> str:
        """Return the citation in Chinese; what is not certain says 待核实."""
        place = _place(self.article) if self.article else "（条文待核实）"
        mark = "" if self.certain or self.article is None else "（待核实）"
        return f"《{self.instrument.title}》{place}{mark}"


@dataclass(frozen=True)
class Code:
    """All instruments that are known."""

    instruments: tuple[Instrument, ...]

    def cite(self, concept: str, *, on: date) -> Citation:
        """Return where the law of that day speaks of a concept.

        Raises UnknownConcept, or NotInForce when no instrument in force that day does.
        """
        found = [
            (instrument, article)
            for instrument in self.instruments
            for article in instrument.articles
            if article.concept == concept
        ]
        if not found:
            raise UnknownConcept(
                f"No law here speaks of {concept!r}.", f"法律数据中没有“{concept}”。"
            )
        for instrument, article in found:
            if instrument.in_force(on):
                return Citation(instrument, article.article, article.status, on)
        raise NotInForce(
            f"No law on {concept!r} is in force on {on.isoformat()}.",
            f"{on.isoformat()} 没有关于“{concept}”的现行规定。",
        )


def _place(article: str) -> str:
    number, _, item = article.partition("(")
    return f"第{number}条第（{item.rstrip(')')}）项" if item else f"第{number}条"


def load_code(folder: Path) -> Code:
    """Return the instruments of every ``*.toml`` in the folder, ordered by file name.

    Raises LawFileWrong naming file and key; two instruments in force on one day that
    speak of the same concept are refused, as is the same id twice.
    """
    instruments = tuple(_instrument(path) for path in sorted(folder.glob("*.toml")))
    _refuse_overlaps(instruments)
    return Code(instruments)


def _wrong(path: str, key: str, en: str, zh: str) -> LawFileWrong:
    return LawFileWrong(f"{path}, {key}: expected {en}.", f"{path} 的 {key} 有误：应为{zh}。")


def _instrument(path: Path) -> Instrument:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(path.name, "file", f"TOML ({error})", f"TOML（{error}）") from error
    if data.get("format") != FORMAT:
        raise _wrong(path.name, "format", FORMAT, FORMAT)
    unknown = set(data) - {"format", "id", "title", "number", "from", "to", "source", "articles"}
    if unknown:
        raise _wrong(path.name, min(unknown), "a known key", "已知的键")
    rows = data.get("articles", {})
    if not isinstance(rows, dict):
        raise _wrong(path.name, "articles", "a table", "表")
    return Instrument(
        id=_text(data, "id", path.name),
        title=_text(data, "title", path.name),
        number=str(data.get("number", "")),
        start=_day(data, "from", path.name),
        end=_day(data, "to", path.name) if "to" in data else None,
        source=_text(data, "source", path.name),
        articles=tuple(_article(key, row, path.name) for key, row in rows.items()),
    )


def _text(data: Mapping[str, Any], key: str, file: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(file, key, "a text", "文本")
    return value


def _day(data: Mapping[str, Any], key: str, file: str) -> date:
    value = data.get(key)
    if type(value) is not date:
        raise _wrong(file, key, "a day such as 2019-11-01", "日期，如 2019-11-01")
    return value


def _article(concept: str, row: Any, file: str) -> Article:
    if not isinstance(row, dict) or set(row) - {"article", "status"}:
        raise _wrong(file, f"articles.{concept}", "article and status", "article 和 status")
    article, status = row.get("article"), row.get("status")
    if status not in set(Status):
        raise _wrong(file, f"articles.{concept}.status", "a status", "状态")
    if article is not None and not isinstance(article, str):
        raise _wrong(file, f"articles.{concept}.article", "a text", "文本")
    if article is None and status == Status.VERIFIED:
        raise _wrong(file, f"articles.{concept}.article", "an article", "条文")
    return Article(concept, article, Status(status))


def _refuse_overlaps(instruments: tuple[Instrument, ...]) -> None:
    seen: dict[str, list[Instrument]] = {}
    ids: set[str] = set()
    for instrument in instruments:
        if instrument.id in ids:
            raise _wrong(instrument.id, "id", "an id of its own", "唯一的 id")
        ids.add(instrument.id)
        for article in instrument.articles:
            for other in seen.setdefault(article.concept, []):
                if _overlap(instrument, other):
                    key = f"articles.{article.concept}"
                    en = f"no overlap with {other.id}"
                    raise _wrong(instrument.id, key, en, f"与 {other.id} 不重叠")
            seen[article.concept].append(instrument)


def _overlap(one: Instrument, other: Instrument) -> bool:
    last_one, last_other = one.end or date.max, other.end or date.max
    return one.start <= last_other and other.start <= last_one
