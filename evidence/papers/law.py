"""The articles that a report's table speaks of: dated data, each with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Instrument:
    """A judicial interpretation: its title, number, first day in force, and source of our note."""

    id: str
    zh: str
    en: str
    number: str
    start: date
    source: str
    status: str


@dataclass(frozen=True)
class Point:
    """One thing that an article asks, in our own words, and what of a report answers it.

    ``claims`` are claims of the verdict, ``records`` sections of part (乙).
    """

    instrument: Instrument
    article: str
    zh: str
    en: str
    claims: tuple[str, ...]
    records: tuple[str, ...]


@cache
def points(day: date) -> tuple[Point, ...]:
    """Return the points of all instruments in force on ``day``, in the order of the data."""
    text = files("evidence.papers").joinpath("law.toml").read_text(encoding="utf-8")
    value = tomllib.loads(text)
    known = {one["id"]: _instrument(one) for one in value["instruments"]}
    found = (_point(one, known) for one in value["points"])
    return tuple(point for point in found if point.instrument.start <= day)


def _instrument(one: Mapping[str, Any]) -> Instrument:
    told = {key: one[key] for key in ("id", "zh", "en", "number", "source", "status")}
    return Instrument(start=one["from"], **told)


def _point(one: Mapping[str, Any], known: Mapping[str, Instrument]) -> Point:
    return Point(
        instrument=known[one["instrument"]],
        article=one["article"],
        zh=one["zh"],
        en=one["en"],
        claims=tuple(one["claims"]),
        records=tuple(one["records"]),
    )
