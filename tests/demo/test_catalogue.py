"""The demo catalogue is what the other tests and the demo take it for."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from demo.shop.catalogue import MARKS, Goods, read_catalogue, read_sellers
from demo.shop.shapes import SHAPES
from demo.truth import NAMES

GOODS = read_catalogue()
SELLERS = read_sellers()
BY_FAMILY: dict[str, list[Goods]] = {}
for one in GOODS:
    BY_FAMILY.setdefault(one.family, []).append(one)


def marks() -> dict[str, dict[str, str]]:
    with MARKS.open(encoding="utf-8", newline="") as file:
        return {row["mark_id"]: row for row in csv.DictReader(file)}


def folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def test_there_is_enough_of_everything() -> None:
    assert len(GOODS) >= 320
    assert len(BY_FAMILY["exact"]) >= 50
    assert len(BY_FAMILY["genuine"]) >= 50
    assert len(BY_FAMILY["compatible"]) >= 15
    assert len(BY_FAMILY["ordinary"]) >= 25
    assert len({one.kind for one in BY_FAMILY["imitation"]}) >= 10
    english = [one for one in GOODS if one.title.isascii()]
    assert len(english) >= 30


def test_numbers_and_titles_are_unique_and_numbers_have_their_check_digit() -> None:
    assert len({one.upc for one in GOODS}) == len(GOODS)
    assert len({" ".join(one.title.split()) for one in GOODS}) == len(GOODS)
    for one in GOODS:
        digits = [int(digit) for digit in one.upc]
        assert len(digits) == 13
        assert sum(d * (3 if n % 2 else 1) for n, d in enumerate(digits)) % 10 == 0


def test_rows_are_complete() -> None:
    for one in GOODS:
        assert one.title
        assert one.description
        assert one.shop
        assert one.ship_from
        assert one.sku
        assert one.kind in NAMES
        assert one.price > Decimal(0)
        assert one.currency == "CNY"
        assert one.stock >= 0
        assert one.category.count(" > ") == 1
        assert one.picture.split(";")[0] in SHAPES


def test_the_truth_names_a_mark_where_one_is_concerned_and_nowhere_else() -> None:
    known = marks()
    for one in GOODS:
        if one.family in {"ordinary", "unrelated"}:
            assert one.mark_id == "", one
        else:
            assert one.mark_id in known, one


def test_genuine_listings_are_of_authorised_shops_and_no_other_kind_is() -> None:
    for one in GOODS:
        authorised = one.shop in SELLERS.get(one.mark_id, set())
        assert authorised == (one.family == "genuine"), one


def test_exact_uses_carry_the_mark_in_title_or_brand() -> None:
    known = marks()
    for one in BY_FAMILY["exact"]:
        assert folded(known[one.mark_id]["name"]) in folded(one.title + "\n" + one.brand), one


@pytest.mark.parametrize("kind", [kind for kind in NAMES if kind.startswith("imitation:")])
def test_every_kind_of_imitation_is_planted(kind: str) -> None:
    assert any(one.kind == kind for one in GOODS)


def test_marks_are_registered_in_several_ways() -> None:
    known = marks()
    assert 25 <= len(known) <= 40
    kinds = Counter(row["kind"] for row in known.values())
    assert kinds["gi"] >= 5
    assert kinds["combined"] >= 2
    assert sum(row["well_known"] == "1" for row in known.values()) == 2
    assert sum(row["common_word"] == "1" for row in known.values()) >= 4
    assert set(SELLERS) == set(known)


def test_marks_are_also_met_as_parts_of_ordinary_words() -> None:
    names = {row["name"] for row in marks().values()}
    trapped = {name for name in names for one in BY_FAMILY["ordinary"] if name in one.title}
    assert {"然沐", "木栖", "竹蜻蜓", "石榴籽", "芦苇"} <= trapped


def test_a_malformed_row_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("upc,title,price,stock\n1,杯,9.9,3\n", encoding="utf-8")
    with pytest.raises(TypeError):
        read_catalogue(broken)
