"""A recipe tried on a page: which fields it reads how often, and whether a browser is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crawler.extraction import Extraction, read_page
from crawler.listing import Listing
from crawler.page import Page
from crawler.recipe_parts import Recipe
from crawler.state import PageState

_ROOTS = "//*[@id='app' or @id='root' or @id='__next' or @id='__nuxt' or @id='container']"
SHELL_WORDS = 200  # characters a person sees; a page of goods shows more
WANTED = ("title", "price")


class Means(StrEnum):
    """What a page asks for: plain HTTP, a hand, a browser, a person, or a better recipe."""

    PLAIN = "plain"
    HANDED = "handed"
    BROWSER = "browser"
    PERSON = "person"
    RECIPE = "recipe"


MEANINGS = {
    Means.PLAIN: ("普通 HTTP 即可读取。", "Plain HTTP is enough for this page."),
    Means.HANDED: (
        "移交或保存的材料可直接读取（该平台不采集）。",
        "What was saved or handed over is read as it is (this platform is not crawled).",
    ),
    Means.BROWSER: (
        "需要浏览器：页面内容（或价格）由脚本绘制。",
        "A browser is needed: scripts draw this page, or its price.",
    ),
    Means.PERSON: (
        "需要人工：页面要求登录、验证或已被拦截（不绕过）。",
        "A person is needed: the page asks for a login or a check, or blocks; nothing is bypassed.",
    ),
    Means.RECIPE: (
        "页面已有内容，但配方没有读到必需字段；请修改配方。",
        "The page has content, but the recipe does not read what is required; mend the recipe.",
    ),
}


@dataclass(frozen=True)
class Trial:
    """What a recipe read from one page; ``coverage`` counts the listings that have a field."""

    extraction: Extraction
    coverage: dict[str, int]
    examples: dict[str, str]
    means: Means

    def to_json(self) -> dict[str, Any]:
        """Return the trial as a JSON object."""
        read = self.extraction
        return {
            "state": str(read.state),
            "listings": len(read.listings),
            "links": len(read.items),
            "next": read.next,
            "reported_total": read.reported_total,
            "coverage": self.coverage,
            "examples": self.examples,
            "means": str(self.means),
        }


def try_recipe(page: Page, recipe: Recipe) -> Trial:
    """Return what a recipe reads from a page. Not checked: that what it reads is right."""
    read = read_page(page, recipe)
    coverage: dict[str, int] = {}
    examples: dict[str, str] = {}
    for listing in read.listings:
        for name, value in _fields(listing):
            coverage[name] = coverage.get(name, 0) + 1
            examples.setdefault(name, value[:80])
    means = _means(page, read, coverage)
    if means is Means.PLAIN and not recipe.crawls:
        means = Means.HANDED
    return Trial(read, coverage, examples, means)


def _fields(listing: Listing) -> Iterator[tuple[str, str]]:
    for name, value in listing.to_json().items():
        if value in (None, [], {}) or name in ("id", "platform"):
            continue
        yield name, str(value[0] if isinstance(value, list) else value)


def _means(page: Page, read: Extraction, coverage: dict[str, int]) -> Means:
    if read.state in (PageState.LOGIN, PageState.VERIFICATION, PageState.BLOCKED):
        return Means.PERSON
    total = len(read.listings)
    if total and all(coverage.get(name, 0) * 2 > total for name in WANTED):
        return Means.PLAIN
    if read.items or read.state is PageState.GONE or page.json is not None:
        return Means.PLAIN if not total or read.items else Means.RECIPE
    scripts = page.tree.xpath("count(//script)").get() or "0"
    shell = len(page.visible) < SHELL_WORDS and bool(page.tree.xpath(_ROOTS))
    if float(scripts) and (shell or total):
        return Means.BROWSER
    return Means.RECIPE if not total and len(page.visible) > SHELL_WORDS else Means.PLAIN
