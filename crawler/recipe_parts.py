"""The parts of a recipe: everything the crawler knows about one site or one shop engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crawler.recipe_keys import Rules

FORMAT = "markseal-recipe/1"


@dataclass(frozen=True)
class Politeness:
    """Seconds between requests, requests at once, bounds of a run and of a page, and budgets.

    ``per_hour`` and ``per_day`` count requests of all crawls together, 0 for no bound;
    ``timeout`` is the seconds one page may take.
    """

    delay: float = 1.0
    concurrency: int = 2
    max_pages: int = 5000
    max_depth: int = 500
    per_hour: int = 0
    per_day: int = 0
    timeout: float = 30.0


@dataclass(frozen=True)
class Search:
    """The address of a keyword search, and what is posted to it; ``{query}`` is the keyword."""

    url: str
    encoding: str = "utf-8"
    body: str | None = None


@dataclass(frozen=True)
class Paging:
    """How the page after a list page is asked for, by a parameter of its address or body.

    A number grows by ``step`` from ``first`` (an offset likewise); a ``cursor`` is read from
    the page. Where ``more`` is given and says no, the page was the last.
    """

    param: str
    first: int = 1
    step: int = 1
    cursor: Rules = ()
    more: Rules = ()


@dataclass(frozen=True)
class Lists:
    """How a list page is read: links to items, or rows that are listings themselves."""

    items: Rules = ()
    rows: Rules = ()
    fields: Mapping[str, Rules] = field(default_factory=dict)
    next: Rules = ()
    page: Paging | None = None
    reported_total: Rules = ()


@dataclass(frozen=True)
class Items:
    """How an item page is read; ``url`` tells item pages from others, group 1 is the id."""

    url: re.Pattern[str] | None = None
    fields: Mapping[str, Rules] = field(default_factory=dict)
    rows: Rules = ()
    name: Rules = ()
    value: Rules = ()
    general: bool = False


@dataclass(frozen=True)
class Recipe:
    """Everything the crawler knows about one site or one shop engine.

    ``verified`` is false where no live answer has proved it; ``crawls`` is false where the
    sites forbid robots: such a recipe reads what is handed over.
    """

    name: str
    platform: str
    hosts: tuple[str, ...]
    politeness: Politeness
    search: Search | None
    start: tuple[str, ...]
    categories: Rules
    lists: Lists
    items: Items
    states: Mapping[str, tuple[Mapping[str, str], ...]]
    inline: tuple[str, ...]
    encoding: str | None
    currency: str | None
    price_unit: str
    required: tuple[str, ...]
    follow_all: bool = False
    addresses: tuple[re.Pattern[str], ...] = ()
    verified: bool = True
    crawls: bool = True
    sitemaps: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    body: str | None = None
    browser: bool = False

    def matches(self, url: str) -> bool:
        """Return whether the host of an address is one of the recipe's (any port)."""
        host = (urlsplit(url).hostname or "").lower()
        return any(
            host == name or (name.startswith("*.") and host.endswith(name[1:]))
            for name in self.hosts
        )


GENERAL = Recipe(
    name="general",
    platform="",
    hosts=(),
    politeness=Politeness(max_pages=200, max_depth=2),
    search=None,
    start=(),
    categories=(),
    lists=Lists(),
    items=Items(general=True),
    states={},
    inline=(),
    encoding=None,
    currency=None,
    price_unit="main",
    required=("title",),
    follow_all=True,
)
