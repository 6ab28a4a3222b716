"""The walk: from the seeds of an order over lists and items until nothing is left to read.

Knows no network: pages come through a ``Fetch``. One walk reads one host.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from crawler.budget import Budget
from crawler.extraction import Extraction, read_page
from crawler.fetching import Answer, Fetch, NoAnswer
from crawler.frontier import Frontier, Target
from crawler.listing import Listing
from crawler.order import CrawlState, Progress
from crawler.override import Override
from crawler.pace import MAX_WAIT, Pace, retry_after, seconds_between
from crawler.page import Page
from crawler.paths import is_loopback, joined, normal, origin
from crawler.recipe import Recipe
from crawler.robots import Robots, product, read_robots
from crawler.sitemap import read_sitemap
from crawler.state import PageState
from crawler.turning import turned

MAX_TRIES = 3
MAX_HOPS = 5
STOP_AFTER = 3
MISSING_SHARE = 0.8
MOST_BARREN = 50  # list pages in a row that show nothing new: a calendar, not a shop
_STOPPING = {PageState.LOGIN, PageState.VERIFICATION, PageState.BLOCKED}


@dataclass
class Walk:
    """One walk over one source.

    ``stopped`` says why it ended before its time, ``goes_on`` when a budget fills again.
    """

    recipe: Recipe
    frontier: Frontier
    fetch: Fetch
    user_agent: str
    limit: int | None = None
    on_listing: Callable[[Listing], None] = lambda listing: None
    on_progress: Callable[[Progress], None] = lambda progress: None
    clock: Callable[[], float] = time.time
    pace: Pace = field(default_factory=Pace)
    budget: Budget | None = None
    override: Override | None = None
    goes_on: float | None = None
    stopped: tuple[CrawlState, str | None] | None = None
    _robots: dict[str, Robots] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _refusals: Counter[str] = field(default_factory=Counter)
    _met: dict[str, str] = field(default_factory=dict)
    _barren: int = 0
    _pages: int = 0

    async def run(self, seeds: list[Target]) -> None:
        """Read until nothing waits, the bounds are reached, or the source says stop."""
        self.frontier.add(seeds)
        first = seeds[0].url
        if self._expired() or not await self._ask_robots(first):
            return
        counts = self.frontier.counts()
        self._pages = sum(n for state, n in counts.items() if state != "waiting")
        await self._work_together()
        if self._few_are_missing():
            self.frontier.note("lists_read_twice", "yes")
            self.frontier.reopen_lists()
            await self._work_together()

    async def _work_together(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self.recipe.politeness.concurrency):
                group.create_task(self._work())

    def _few_are_missing(self) -> bool:
        """Return whether the lists are to be read once more.

        In a shop that changes while it is read, items move to pages already read; then a few
        of the number that the shop prints are missing at the end.
        """
        if self.stopped is not None or self.bounded() or self.frontier.fact("lists_read_twice"):
            return False
        total, listed = int(self.frontier.fact("reported_total") or 0), self.frontier.listed()
        return total * MISSING_SHARE <= listed < total

    def bounded(self) -> bool:
        """Return whether the walk has reached its bounds, with pages left or not."""
        full = self.limit is not None and self.frontier.listed() >= self.limit
        return full or self._pages >= self.recipe.politeness.max_pages

    async def _work(self) -> None:
        while self.stopped is None and not self.bounded():
            due = self.frontier.waiting(but=self._busy, now=self.clock(), most=1)
            if due:
                self._busy.add(due[0].key)
                try:
                    await self._visit(due[0])
                finally:
                    self._busy.discard(due[0].key)
            elif self._busy or self.frontier.next_due() is not None:
                await asyncio.sleep(0.02)
            else:
                return

    async def _ask_robots(self, url: str) -> bool:
        place = origin(url)
        if place in self._robots:
            return True
        address = f"{place}/robots.txt"
        answer = await self.fetch(address)
        for _ in range(MAX_HOPS):
            if not isinstance(answer, Answer) or answer.status not in (301, 302, 303, 307, 308):
                break
            address = joined(address, answer.headers.get("location", ""))
            answer = await self.fetch(address)
        if isinstance(answer, NoAnswer):
            state = CrawlState.REFUSED if answer.refused else CrawlState.UNREACHABLE
            self.stopped = (state, answer.reason)
            return False
        if answer.status >= 500:
            self.stopped = (CrawlState.UNREACHABLE, "robots_unreachable")
            return False
        body = answer.body if 200 <= answer.status < 300 else b""
        robots = read_robots(body, self.user_agent)
        self._robots[place] = robots
        self.pace.delay = seconds_between(
            self.recipe.politeness.delay, robots.delay(), loopback=is_loopback(url)
        )
        return True

    async def _visit(self, target: Target) -> None:
        if self._expired():
            return
        if not self._allowed(target.url):
            self._end(target, "forbidden", reason=product(self.user_agent))
            return
        await self.pace.turn()
        due = self.budget.spend(self.clock()) if self.budget and self.stopped is None else 0.0
        if due:
            self.stopped = self.stopped or (CrawlState.LIMITED, f"budget until {_clock(due)}")
            self.goes_on = due
        if self.stopped is not None:
            return
        answer = await self.fetch(target.url, target.body)
        if isinstance(answer, NoAnswer):
            self._failed(target, answer)
        elif answer.status in (301, 302, 303, 307, 308):
            self._redirected(target, answer)
        elif answer.status in (429, 502, 503, 504) and target.tries + 1 < MAX_TRIES:
            self._put_off(target, answer)
        else:
            self._read(target, answer)

    def _expired(self) -> bool:
        """Return whether the override has ended, and stop if it has."""
        if self.override is None or self.clock() < self.override.expires.timestamp():
            return False
        expired = f"override {self.override.number} expired {self.override.until}"
        self.stopped = self.stopped or (CrawlState.FORBIDDEN, expired)
        return True

    def _allowed(self, url: str) -> bool:
        robots = self._robots.get(origin(url))
        return robots is not None and (self.override is not None or robots.allows(url))

    def _failed(self, target: Target, answer: NoAnswer) -> None:
        if answer.refused:
            self._end(target, "refused", reason=answer.reason)
        elif target.tries + 1 < MAX_TRIES and answer.reason != "too_large":
            self.frontier.later(target, due=self.clock() + 0.5 * 2**target.tries)
        else:
            self._end(target, "failed", reason=answer.reason)
            self._count_refusal(CrawlState.UNREACHABLE, answer.reason)

    def _put_off(self, target: Target, answer: Answer) -> None:
        now = datetime.fromtimestamp(self.clock(), UTC)
        wait = retry_after(answer.headers.get("retry-after"), now=now, tries=target.tries)
        if wait > MAX_WAIT:
            asked = f"asked until {_clock(self.clock() + wait)}"
            self.stopped = self.stopped or (CrawlState.BLOCKED, asked)
            return
        self.pace.hold(wait)
        self.frontier.later(target, due=self.clock() + wait)

    def _redirected(self, target: Target, answer: Answer) -> None:
        to = normal(joined(target.url, answer.headers.get("location", "")))
        if target.hops + 1 > MAX_HOPS:
            self._end(target, "failed", reason="too_many_redirects")
        elif origin(to) == origin(target.url):
            hop = Target(to, target.kind, target.depth, target.hops + 1)
            state = "failed" if to == target.url else "moved"
            reason = "too_many_redirects" if to == target.url else None
            self._end(target, state, reason=reason, found=[hop])
        else:
            self._elsewhere(target, to)

    def _elsewhere(self, target: Target, to: str) -> None:
        page = Page(b"", to)
        login = any(word in to.lower() for word in ("login", "signin", "passport"))
        check = any(word in to.lower() for word in ("captcha", "punish", "verify", "sec."))
        state = PageState.LOGIN if login else PageState.VERIFICATION if check else None
        if state is not None:
            self._end(target, str(state), reason=urlsplit(page.url).hostname)
            self._count_refusal(CrawlState.BLOCKED, str(state))
        else:
            self._end(target, "elsewhere", reason=urlsplit(to).hostname)

    def _read(self, target: Target, answer: Answer) -> None:
        if target.kind == "sitemap" and answer.status == 200:
            self._end(target, "ok", found=self._mapped(target, answer))
            return
        page = Page(
            answer.body,
            target.url,
            answer.status,
            answer.headers.get("content-type"),
            self.recipe.encoding,
        )
        read = read_page(page, self.recipe)
        if target.kind == "list" and read.reported_total is not None:
            self._note_total(target, read.reported_total)
        reason = f"http_{answer.status}" if answer.status >= 400 else None
        self._end(
            target,
            str(read.state),
            reason=reason,
            listings=list(read.listings),
            found=self._found(target, page, read),
        )
        if read.state in _STOPPING:
            self._count_refusal(CrawlState.BLOCKED, str(read.state))
        elif read.state is PageState.OK:
            self._refusals.clear()

    def _mapped(self, target: Target, answer: Answer) -> list[Target]:
        """Return what a sitemap names: further sitemaps, and the pages of items."""
        maps, pages = read_sitemap(answer.body)
        sign = self.recipe.items.url
        found = [Target(normal(url), "sitemap", target.depth + 1) for url in maps]
        found += [Target(normal(url), "item") for url in pages if not sign or sign.search(url)]
        bound = self.recipe.politeness
        found = found[: bound.max_pages] if target.depth < bound.max_depth else []
        return [one for one in found if origin(one.url) == origin(target.url)]

    def _note_total(self, target: Target, total: int) -> None:
        if target.depth == 0 or self.frontier.fact("reported_total") is None:
            self.frontier.note("reported_total", str(total))

    def _found(self, target: Target, page: Page, read: Extraction) -> list[Target]:
        deeper = target.depth + 1
        if deeper > self.recipe.politeness.max_depth:
            return []
        found = [Target(normal(url), "item", target.depth) for url in self._unmet(read.items)]
        if target.kind == "list":
            fruitful = self.frontier.is_news(found, read.listings)
            self._barren = 0 if fruitful else self._barren + 1
            if self._barren > MOST_BARREN:
                return []
        found += [Target(normal(url), "list", deeper) for url in read.categories]
        if read.next:
            found.append(Target(normal(read.next), "list", deeper))
        if read.turn and target.kind == "list" and self.frontier.is_news(found, read.listings):
            found += turned(target, self.recipe.lists.page, read.turn)
        if self.recipe.follow_all:
            links = page.tree.xpath("//a/@href").getall()[:500]
            found += [Target(normal(page.join(link)), "any", deeper) for link in links]
        return [one for one in found if origin(one.url) == origin(target.url)]

    def _unmet(self, urls: tuple[str, ...]) -> Iterator[str]:
        """Yield the addresses of items whose number, if it stands in them, was not met before."""
        sign = self.recipe.items.url
        for url in urls:
            found = sign.search(url) if sign is not None and sign.groups else None
            number = found[1] if found is not None else None
            if not number or self._met.setdefault(number, normal(url)) == normal(url):
                yield url

    def _end(
        self,
        target: Target,
        state: str,
        *,
        reason: str | None = None,
        listings: list[Listing] | None = None,
        found: list[Target] | None = None,
    ) -> None:
        new = self.frontier.done(
            target,
            state,
            reason=reason,
            listings=listings or [],
            found=found or [],
            limit=self.limit,
            override=self.override.number if self.override is not None else None,
        )
        self._pages += 1
        for listing in new:
            self.on_listing(listing)
        total = self.frontier.fact("reported_total")
        self.on_progress(
            Progress(
                pages=self._pages,
                waiting=self.frontier.counts().get("waiting", 0),
                listings=self.frontier.listed(),
                reported_total=int(total) if total else None,
            )
        )

    def _count_refusal(self, state: CrawlState, reason: str | None) -> None:
        self._refusals[state] += 1
        if self._refusals[state] >= STOP_AFTER or self.frontier.counts().get("waiting", 0) == 0:
            self.stopped = self.stopped or (state, reason)


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
