"""The listing's JSON, strict both ways."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.errors import ListingWrong
from crawler.listing import Listing


def test_there_and_back() -> None:
    listing = Listing("a:1", "杯", price="1.50", images=("http://a/b",), attributes={"x": "y"})
    assert Listing.from_json(listing.to_json()) == listing


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"id": "1"}, "title"),
        ({"id": "1", "title": ""}, "title"),
        ({"id": 1, "title": "a"}, "id"),
        ({"id": "1", "title": "a", "price": "1,5"}, "price"),
        ({"id": "1", "title": "a", "price": 1.5}, "price"),
        ({"id": "1", "title": "a", "images": "x"}, "images"),
        ({"id": "1", "title": "a", "attributes": {"a": 1}}, "attributes"),
        ({"id": "1", "title": "a", "colour": "red"}, "colour"),
    ],
)
def test_what_is_not_a_listing(row: dict[str, Any], key: str) -> None:
    with pytest.raises(ListingWrong, match=key):
        Listing.from_json(row)
