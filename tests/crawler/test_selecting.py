"""Selectors give what parsel gives, node by node, in the order of the document."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from crawler.page import Page
from crawler.selecting import plain_css, select
from tests.crawler.test_fixtures import HERE

PAGES = [
    Page((HERE / name / "response.html").read_bytes(), "https://a.example/")
    for name in ("oscar/item", "oscar/search", "jd/search", "1688/search", "magento/list")
]
NESTED = Page(
    b"<div class='a b'>1<p id=x class=a>2<i>3</i>4</p><div class=a><p>5</p>"
    b"<b class=' a  c '>6</b></div></div><p class=a data-k='v w'>7<!-- c -->8</p>",
    "https://a.example/",
)
PLAIN = (
    ".a", "p", "*", "div.a p", "div .a", ".a .a", "div > p", ".a > .a > b", "#x", "p#x.a", ".b b.c",
    "[data-k]", "p[class]", "p[class=a]", "[id='x']", ".a::text", "p::text", "a::attr(href)", "li",
    "article.product_pod h3 a::attr(href)", "li.gl-item .p-name em", ".p-shop a::attr(title)",
    "div.p-price i", "html", "body > *", ".none", "img::attr(src)", "th",
    "ul > li", ".product_main h1",
)  # fmt: skip
OTHER = ("h1, p", "p:nth-child(1)", "a:not([href])", "[href*='item']", "[data-k='v w']", "div + p")


def as_said(values: list[Any]) -> list[str]:
    return [v if isinstance(v, str) else etree.tostring(v, encoding="unicode") for v in values]


@pytest.mark.parametrize("css", [*PLAIN, *OTHER])
def test_css(css: str) -> None:
    assert (plain_css(css) is not None) is (css in PLAIN)
    for page in (*PAGES, NESTED):
        parsed = [one.root for one in page.tree.css(css)]
        assert as_said(select("css", css, page.index.root, page.index)) == as_said(parsed)


@pytest.mark.parametrize("css", [".p-name em", "a::attr(href)", "i::text", "li.gl-item", "div > a"])
def test_css_below_a_row(css: str) -> None:
    rows = PAGES[2].tree.css("li.gl-item")
    assert rows
    for row in rows:
        parsed = [one.root for one in row.css(css)]
        assert as_said(select("css", css, row.root, None)) == as_said(parsed)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("//i/text()", ["3"]),
        ("count(//p)", ["3"]),
        ("string(//b)", ["6"]),
        ("//p[re:test(@id, '^x$')]/i/text()", ["3"]),
        ("boolean(//b)", ["true"]),
    ],
)
def test_xpath(path: str, found: list[str]) -> None:
    assert select("xpath", path, NESTED.index.root, None) == found
