"""What a page's scripts hold of its item: the state of Next, Nuxt, Redux, Apollo and shops.

Only an object that carries the page's own title counts, so that another item's price is
never taken for this one's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crawler.json_text import read_json
from crawler.page import Page

_ASSIGNED = re.compile(
    r"(?:window\.|var |let |const |self\.)?(?:__NEXT_DATA__|__NUXT__|__NUXT_DATA__|__APOLLO_STATE__"
    r"|__INITIAL_STATE__|__PRELOADED_STATE__|__REDUX_STATE__|__STATE__|__INITIAL_DATA__|__DATA__"
    r"|g_config|g_page_config|rawData|pageData|initialState|ShopifyAnalytics\.meta|productData"
    r"|runParams)\s*=\s*(?=[\[{])"
)
_NAMES = ("name", "title", "productName", "product_title", "goodsName", "goods_name", "raw_title")
_PRICES = ("salePrice", "sale_price", "finalPrice", "final_price", "currentPrice", "price")
_SKUS = ("sku", "skuCode", "productCode", "product_code", "itemNumber", "code")
_GTINS = ("gtin13", "gtin", "ean", "barcode", "upc")
_INNER = ("value", "amount", "current", "now", "regularPrice", "formatted")
MOST_OBJECTS = 20_000
DEEPEST = 24


def read_inline(page: Page, title: str) -> dict[str, Any]:
    """Return the fields of the item that bears the title in the page's own state, or {}."""
    wanted = _plain(title)
    if len(wanted) < 6:
        return {}
    best: dict[str, Any] = {}
    for document in _states(page):
        for node in _objects(document):
            names = {_plain(str(node[key])) for key in _NAMES if isinstance(node.get(key), str)}
            if wanted not in names:
                continue
            fields = _fields(node)
            if len(fields) > len(best):
                best = fields
    return best


def _states(page: Page) -> Iterator[Any]:
    for script in page.tree.xpath(
        '//script[contains(@type,"json") and not(contains(@type,"ld+json"))]/text()'
    ).getall():
        yield read_json(script.strip())
    for found in _ASSIGNED.finditer(page.text):
        yield read_json(page.text[found.end() :])


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    stack: list[tuple[Any, int]] = [(document, 0)]
    seen = 0
    while stack and seen < MOST_OBJECTS:
        value, depth = stack.pop()
        seen += 1
        if depth > DEEPEST:
            continue
        if isinstance(value, dict):
            yield value
            stack.extend((child, depth + 1) for child in value.values())
        elif isinstance(value, list):
            stack.extend((child, depth + 1) for child in value)


def _fields(node: Mapping[str, Any]) -> dict[str, Any]:
    read = {
        "title": _first(node, _NAMES),
        "price": _first(node, _PRICES),
        "sku": _first(node, _SKUS),
        "gtin": _first(node, _GTINS),
        "brand": _first(node, ("brand", "brandName", "vendor")),
        "currency": _first(node, ("currency", "currencyCode", "priceCurrency")),
    }
    return {key: value for key, value in read.items() if value}


def _first(node: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = node.get(key)
        if isinstance(value, dict):
            value = next((value[name] for name in (*_INNER, "name") if value.get(name)), None)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value):
            return str(value)
    return None


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()
