"""The general reader: a page without a recipe, read by what it says to machines and to people.

Order, field by field: JSON-LD, microdata, OpenGraph, the state its scripts hold, then the
page itself. Where the page says a thing twice and differently, what a person sees decides.
A price that is not visible and not declared is never guessed.
"""

from __future__ import annotations

from typing import Any

from crawler.general.codes import read_gtin, read_sku
from crawler.general.inline import read_inline
from crawler.general.region import local_currency
from crawler.general.seen import sight_of
from crawler.general.shown import choose_price
from crawler.general.stock import choose_stock
from crawler.page import Page

__all__ = ["read_general"]


def read_general(page: Page) -> dict[str, Any]:
    """Return the fields of the one item of a page, as written; empty if it shows no item."""
    fields = {key: value for key, value in page.structured.items() if value}
    others = [str(value) for value in fields.pop("prices", [])]
    sight = sight_of(page.tree)
    title = fields.get("title") or (sight.text(sight.heading) if sight.heading else None)
    state = read_inline(page, title) if title and len(fields) < 8 else {}
    fields = {**state, **fields}
    price = choose_price([fields.pop("price", None), *others], sight)
    stock = choose_stock(fields.get("availability"), sight, priced=bool(price))
    sku = read_sku(fields.get("sku"), page, sight) if title else None
    if not title or not (fields or price or (stock and sku)):
        return {}
    fields |= {"title": title, "price": price, "availability": stock, "sku": sku}
    fields["gtin"] = read_gtin(fields.get("gtin"), page.tree)
    if price is not None:
        fields["currency"] = local_currency(fields.get("currency"), price, page)
    _meta(fields, page)
    return {key: value for key, value in fields.items() if value}


def _meta(fields: dict[str, Any], page: Page) -> None:
    if not fields.get("images"):
        fields["images"] = page.tree.xpath('//meta[@property="og:image"]/@content').getall()
    if not fields.get("description"):
        fields["description"] = page.tree.xpath('//meta[@name="description"]/@content').get()
