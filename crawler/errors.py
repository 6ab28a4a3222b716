"""What can go wrong in finding listings.

::

    CrawlError
    ├── RecipeWrong      a recipe file breaks its format; names file, key and what is expected
    ├── RecipeUnknown    no recipe of that name, or none that can do what is asked
    ├── OrderWrong       the order cannot be carried out as it stands
    ├── WorkdirTaken     the work folder belongs to another order, or another crawl is in it
    ├── ListingWrong     a line is not a listing
    ├── TipWrong         a pasted text names no item, or no title
    ├── ListFileWrong    a list handed over cannot be read; names file, row and column
    ├── PageRefused      one page could not be had
    └── CrawlerDied      the crawl's process ended without a report
"""

from __future__ import annotations


class CrawlError(Exception):
    """A failure of the crawler, as one sentence in English (``en``) and Chinese (``zh``)."""

    exit_code = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class RecipeWrong(CrawlError):
    """A recipe file breaks its format; ``line`` counts from 1, None where it is not known."""

    exit_code = 65

    def __init__(
        self, file: str, key: str, expected_en: str, expected_zh: str, line: int | None = None
    ) -> None:
        at_en, at_zh = (f", line {line}", f" 第 {line} 行") if line else ("", "")
        super().__init__(
            f"Recipe {file}{at_en}, key {key}: expected {expected_en}; correct it and try again.",
            f"配方 {file}{at_zh}的 {key} 有误：应为{expected_zh}；请更正后重试。",
        )
        self.file = file
        self.key = key
        self.expected = (expected_en, expected_zh)
        self.line = line


class RecipeUnknown(CrawlError):
    """No recipe of that name, or none that can do what is asked."""

    exit_code = 64


class OrderWrong(CrawlError):
    """The order cannot be carried out as it stands."""

    exit_code = 64


class WorkdirTaken(CrawlError):
    """The work folder belongs to another order, or another crawl is at work in it."""


class ListingWrong(CrawlError):
    """A line is not a listing."""

    exit_code = 65


class TipWrong(CrawlError):
    """A pasted text names no item, or no title."""

    exit_code = 65


class ListFileWrong(CrawlError):
    """A list handed over cannot be read."""

    exit_code = 65


class PageRefused(CrawlError):
    """One page could not be had; the sentence says why."""


class CrawlerDied(CrawlError):
    """The crawl's process ended without a report; the work folder keeps what it had."""
