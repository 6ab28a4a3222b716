"""Crawling from outside: an order goes to a process of its own, listings come back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crawler import errors
from crawler.errors import CrawlerDied, CrawlError
from crawler.fetching import Answer
from crawler.listing import Listing
from crawler.order import CrawlOrder, CrawlReport, CrawlState, Progress
from crawler.seeds import recipe_of, seeds_of

ROOT = Path(__file__).resolve().parent.parent


def crawl(
    order: CrawlOrder,
    *,
    on_listing: Callable[[Listing], None],
    on_progress: Callable[[Progress], None] | None = None,
) -> CrawlReport:
    """Carry out an order in a child process and return how it ended.

    ``on_listing`` is called once for every listing of the run, those from before a kill
    included. A source that cannot be read is a state of the report, not an error. Raises
    RecipeWrong, RecipeUnknown or OrderWrong before anything is fetched, WorkdirTaken, and
    CrawlerDied if the process ends without a report; the work folder keeps what it had.
    """
    seeds_of(order, recipe_of(order))
    row = {
        **order.identity(),
        "do": "crawl",
        "proxy": order.proxy,
        "user_agent": order.user_agent,
        "recipes": str(Path(order.recipes).absolute()),
        "workdir": str(Path(order.workdir).absolute()),
        "budgets": None if order.budgets is None else str(Path(order.budgets).absolute()),
        "override": None if order.override is None else order.override.to_json(),
    }
    with _child(row) as lines:
        for line in lines:
            if "listing" in line:
                on_listing(Listing.from_json(line["listing"]))
            elif "progress" in line and on_progress is not None:
                on_progress(Progress(**line["progress"]))
            elif "report" in line:
                report = line["report"]
                return CrawlReport(**{**report, "state": CrawlState(report["state"])})
            elif "error" in line:
                raise _error(line["error"])
    raise CrawlerDied(
        "The crawl's process ended without a report; run the same order again to go on.",
        "采集进程意外结束；用同一命令再次运行即可从中断处继续。",
    )


def fetch_pictures(
    urls: Sequence[str],
    *,
    proxy: str | None,
    folder: Path,
    user_agent: str,
    max_bytes: int = 5_000_000,
) -> dict[str, Path]:
    """Fetch pictures into a folder and return those that came, by address.

    Robots is obeyed; what fails, is too large or is no JPEG, PNG, GIF, BMP or WebP is left
    out. Not checked: that the pictures can be decoded.
    """
    row = {
        "do": "pictures",
        "urls": list(dict.fromkeys(urls)),
        "proxy": proxy,
        "folder": str(folder.absolute()),
        "user_agent": user_agent,
        "max_bytes": max_bytes,
    }
    fetched: dict[str, Path] = {}
    with _child(row) as lines:
        for line in lines:
            if "picture" in line:
                fetched[line["picture"]["url"]] = Path(line["picture"]["path"])
            elif "report" in line:
                break
    return fetched


def fetch_page(url: str, *, proxy: str | None, folder: Path, user_agent: str) -> Answer:
    """Return the answer to one GET, robots obeyed; its body passes through ``folder``.

    Raises PageRefused, with the reason, where robots forbids it or there is no answer.
    """
    row = {
        "do": "page",
        "url": url,
        "proxy": proxy,
        "folder": str(folder.absolute()),
        "user_agent": user_agent,
    }
    with _child(row) as lines:
        for line in lines:
            if "page" in line:
                body = Path(line["page"]["path"]).read_bytes()
                return Answer(url, line["page"]["status"], line["page"]["headers"], body)
            if "error" in line:
                raise _error(line["error"])
    raise CrawlerDied(
        "The crawl's process ended without an answer; try again.", "采集进程意外结束；请重试。"
    )


@contextmanager
def _child(row: dict[str, Any]) -> Iterator[Iterator[dict[str, Any]]]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        try:
            if child.stdin is None or child.stdout is None:
                raise CrawlerDied("The crawl's process has no pipes.", "采集进程没有管道。")
            child.stdin.write(json.dumps(row).encode() + b"\n")
            child.stdin.flush()
            yield (json.loads(line) for line in child.stdout if line.endswith(b"\n"))
        finally:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    stream.close()


def _error(row: dict[str, str]) -> CrawlError:
    kinds: dict[str, type[CrawlError]] = {
        "OrderWrong": errors.OrderWrong,
        "PageRefused": errors.PageRefused,
        "RecipeUnknown": errors.RecipeUnknown,
        "WorkdirTaken": errors.WorkdirTaken,
    }
    return kinds.get(row["class"], CrawlError)(row["en"], row["zh"])
