"""A listing: what a shop shows of one item (DESIGN.md, "A listing in JSON").

What is not on the page is None or empty, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from crawler.errors import ListingWrong

AVAILABILITY = (
    "InStock",
    "OutOfStock",
    "SoldOut",
    "PreOrder",
    "PreSale",
    "BackOrder",
    "LimitedAvailability",
    "InStoreOnly",
    "OnlineOnly",
    "MadeToOrder",
    "Reserved",
    "Discontinued",
)
_DECIMAL = re.compile(r"\d+(\.\d+)?\Z")


@dataclass(frozen=True)
class Listing:
    """One item of one shop; prices are decimal strings in the currency's main unit.

    ``classes`` holds Nice numbers separated by ``;``. ``id`` is ``platform:item_id`` unless
    the source says otherwise. Not checked: whether anything in it is true.
    """

    id: str
    title: str
    platform: str | None = None
    item_id: str | None = None
    url: str | None = None
    description: str | None = None
    brand: str | None = None
    price: str | None = None
    list_price: str | None = None
    currency: str | None = None
    availability: str | None = None
    sku: str | None = None
    gtin: str | None = None
    shop: str | None = None
    shop_url: str | None = None
    seller_id: str | None = None
    seller_name: str | None = None
    ship_from: str | None = None
    sales: str | None = None
    category: str | None = None
    classes: str | None = None
    images: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the listing as a JSON object; what is unknown is null, [] or {}."""
        row = {item.name: getattr(self, item.name) for item in fields(self)}
        row["images"] = list(self.images)
        row["attributes"] = dict(self.attributes)
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Listing:
        """Return the listing of a JSON object; raise ListingWrong naming the key at fault."""
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in row.items():
            if key not in known:
                raise _wrong(key, "a key of the listing format", "列表格式中的键")
            values[key] = _value(key, value)
        for key in ("id", "title"):
            if not values.get(key):
                raise _wrong(key, "a text that is not empty", "非空文本")
        return cls(**values)


def _value(key: str, value: Any) -> Any:
    if key == "images":
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _wrong(key, "a list of texts", "文本列表")
        return tuple(value)
    if key == "attributes":
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
            raise _wrong(key, "an object of texts", "值为文本的对象")
        return dict(value)
    if value is not None and not isinstance(value, str):
        raise _wrong(key, "a text or null", "文本或 null")
    if key in ("price", "list_price") and value is not None and not _DECIMAL.match(value):
        raise _wrong(key, "a decimal such as 12.50", "如 12.50 的十进制数")
    return value


def _wrong(key: str, en: str, zh: str) -> ListingWrong:
    return ListingWrong(f"Listing, key {key}: expected {en}.", f"列表项的 {key} 有误：应为{zh}。")
