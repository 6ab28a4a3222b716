"""Shops and marketplaces in, listings out.

``crawl`` reads a source politely in a process of its own; ``extract`` reads one saved page.
Knows no database of the desk's, no Django, and neither matcher nor evidence.
"""

from __future__ import annotations

from crawler.crawling import crawl, fetch_page, fetch_pictures
from crawler.errors import CrawlError
from crawler.extraction import Extraction, extract
from crawler.listing import Listing
from crawler.order import CrawlOrder, CrawlReport, CrawlState, Progress
from crawler.recipe import Recipe, find_recipe, load_recipe, named_recipe
from crawler.saved import unpack
from crawler.seeds import check_address, check_order
from crawler.state import PageState

__all__ = [
    "CrawlError",
    "CrawlOrder",
    "CrawlReport",
    "CrawlState",
    "Extraction",
    "Listing",
    "PageState",
    "Progress",
    "Recipe",
    "check_address",
    "check_order",
    "crawl",
    "extract",
    "fetch_page",
    "fetch_pictures",
    "find_recipe",
    "load_recipe",
    "named_recipe",
    "unpack",
]
