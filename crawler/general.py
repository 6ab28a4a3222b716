"""The general reader: a page without a recipe, read by what it says to machines and to people.

Order, field by field: JSON-LD, microdata, OpenGraph, then the page itself: its heading, and
a price that stands visibly near the heading. A price that is not visible is never guessed.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from lxml import etree
from parsel import Selector

from crawler.page import Page
from crawler.price import read_price

_PRICE_NAME = re.compile(r"price|prc|amount|jiage|售价|价格", re.I)
_NOT_PRICE = re.compile(
    r"old|was|before|regular|list[-_]?price|msrp|rrp|strike|cross|original|compare|save|saving"
    r"|discount|ship|deliver|per[-_]?unit|unit[-_]?price|install|monthly|related|recommend|cart"
    r"|footer|header|nav|upsell|similar|carousel|also|recent|review|filter|menu|total",
    re.I,
)
_PRICE_TEXT = re.compile(
    r"(?:[$€£¥￥₩₹₽₺]|US\$|HK\$|CN¥|(?:CNY|USD|EUR|GBP|RMB|AUD|CAD|INR|JPY)\b)\s*\d[\d.,  ]*"
    r"(?:\s*万)?(?:\s*[-~–至]\s*(?:[$€£¥￥])?\s*\d[\d.,]*)?"
    r"|\d[\d.,  ]*\s*(?:万?元|€|£|円|zł|Kč|₽|\$|(?:CNY|USD|EUR|GBP|RMB|PLN)\b)"
)
_LABELLED = re.compile(r"(?:售价|价格|现价|促销价|到手价|券后价?|Price)\s*[:：]?\s*\Z", re.I)
MOST_NODES = 30  # what shows one price is not made of more elements than these
SMALL_PAGE = 2500  # characters; on a longer page the whole body is not "near the title"
_OLD_TAGS = {"del", "s", "strike"}
_SKIP = {"script", "style", "noscript", "template", "head", "option", "nav", "footer"}
_STOCK = (
    (
        re.compile(
            r"\b(?:out of stock|sold out|currently unavailable)\b|缺货|售罄|已售完|无货", re.I
        ),
        "OutOfStock",
    ),
    (re.compile(r"\bpre[- ]?order\b|预售", re.I), "PreOrder"),
    (
        re.compile(r"\bin stock\b|\badd to (?:cart|basket|bag)\b|现货|有货|加入购物车", re.I),
        "InStock",
    ),
)


def read_general(page: Page) -> dict[str, Any]:
    """Return the fields of the one item of a page, as written; empty if it shows no item."""
    fields = {key: value for key, value in page.structured.items() if value}
    price = read_price(fields.get("price"))
    if price is None or not price.amount.strip("0."):
        fields.pop("price", None)  # a price of nothing is a placeholder
    heading = _heading(page.tree)
    declared = bool(fields)
    if not fields.get("title") and heading is not None:
        fields["title"] = _words(heading)
    if not fields.get("price"):
        near = _near_price(heading)
        if near is not None:
            fields["price"], declared = near, True
    if not declared or not fields.get("title"):
        return {}
    if not fields.get("availability") and heading is not None:
        fields["availability"] = _stock(heading)
    if not fields.get("images"):
        fields["images"] = page.tree.xpath('//meta[@property="og:image"]/@content').getall()
    if not fields.get("description"):
        fields["description"] = page.tree.xpath('//meta[@name="description"]/@content').get()
    return {key: value for key, value in fields.items() if value}


def _heading(tree: Selector) -> etree._Element | None:
    headings: list[etree._Element] = [node.root for node in tree.xpath("//h1") if _words(node.root)]
    if not headings:
        return None
    title = " ".join(tree.xpath("//title//text()").getall())
    within = [node for node in headings if _words(node) in title]
    return (within or headings)[0]


def _words(node: etree._Element) -> str:
    return " ".join("".join(str(part) for part in node.itertext()).split())


def _near_price(heading: etree._Element | None) -> str | None:
    """Climb from the heading until a block shows a price that is not an old one."""
    node = heading
    for _ in range(6):
        if node is None or node.tag == "html":
            return None
        if node.tag == "body" and len(_words(node)) > SMALL_PAGE:
            return None
        found = _block_price(node)
        if found is not None:
            return found
        node = node.getparent()
    return None


def _block_price(block: etree._Element) -> str | None:
    named: list[str] = []
    plain: list[str] = []
    for node in block.iter():
        if not isinstance(node.tag, str) or node.tag in _SKIP or _is_old(node, block):
            continue
        if next(islice(node.iter(), MOST_NODES, None), None) is not None:
            continue
        own = " ".join(_current(node).split())
        if not own or len(own) > 60:
            continue
        shown = _PRICE_TEXT.search(own)
        if shown is None or read_price(shown[0]) is None:
            continue
        (named if _PRICE_NAME.search(_name(node)) else plain).append(shown[0])
    if named:
        return named[0]
    return plain[0] if plain and len(set(plain)) <= 3 else None


def _current(node: etree._Element) -> str:
    """Return the words of a node without those of struck-out or foreign parts in it."""
    parts = [node.text or ""]
    for child in node:
        skipped = not isinstance(child.tag, str) or child.tag in _SKIP or _marked_old(child)
        parts += ["" if skipped else _current(child), child.tail or ""]
    return "".join(parts)


def _is_old(start: etree._Element, block: etree._Element) -> bool:
    node: etree._Element | None = start
    while node is not None and node is not block:
        if node.tag in _SKIP or _marked_old(node):
            return True
        node = node.getparent()
    return False


def _marked_old(node: etree._Element) -> bool:
    if node.tag in _OLD_TAGS or _NOT_PRICE.search(_name(node)):
        return True
    style = (node.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "line-through" in style or node.get("hidden") is not None


def _name(node: etree._Element) -> str:
    return f"{node.get('class') or ''} {node.get('id') or ''} {node.get('itemprop') or ''}"


def _stock(heading: etree._Element) -> str | None:
    node = heading
    for _ in range(4):
        parent = node.getparent()
        if parent is None or parent.tag in ("body", "html"):
            break
        node = parent
    words = _words(node)[:6000]
    return next((state for pattern, state in _STOCK if pattern.search(words)), None)
