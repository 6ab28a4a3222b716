"""A recipe's beginning, from one saved page: what the page says to machines, else its selectors."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from crawler.page import Page
from crawler.recipe_parts import FORMAT
from crawler.saved import unpack

_FIELDS = ("title", "price", "currency", "availability", "brand", "sku", "gtin", "images", "shop")


def skeleton(name: str, data: bytes, url: str) -> str:
    """Return the text of a recipe to begin with; it reads the page as the general reader does."""
    saved = unpack(data)
    page = Page(saved.data, url, None, saved.content_type)
    parts = urlsplit(url)
    lines = [
        f"# {parts.hostname}: begun from one saved page; mend it and look at its fixtures.",
        f'format = "{FORMAT}"',
        f"name = {_text(name)}",
        f"title = {_text(name)}",
        'verified = "unverified"',
        f"hosts = [{_text(parts.hostname or '')}]",
        'required = ["title"]',
        "",
        "[politeness]",
        "delay = 1.0",
        "",
    ]
    return "\n".join([*lines, *(_answer(page) if page.json is not None else _item(page))]) + "\n"


def _item(page: Page) -> list[str]:
    lines = ["[item]", "general = true", "", "[item.fields]"]
    for field in _FIELDS:
        if page.structured.get(field):
            lines.append(f'{field} = {{ structured = "{field}" }}')
    if not page.structured.get("title"):
        lines.append('title = { css = "h1" }')
    return lines


def _answer(page: Page) -> list[str]:
    rows, keys = _longest(page.json, "")
    known = {
        "item_id": ("id", "itemId", "item_id", "goods_id", "sku", "skuId"),
        "title": ("title", "name", "goods_name", "subject", "wareName"),
        "price": ("price", "salePrice", "sale_price"),
        "url": ("url", "link", "permalink", "detail_url"),
        "brand": ("brand", "vendor"),
    }
    lines = ["[list]", f"rows = {{ json = {_text(rows)} }}", "", "[list.fields]"]
    for field, names in known.items():
        found = next((one for one in names if one in keys), None)
        if found:
            lines.append(f"{field} = {{ json = {_text(found)} }}")
    return lines if any(line.startswith("title") for line in lines) else [*lines, _TITLE]


_TITLE = 'title = { json = "title" }'


def _longest(document: object, path: str) -> tuple[str, set[str]]:
    best: tuple[int, str, set[str]] = (-1, "items[*]", set())
    stack = [(document, path)]
    while stack:
        value, here = stack.pop()
        if isinstance(value, list):
            rows = [row for row in value if isinstance(row, dict)]
            if len(rows) > best[0]:
                best = (len(rows), f"{here}[*]", set(rows[0]) if rows else set())
        elif isinstance(value, dict):
            plain = [key for key in value if key.replace("_", "").replace("-", "").isalnum()]
            stack += [(value[key], f"{here}.{key}".lstrip(".")) for key in plain]
    return best[1], best[2]


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
