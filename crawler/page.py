"""One saved answer of a site: bytes and address, read as text, as a tree, as JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import unquote

from lxml import etree
from parsel import Selector
from w3lib.encoding import html_to_unicode

from crawler.json_text import read_json
from crawler.paths import joined
from crawler.selecting import ClassIndex
from crawler.structured import Product, read_structured

_JSONP = re.compile(
    r"\A\s*(?:(?:/\*.*?\*/|//[^\n]*\n)\s*)*"
    r"(?:(?:try\s*\{\s*)?[A-Za-z_$][\w$.]*\s*\(\s*"
    r"|(?:export\s+)?(?:(?:default|var|let|const)\s+)?[A-Za-z_$]?[\w$.]*\s*=?\s*)(?=[\[{])",
    re.S,
)
_CALLS = r"(?:(?!function\b)[A-Za-z_$][\w$.]*\(\s*){0,2}"  # JSON.parse(decodeURIComponent(…
_NO_TEXT = ("script", "style", "noscript", "template")


@dataclass(frozen=True)
class Page:
    """What a site sent. ``status`` is HTTP's, ``content_type`` its header, if known."""

    data: bytes
    url: str
    status: int | None = None
    content_type: str | None = None
    encoding: str | None = None

    @cached_property
    def text(self) -> str:
        """The answer as text: by BOM, header, meta, then by trying UTF-8 and GB 18030."""
        forced = f"text/html; charset={self.encoding}" if self.encoding else self.content_type
        return html_to_unicode(
            forced, self.data, default_encoding="utf-8", auto_detect_fun=_detect
        )[1]

    @cached_property
    def tree(self) -> Selector:
        """The answer as HTML; an empty page if it is none."""
        body = self.text.strip().replace("\x00", "").encode("utf-8", "replace")
        parser = etree.HTMLParser(recover=True, encoding="utf-8", huge_tree=True)
        root = etree.fromstring(body, parser) if body else None  # plain elements: quick to visit
        return Selector(root=etree.Element("html") if root is None else root, type="html")

    @cached_property
    def index(self) -> ClassIndex:
        """The answer's elements by class and id."""
        return ClassIndex(self.tree.root)

    @cached_property
    def json(self) -> Any | None:
        """The answer as JSON, out of the call or assignment it stands in; None if it is none."""
        text = self.text.lstrip("\ufeff").strip()
        call = _JSONP.match(text)
        if call is not None:
            text = text[call.end() :]
        if not text.startswith(("{", "[")):
            return None
        return read_json(text)

    @cached_property
    def visible(self) -> str:
        """The words a person sees on the page, single-spaced."""
        names = " or ".join(f"ancestor::{name}" for name in _NO_TEXT)
        parts = self.tree.xpath(f"//body//text()[not({names})]").getall()
        return " ".join(" ".join(parts).split())

    @cached_property
    def structured(self) -> Product:
        """What the page says of its one product in JSON-LD, microdata and OpenGraph."""
        return read_structured(self.text, self.url, self.tree)

    def inline(self, name: str) -> Any | None:
        """Return the JSON value a script assigns to ``name`` or hands to it, or None."""
        at = self.text.find(name)
        if at < 0:
            return None
        pattern = re.compile(
            r"(?<![\w$])" + re.escape(name) + r"[\"']?\]?\s*[=:(]\s*" + _CALLS + r"(?=[\[{\"'])",
            re.I,
        )
        for found in islice(pattern.finditer(self.text, at), 4):
            value = read_json(self.text[found.end() :])
            if isinstance(value, str):
                value = read_json(unquote(value) if value.startswith("%7") else value)
            if isinstance(value, dict | list):
                return value
        return None

    def join(self, address: str) -> str:
        """Return an address of the page as an absolute one."""
        base = self.tree.xpath("//base/@href").get() if self.json is None else None
        return joined(joined(self.url, base or "") or self.url, address)


def _detect(data: bytes) -> str | None:
    for name in ("utf-8", "gb18030"):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return None
