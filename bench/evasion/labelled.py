"""The labelled set: invented marks, generated listings and those written by hand.

Every row says whether it is generated. The marks are split into tuning and held-out by a
digest of their name, so that no mark is in both.
"""

from __future__ import annotations

import csv
import hashlib
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.evasion.imitate import CLASSES, is_han
from matcher import Mark, Offer

HERE = Path(__file__).parent
SEED = 20261123
IMITATIONS = 5  # of each mark


@dataclass(frozen=True)
class Row:
    """One labelled listing: ``wanted`` says whether the mark should be flagged."""

    offer: Offer
    mark_id: str
    kind: str
    wanted: bool
    generated: bool
    held_out: bool


@dataclass(frozen=True)
class Labelled:
    """The marks, their authorised shops, and all rows."""

    marks: tuple[Mark, ...]
    shops: dict[str, tuple[str, ...]]
    rows: tuple[Row, ...]


def held_out(name: str) -> bool:
    """Return whether a mark is in the held-out part."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def load() -> Labelled:
    """Return the set, the same at every call."""
    words = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))
    marks: list[Mark] = []
    groups: dict[str, str] = {}
    for line in (HERE / "marks.csv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        group, classes, common, names = line.split(",")
        for name in names.split(" "):
            numbers = tuple(map(int, classes.split(";")))
            mark = Mark(f"E{len(marks):04d}", name, numbers, common_word=common == "1")
            marks.append(mark)
            groups[mark.mark_id] = group
    shops: dict[str, tuple[str, ...]] = {mark.mark_id: (_shop(mark.name),) for mark in marks}
    rows = [row for mark in marks for row in _of(mark, groups[mark.mark_id], words)]
    rows += _by_hand({mark.name: mark for mark in marks})
    return Labelled(tuple(marks), shops, tuple(rows))


def _shop(name: str) -> str:
    return f"{name}官方旗舰店" if is_han(name) else f"{name} Official Store"


def _by_hand(marks: dict[str, Mark]) -> Iterator[Row]:
    with (HERE / "by_hand.csv").open(encoding="utf-8", newline="") as source:
        for number, row in enumerate(csv.DictReader(source)):
            mark = marks[row["mark"]]
            offer = Offer(
                f"H{number:04d}", row["title"], brand=row["brand"] or None, shop=row["shop"] or None
            )
            yield Row(
                offer, mark.mark_id, row["kind"], row["wanted"] == "1", False, held_out(mark.name)
            )


def _title(name: str, goods: str, words: dict[str, Any], chance: random.Random) -> str:
    """Return a title with the name at any place between its words."""
    language = "zh" if not goods.isascii() else "en"
    before = chance.sample(words["title"][f"{language}_before"], chance.randrange(3))
    after = chance.sample(words["title"][f"{language}_after"], chance.randrange(3))
    parts = [*before, goods, *after]
    # A brand stands before the goods more often than elsewhere.
    at = len(before) if chance.random() < 0.5 else chance.randrange(len(parts) + 1)
    parts.insert(at, name)
    glue = "" if language == "zh" and chance.random() < 0.4 else " "
    return glue.join(part for part in parts if part)


def _of(mark: Mark, group: str, words: dict[str, Any]) -> Iterator[Row]:
    chance = random.Random(f"{SEED} {mark.name}")
    han = is_han(mark.name)
    goods = [g for g in words["goods"][group] if g.isascii() != han]
    number = 0

    def row(kind: str, wanted: bool, title: str, shop: str, brand: str | None = None) -> Row:
        nonlocal number
        number += 1
        offer = Offer(f"{mark.mark_id}-{number}", title, brand=brand, shop=shop)
        return Row(offer, mark.mark_id, kind, wanted, True, held_out(mark.name))

    def plain(name: str) -> str:
        return _title(name, chance.choice(goods), words, chance)

    def stranger() -> str:
        return str(chance.choice(words["title"]["shops"]))

    kinds = [kind for kind in CLASSES for _ in range(3 if kind == "arbitrary" else 1)]
    made = 0
    while made < IMITATIONS:
        kind = chance.choice(kinds)
        name = CLASSES[kind](mark.name, chance)
        if not name or name == mark.name:
            continue
        made += 1
        place = chance.random()
        if place < 0.15:
            yield row(kind, True, plain(""), stranger(), name)
        elif place < 0.25:
            yield row(kind, True, plain(""), f"{name}{'旗舰店' if han else ' Store'}")
        else:
            yield row(kind, True, plain(name), stranger())
    said = chance.choice(words["title"]["counterfeit"])
    yield row("counterfeit", True, f"{said} {plain(mark.name)}", stranger())
    yield row("genuine", False, plain(mark.name), _shop(mark.name), mark.name)
    part = chance.choice(words["parts"]["zh" if han else "en"])
    fits = f"适用于{mark.name}{part}" if han else f"{part} for {mark.name}"
    yield row("compatible", False, fits, stranger())
    yield row("second_hand", False, f"{'二手 ' if han else 'Used '}{plain(mark.name)}", stranger())
    yield row("unrelated", False, plain(""), stranger())
    for title in words["ordinary"].get(mark.name, ()):
        yield row("ordinary", False, title, stranger())
