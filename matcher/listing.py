"""A listing as the matcher sees it: what is not on the page is None or absent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from matcher.errors import ListingsError

SURROGATE = re.compile("[\ud800-\udfff]")
LONGEST_ID = 1000
BOM = b"\xef\xbb\xbf"


class ListingLike(Protocol):
    """What the matcher reads of a listing."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str | None: ...
    @property
    def brand(self) -> str | None: ...
    @property
    def shop(self) -> str | None: ...
    @property
    def seller_name(self) -> str | None: ...
    @property
    def ship_from(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def classes(self) -> str | None: ...
    @property
    def attributes(self) -> Mapping[str, str] | None: ...


EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Offer:
    """A listing read from a JSON line; only what matching needs."""

    id: str
    title: str
    description: str | None = None
    brand: str | None = None
    shop: str | None = None
    seller_name: str | None = None
    ship_from: str | None = None
    category: str | None = None
    classes: str | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: EMPTY)


TEXTS = ("description", "brand", "shop", "seller_name", "ship_from", "category", "classes")


def _fault(line: int, en: str, zh: str) -> ListingsError:
    return ListingsError(f"Listings, line {line}: {en}.", f"商品文件第 {line} 行：{zh}。")


def read_offer(data: bytes, line: int) -> Offer:
    """Return the listing of one JSON line.

    Lone surrogates become U+FFFD, one for one, so that spans stay true. Raises
    ListingsError when the line is no JSON object with ``id`` and ``title``.
    """
    try:
        value = json.loads(data.removeprefix(BOM).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise _fault(line, "not JSON in UTF-8", "不是 UTF-8 编码的 JSON") from error
    if not isinstance(value, dict):
        raise _fault(line, "not a JSON object", "不是 JSON 对象")
    name = value.get("id")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name or len(name) > LONGEST_ID:
        raise _fault(line, "no id", "缺少 id")
    if not isinstance(value.get("title"), str):
        raise _fault(line, "no title", "缺少 title")
    odd = b"\\u" in data or b"\xed" in data  # only then may there be lone surrogates
    texts = {
        key: _text(value[key], key, line, odd=odd)
        for key in TEXTS
        if key in value and value[key] is not None
    }
    if value.get("attributes") is not None:
        texts["attributes"] = _attributes(value["attributes"], line)
    return Offer(
        id=_whole(name) if odd else name,
        title=_whole(value["title"]) if odd else value["title"],
        **texts,
    )


def _whole(text: str) -> str:
    return SURROGATE.sub("\ufffd", text) if SURROGATE.search(text) else text


def _text(value: Any, key: str, line: int, *, odd: bool) -> Any:
    if isinstance(value, str):
        return _whole(value) if odd else value
    if key == "classes" and isinstance(value, list | int):
        return ";".join(str(part) for part in value) if isinstance(value, list) else str(value)
    raise _fault(line, f"{key} is not a string", f"{key} 不是字符串")


def _attributes(value: Any, line: int) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise _fault(line, "attributes is not an object", "attributes 不是对象")
    return MappingProxyType(
        {_whole(k): _whole(v) if isinstance(v, str) else str(v) for k, v in value.items()}
    )
