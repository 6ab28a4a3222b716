"""The comparison with the truth fails where it should."""

from __future__ import annotations

from demo.shop.catalogue import read_catalogue
from demo.truth import compare, number_in

GOODS = read_catalogue()
EXACT = [one for one in GOODS if one.family == "exact"]
ALL_EXACT = [(one.upc, one.mark_id) for one in EXACT]


def test_all_exact_and_nothing_else_is_as_promised() -> None:
    result = compare(GOODS, ALL_EXACT)
    assert result.as_promised
    assert result.flagged["exact"] == result.planted["exact"] == len(EXACT)


def test_one_exact_use_missed_breaks_the_promise() -> None:
    result = compare(GOODS, ALL_EXACT[1:])
    assert result.missed == (EXACT[0],)
    assert not result.as_promised


def test_an_exact_use_found_for_another_mark_is_missed() -> None:
    result = compare(GOODS, [(EXACT[0].upc, "another"), *ALL_EXACT[1:]])
    assert result.missed == (EXACT[0],)


def test_a_genuine_or_compatible_listing_flagged_breaks_the_promise() -> None:
    for family in ("genuine", "compatible"):
        one = next(one for one in GOODS if one.family == family)
        result = compare(GOODS, [*ALL_EXACT, (one.upc, one.mark_id)])
        assert result.wronged == (one,)
        assert not result.as_promised


def test_every_listing_is_counted_once_in_the_table() -> None:
    *rows, total = compare(GOODS, ALL_EXACT * 2).rows()[1:]
    assert sum(int(str(row[2])) for row in rows) == total[2] == len(GOODS)
    assert sum(int(str(row[3])) for row in rows) == total[3] == len(EXACT)


def test_the_number_is_read_from_the_shop_s_address() -> None:
    assert number_in("http://127.0.0.1:1/catalogue/2330200000448_7/?a=b") == "2330200000448"
    assert number_in("http://127.0.0.1:1/catalogue/") == ""
    assert number_in("http://127.0.0.1:1/catalogue/category/x/y_7/") == ""
