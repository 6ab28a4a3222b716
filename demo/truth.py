"""What was found, compared with what the catalogue says is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demo.shop.catalogue import Goods

NAMES = {
    "exact": ("未授权使用相同标识", "exact use, unauthorised"),
    "imitation:replaced": ("换字", "one character replaced"),
    "imitation:homophone": ("谐音", "sounds alike"),
    "imitation:lookalike": ("形近", "looks alike"),
    "imitation:pinyin": ("拼音或音译", "pinyin or transliteration"),
    "imitation:latin-digits": ("数字代字母", "digits for letters"),
    "imitation:traditional": ("繁体", "traditional characters"),
    "imitation:separator": ("插入符号", "separators"),
    "imitation:zero-width": ("零宽字符", "zero-width characters"),
    "imitation:transposed": ("换序", "order changed"),
    "imitation:affix": ("加前后缀", "affixes"),
    "imitation:part": ("只用主要部分", "main part only"),
    "imitation:fake-shop": ("仿冒店名", "shop name imitated"),
    "genuine": ("授权正品", "genuine, authorised"),
    "compatible": ("适配配件", "compatible with"),
    "ordinary": ("普通词语", "ordinary words"),
    "unrelated": ("无关商品", "unrelated"),
}
MUST_NOT = ("genuine", "compatible")
_NUMBER = re.compile(r"/catalogue/([^/]+)_\d+/?$")


def number_in(url: str) -> str:
    """Return the listing's number that the shop writes into its address; empty if none."""
    found = _NUMBER.search(url.partition("?")[0])
    return found[1] if found else ""


@dataclass(frozen=True)
class Comparison:
    """How many of each kind were planted and flagged, and which must give pause."""

    planted: Counter[str]
    flagged: Counter[str]
    missed: tuple[Goods, ...]  # exact uses that were not flagged for their mark
    wronged: tuple[Goods, ...]  # genuine or compatible listings that were flagged

    @property
    def as_promised(self) -> bool:
        """Return whether every exact use and no genuine or compatible listing was flagged."""
        return not self.missed and not self.wronged

    def rows(self) -> list[Sequence[object]]:
        """Return a table of kinds with a heading."""
        table: list[Sequence[object]] = [("种类 / kind", "", "商品 / listings", "疑似 / suspected")]
        for kind, (zh, en) in NAMES.items():
            if self.planted[kind]:
                table.append((zh, en, self.planted[kind], self.flagged[kind]))
        table.append(("合计", "total", self.planted.total(), self.flagged.total()))
        return table


def compare(goods: Iterable[Goods], found: Iterable[tuple[str, str]]) -> Comparison:
    """Compare the catalogue with the leads, given as (listing number, mark id).

    An exact use counts as found only with the mark it uses; any other kind counts with
    whatever mark it was flagged for.
    """
    marks: dict[str, set[str]] = {}
    for number, mark in found:
        marks.setdefault(number, set()).add(mark)
    planted: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    missed, wronged = [], []
    for one in goods:
        planted[one.kind] += 1
        hits = marks.get(one.upc, set())
        if one.family == "exact" and one.mark_id not in hits:
            missed.append(one)
            continue
        flagged[one.kind] += bool(hits)
        if hits and one.family in MUST_NOT:
            wronged.append(one)
    return Comparison(planted, flagged, tuple(missed), tuple(wronged))
