"""A list of listings handed over as a file, read in the shape of a crawl.

The file holds one listing in JSON on each line, as ``markseal crawl`` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from crawler import CrawlOrder, CrawlReport, CrawlState, Listing, Progress
from crawler.errors import ListingWrong
from crawler.sentences import counted
from desk.errors import BadInput

TIPS = "粘贴的线索"
"""The source that tips are read in, one of each bureau."""


def lines_of(listings: Iterable[Listing]) -> bytes:
    """Return the listings as such a file, one in JSON on each line."""
    rows = (json.dumps(one.to_json(), ensure_ascii=False) for one in listings)
    return "".join(f"{row}\n" for row in rows).encode("utf-8")


def read_list(
    order: CrawlOrder,
    *,
    on_listing: Callable[[Listing], None],
    on_progress: Callable[[Progress], None] | None = None,
) -> CrawlReport:
    """Hand every listing of the file ``order.start_url`` on, and return the report.

    ``order.query`` keeps the listings whose title contains it. Raises BadInput naming
    the line that is no listing. Nothing is fetched; ``on_progress`` is not called.
    """
    path = Path(order.start_url or "")
    count = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                listing = _listing(line, path=path, number=number)
                if order.query and order.query not in listing.title:
                    continue
                if order.limit is not None and count >= order.limit:
                    return _report(CrawlState.LIMITED, count)
                on_listing(listing)
                count += 1
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The list {path.name} cannot be read ({error}).",
            f"清单 {path.name} 无法读取（{error}）。",
        ) from error
    return _report(CrawlState.COMPLETE, count)


def _listing(line: str, *, path: Path, number: int) -> Listing:
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(type(row).__name__)
        return Listing.from_json(row)
    except ValueError as error:
        raise BadInput(
            f"{path.name}, line {number} is no JSON ({error}).",
            f"{path.name} 第 {number} 行不是 JSON（{error}）。",
        ) from error
    except ListingWrong as error:
        raise BadInput(
            f"{path.name}, line {number}: {error.en}", f"{path.name} 第 {number} 行：{error.zh}"
        ) from error


def _report(state: CrawlState, count: int) -> CrawlReport:
    return CrawlReport(
        state=state,
        listings=count,
        pages=0,
        reported_total=None,
        states={},
        zh=f"读取清单 {count} 条。",
        en=f"{counted(count, 'listing')} read from the list.",
    )
