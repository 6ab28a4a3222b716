"""What is asked of a crawl, how it goes, and what it comes back with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from crawler.override import Override


class CrawlState(StrEnum):
    """How a crawl ended; everything but complete and limited is a failure with a reason.

    blocked covers a login wall and a human check too: the sentence says which.
    """

    COMPLETE = "complete"
    LIMITED = "limited"
    BLOCKED = "blocked"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    GONE = "gone"


@dataclass(frozen=True)
class CrawlOrder:
    """What to crawl.

    ``source`` is a recipe's name or path (None: the recipe whose hosts match the address,
    else the general reader); ``limit`` bounds the listings; ``proxy`` is the guard's
    ``host:port``; ``recipes`` the folder of recipes; ``workdir`` keeps the frontier: the same
    order with the same folder goes on where it was. ``budgets`` is the file in which the
    requests to each source are counted (None: one in the work folder). ``override`` lets a
    source be crawled that forbids robots.
    """

    source: str | None
    start_url: str | None
    query: str | None = None
    limit: int | None = None
    proxy: str | None = None
    user_agent: str = "markseal"
    recipes: Path = Path("config/recipes")
    workdir: Path = Path("crawl")
    budgets: Path | None = None
    override: Override | None = None

    def identity(self) -> dict[str, Any]:
        """Return what makes two orders the same one (not the proxy, the folder, the override)."""
        return {
            "source": self.source,
            "start_url": self.start_url,
            "query": self.query,
            "limit": self.limit,
        }


@dataclass(frozen=True)
class Progress:
    """How far a crawl is: pages read and still known to be read, listings so far."""

    pages: int
    waiting: int
    listings: int
    reported_total: int | None = None


@dataclass(frozen=True)
class CrawlReport:
    """How a crawl ended.

    ``reported_total`` is the number of items the shop itself prints; ``states`` counts the
    pages by their state (failed: no usable answer after the last try); ``overridden`` counts
    those read under an override; ``zh`` and ``en`` say it in a sentence. ``left`` counts the
    pages known and not read; ``goes_on`` (seconds since 1970) is when the budget fills again
    and the same order, in the same folder, goes on. Not proved: that the shop shows everybody
    the same.
    """

    state: CrawlState
    listings: int
    pages: int
    reported_total: int | None
    states: Mapping[str, int] = field(default_factory=dict)
    zh: str = ""
    en: str = ""
    left: int = 0
    goes_on: float | None = None
    overridden: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether what was asked for was read, up to its bounds."""
        return self.state in (CrawlState.COMPLETE, CrawlState.LIMITED)
