"""The crawl's own process: ``python -m crawler`` reads one order, writes JSON lines.

Out: ``{"listing":…}``, ``{"progress":…}``, ``{"picture":…}``, and last ``{"report":…}`` or
``{"error":…}``. It ends when its standard input closes or its parent is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.budget import Budget
from crawler.errors import CrawlError, PageRefused
from crawler.fetching import Answer, Fetch, NoAnswer
from crawler.frontier import Frontier
from crawler.order import CrawlOrder, CrawlState
from crawler.override import Override
from crawler.pace import Pace, seconds_between
from crawler.paths import is_loopback, origin
from crawler.recipe import Recipe
from crawler.robots import Robots, read_robots
from crawler.seeds import recipe_of, seeds_of
from crawler.sentences import ending
from crawler.walk import Walk

PR_SET_PDEATHSIG = 1
_FAILED = ("failed", "refused")


def tell(row: dict[str, Any]) -> None:
    """Write one line to the parent."""
    sys.stdout.buffer.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()


def hold_lifeline() -> None:
    """End this process with its parent: by the kernel, and by the pipe it reads."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os._exit(70)

    threading.Thread(target=watch, daemon=True).start()


def read_order() -> dict[str, Any]:
    """Return the order, one JSON line on standard input, read byte by byte."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            os._exit(70)
        line += piece
    order: dict[str, Any] = json.loads(line)
    return order


def main() -> int:
    """Carry out one order and return the exit code (0 whenever a report was given)."""
    row = read_order()
    hold_lifeline()
    try:
        do = row.pop("do")
        if do == "pictures":
            _pictures(row)
        elif do == "page":
            _page(row)
        else:
            row |= {
                name: Path(row[name]) for name in ("recipes", "workdir", "budgets") if row[name]
            }
            if row["override"]:
                row["override"] = Override.from_json(row["override"])
            _crawl(CrawlOrder(**row))
    except CrawlError as error:
        tell({"error": {"class": type(error).__name__, "en": error.en, "zh": error.zh}})
    return 0


def _crawl(order: CrawlOrder) -> None:
    recipe = recipe_of(order)
    seeds = seeds_of(order, recipe)
    frontier = Frontier(order.workdir, order.identity())
    try:
        for listing in frontier.listings():
            tell({"listing": listing.to_json()})
        goes_on = None
        if frontier.fact("ended") is None:
            walk = Walk(recipe, frontier, _no_fetch, order.user_agent, order.limit)
            walk.budget = _budget(order, recipe, seeds[0].url)
            walk.override = order.override
            walk.on_listing = lambda listing: tell({"listing": listing.to_json()})
            walk.on_progress = lambda progress: tell({"progress": asdict(progress)})
            _walk(walk, order, recipe)
            state, reason = outcome(walk, frontier)
            goes_on = walk.goes_on
            if state in (CrawlState.COMPLETE, CrawlState.LIMITED) and reason is None:
                frontier.note("ended", state)
        else:
            state, reason = CrawlState(frontier.fact("ended") or ""), None
        report = _report(frontier, state, reason, urlsplit(seeds[0].url).netloc)
        tell({"report": {**report, "goes_on": goes_on}})
    finally:
        frontier.close()


def _walk(walk: Walk, order: CrawlOrder, recipe: Recipe) -> None:
    from crawler.downloading import run_downloads

    async def job(fetch: Fetch) -> None:
        walk.fetch = fetch
        await walk.run(seeds_of(order, recipe))

    run_downloads(
        job,
        proxy=order.proxy,
        user_agent=order.user_agent,
        at_once=recipe.politeness.concurrency,
        timeout=recipe.politeness.timeout,
    )


def _budget(order: CrawlOrder, recipe: Recipe, url: str) -> Budget:
    bound = recipe.politeness
    path = order.budgets or order.workdir / "budget.sqlite3"
    return Budget(path, urlsplit(url).netloc, bound.per_hour, bound.per_day)


async def _no_fetch(url: str, body: str | None = None) -> Answer:
    raise NotImplementedError(url)


def outcome(walk: Walk, frontier: Frontier) -> tuple[CrawlState, str | None]:
    """Return how a walk ended, and the reason if it was not well."""
    if walk.stopped is not None:
        return walk.stopped
    counts = frontier.counts()
    if walk.bounded() and (counts.get("waiting") or walk.limit is not None):
        return CrawlState.LIMITED, None
    read = {state for state, count in counts.items() if count} - {"waiting", "moved"}
    if frontier.listed() or not read or read & {"ok", "empty"}:
        return CrawlState.COMPLETE, None
    reasons = [reason for _, reason in frontier.reasons()]
    reason = reasons[0] if reasons else None
    for state, outcome in (
        ("forbidden", CrawlState.FORBIDDEN),
        ("refused", CrawlState.REFUSED),
        ("failed", CrawlState.UNREACHABLE),
        ("gone", CrawlState.GONE),
    ):
        if state in read:
            return outcome, reason
    for state in ("login", "verification", "blocked"):
        if state in read:
            return CrawlState.BLOCKED, state
    return CrawlState.GONE, reason


def _report(frontier: Frontier, state: CrawlState, reason: str | None, host: str) -> dict[str, Any]:
    counts = frontier.counts()
    left = counts.pop("waiting", 0)
    total = frontier.fact("reported_total")
    row: dict[str, Any] = {
        "listings": frontier.listed(),
        "pages": sum(counts.values()),
        "reported_total": int(total) if total else None,
    }
    zh, en = ending(
        state,
        host=host,
        reason=reason,
        listings=row["listings"],
        pages=row["pages"],
        total=row["reported_total"],
        failed=sum(counts.get(name, 0) for name in _FAILED),
        left=left,
        overridden=frontier.overridden(),
    )
    row |= {"left": left, "overridden": frontier.overridden()}
    return {**row, "state": state, "states": counts, "zh": zh, "en": en}


def _pictures(row: dict[str, Any]) -> None:
    from crawler.downloading import run_downloads

    folder = Path(row["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    rules: dict[str, tuple[Robots, Pace]] = {}

    async def one(fetch: Fetch, url: str) -> None:
        place = origin(url)
        if place not in rules:
            answer = await fetch(f"{place}/robots.txt")
            if not isinstance(answer, Answer) or answer.status >= 500:
                return
            robots = read_robots(answer.body if answer.status < 300 else b"", row["user_agent"])
            wait = seconds_between(0.0, robots.delay(), loopback=is_loopback(url))
            rules[place] = (robots, Pace(wait))
        robots, pace = rules[place]
        if not robots.allows(url):
            return
        await pace.turn()
        answer = await fetch(url)
        if isinstance(answer, Answer) and answer.status == 200:
            _keep_picture(url, answer.body, folder, int(row["max_bytes"]))

    async def job(fetch: Fetch) -> None:
        for url in row["urls"]:
            await one(fetch, url)

    run_downloads(job, proxy=row["proxy"], user_agent=row["user_agent"], at_once=2)
    tell({"report": {}})


def _page(row: dict[str, Any]) -> None:
    from crawler.downloading import run_downloads

    url = row["url"]

    async def job(fetch: Fetch) -> None:
        robots = await fetch(f"{origin(url)}/robots.txt")
        if not isinstance(robots, Answer) or robots.status >= 500:
            raise _refusal(url, "robots_unreachable" if isinstance(robots, Answer) else robots)
        rules = read_robots(robots.body if robots.status < 300 else b"", row["user_agent"])
        if not rules.allows(url):
            raise _refusal(url, "forbidden")
        answer = await fetch(url)
        if not isinstance(answer, Answer):
            raise _refusal(url, answer)
        path = Path(row["folder"]) / "page"
        path.write_bytes(answer.body)
        headers = dict(answer.headers)
        tell({"page": {"status": answer.status, "headers": headers, "path": str(path)}})

    run_downloads(job, proxy=row["proxy"], user_agent=row["user_agent"], at_once=1)


def _refusal(url: str, why: NoAnswer | str) -> PageRefused:
    refused = isinstance(why, NoAnswer) and why.refused
    reason = why.reason if isinstance(why, NoAnswer) else why
    state = CrawlState.REFUSED if refused else CrawlState.UNREACHABLE
    state = CrawlState.FORBIDDEN if reason == "forbidden" else state
    host = urlsplit(url).netloc
    zh, en = ending(state, host=host, reason=reason, listings=0, pages=0, total=None, failed=0)
    return PageRefused(en, zh)


_MAGIC = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
)


def _keep_picture(url: str, data: bytes, folder: Path, max_bytes: int) -> None:
    kind = next((name for magic, name in _MAGIC if data.startswith(magic)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "webp"
    if kind is None or len(data) > max_bytes:
        return
    path = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.{kind}"
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
    tell({"picture": {"url": url, "path": str(path)}})
