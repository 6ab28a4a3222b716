"""What a page says of its product to machines: JSON-LD, microdata (schema.org), OpenGraph.

Values come back under the listing's own names, still as written; prices are read later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from parsel import Selector

from crawler.json_text import read_json
from crawler.paths import joined

Product = dict[str, Any]
_PRODUCTS = {"product", "productgroup", "individualproduct", "productmodel", "vehicle", "book"}
_OFFERS = {"offer", "aggregateoffer"}


def read_structured(text: str, url: str, tree: Selector) -> Product:
    """Return the page's product, JSON-LD before microdata before OpenGraph, field by field.

    ``prices`` holds every price declared, the first one's source first.
    """
    merged: Product = {}
    prices: list[str] = []
    for product in (_json_ld(tree, url), _microdata(text, url, tree), _open_graph(tree)):
        prices += [product["price"]] if product.get("price") else []
        for key, value in product.items():
            if value and key not in merged:
                merged[key] = value
    return {**merged, "prices": prices} if prices else merged


def _json_ld(tree: Selector, url: str) -> Product:
    nodes: list[dict[str, Any]] = []
    for script in tree.xpath('//script[contains(@type,"ld+json")]/text()').getall():
        nodes += list(_walk(read_json(script.strip())))
    products = [node for node in nodes if _types(node) & _PRODUCTS]
    if not products:
        return {}
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str)}
    return _product(_main(products, url), by_id)


def _main(products: list[dict[str, Any]], url: str) -> dict[str, Any]:
    tail = url.split("?", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]
    for node in products:
        if tail and tail in str(node.get("url") or node.get("@id") or ""):
            return node
    return max(products[:3], key=lambda node: ("offers" in node, "name" in node))


def _microdata(text: str, url: str, tree: Selector) -> Product:
    if not tree.xpath("//*[@itemscope][1]"):
        return {}
    import extruct  # slow to load, and most pages have no microdata

    try:
        data = extruct.extract(
            text, base_url=url, syntaxes=["microdata"], uniform=True, errors="ignore"
        )
    except KeyError:  # what it could not read it ignores, and then misses
        return {}
    nodes = [node for item in data.get("microdata", []) for node in _walk(item)]
    products = [node for node in nodes if _types(node) & _PRODUCTS]
    return _product(_main(products, url), {}) if products else {}


def _open_graph(tree: Selector) -> Product:
    meta: dict[str, list[str]] = {}
    for node in tree.xpath("//meta[@content][@property or @name]"):
        name = (node.root.get("property") or node.root.get("name") or "").lower()
        meta.setdefault(name, []).append((node.root.get("content") or "").strip())

    def first(*names: str) -> str | None:
        return next((meta[name][0] for name in names if meta.get(name)), None)

    price = first("product:price:amount", "og:price:amount", "product:sale_price:amount")
    is_product = price is not None or "product" in (first("og:type") or "").lower()
    if not is_product:
        return {}
    return {
        "title": first("og:title"),
        "description": first("og:description"),
        "price": price,
        "currency": first("product:price:currency", "og:price:currency"),
        "availability": first("product:availability", "og:availability"),
        "brand": first("product:brand", "og:brand"),
        "sku": first("product:retailer_item_id", "product:sku"),
        "images": meta.get("og:image") or meta.get("og:image:secure_url"),
    }


def _product(node: Mapping[str, Any], by_id: Mapping[str, Any]) -> Product:
    offer = _offer(node, by_id)
    spec = _node(offer.get("priceSpecification"), by_id)
    seller = _node(offer.get("seller") or offer.get("offeredBy"), by_id)
    images = [_word(image) for image in _list(node.get("image"))]
    return {
        "title": _word(node.get("name")),
        "description": _word(node.get("description")),
        "brand": _word(node.get("brand")) or _word(node.get("manufacturer")),
        "sku": _word(node.get("sku")) or _word(offer.get("sku")),
        "gtin": next(
            (w for key in _GTIN if (w := _word(node.get(key)) or _word(offer.get(key)))), None
        ),
        "category": _word(node.get("category")),
        "price": _word(offer.get("price"))
        or _word(offer.get("lowPrice"))
        or _word(spec.get("price")),
        "currency": _word(offer.get("priceCurrency")) or _word(spec.get("priceCurrency")),
        "availability": _word(offer.get("availability")),
        "shop": _word(seller.get("name")),
        "shop_url": _word(seller.get("url")),
        "images": [image for image in images if image],
    }


_GTIN = ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn")


def _offer(node: Mapping[str, Any], by_id: Mapping[str, Any]) -> dict[str, Any]:
    offers = [_node(offer, by_id) for offer in _list(node.get("offers"))]
    if not offers and node.get("hasVariant"):
        variants = [_node(variant, by_id) for variant in _list(node["hasVariant"])]
        offers = [_node(o, by_id) for v in variants for o in _list(v.get("offers"))]
    priced = [offer for offer in offers if offer.get("price") or offer.get("lowPrice")]
    offer = (priced or offers or [{}])[0]
    inner = [_node(o, by_id) for o in _list(offer.get("offers"))]
    stocks = [word for one in offers if (word := _word(one.get("availability")))]
    stock = next((word for word in stocks if word.lower().endswith("instock")), None)
    offer = {**offer, "availability": stock} if stock else offer
    if not (offer.get("price") or offer.get("lowPrice")) and inner:
        return {**offer, **inner[0]}
    return {**(inner[0] if inner else {}), **offer}


def _node(value: Any, by_id: Mapping[str, Any]) -> dict[str, Any]:
    value = next(iter(_list(value)), None)
    if not isinstance(value, dict):
        return {}
    if set(value) == {"@id"}:
        value = by_id.get(value["@id"], value)
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _word(value: Any) -> str | None:
    for item in _list(value):
        text = " ".join(str(_named(item)).split())
        if text:
            return text
    return None


def _named(item: Any) -> str | int | float:
    if isinstance(item, dict):
        keys = ("name", "@value", "url", "contentUrl")
        item = next((item[key] for key in keys if item.get(key)), "")
    if isinstance(item, list):
        item = item[0] if item else ""
    return item if isinstance(item, str | int | float) and not isinstance(item, bool) else ""


def _types(node: Mapping[str, Any]) -> set[str]:
    names = [str(name) for name in _list(node.get("@type"))]
    return {re.split(r"[/#:]", name)[-1].lower() for name in names}


def _walk(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 6:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "about"):
            if isinstance(value.get(key), dict | list):
                yield from _walk(value[key], depth + 1)


def absolute(url: str, addresses: list[str]) -> list[str]:
    """Return addresses as absolute ones, each once, in order."""
    whole = (joined(url, address) for address in addresses)
    return list(dict.fromkeys(a for a in whole if a.startswith(("http://", "https://"))))
