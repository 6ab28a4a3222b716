"""The matcher keeps the demo's promise on the catalogue itself, without crawling."""

from __future__ import annotations

import pytest

from crawler.listing import Listing
from demo.shop.catalogue import MARKS, SELLERS, Goods, read_catalogue
from demo.truth import Comparison, compare
from matcher.marks_file import load_marks
from matcher.sellers_file import load_sellers
from matcher.watchlist import Watchlist

GOODS = read_catalogue()


def listing(one: Goods) -> Listing:
    """Return what a crawl of the shop would bring."""
    return Listing(
        id=f"oscar:{one.upc}",
        title=one.title,
        description=one.description,
        brand=one.brand or None,
        price=str(one.price),
        currency=one.currency,
        shop=one.shop,
        ship_from=one.ship_from,
        category=one.category,
        sku=one.sku,
    )


@pytest.fixture(scope="module")
def result() -> Comparison:
    watchlist = Watchlist(load_marks(MARKS).marks, load_sellers(SELLERS).shops)
    found = [
        (one.upc, match.mark_id)
        for one in GOODS
        for match in watchlist.scan(listing(one))
        if match.flag
    ]
    return compare(GOODS, found)


def test_every_exact_use_is_flagged_for_its_mark(result: Comparison) -> None:
    assert result.missed == ()


def test_no_genuine_or_compatible_listing_is_flagged(result: Comparison) -> None:
    assert result.wronged == ()


@pytest.mark.parametrize("kind", ["ordinary", "unrelated"])
def test_nothing_ordinary_is_flagged(result: Comparison, kind: str) -> None:
    assert result.flagged[kind] == 0


def test_most_imitations_are_flagged(result: Comparison) -> None:
    planted = sum(n for kind, n in result.planted.items() if kind.startswith("imitation:"))
    flagged = sum(n for kind, n in result.flagged.items() if kind.startswith("imitation:"))
    assert flagged >= 0.8 * planted
