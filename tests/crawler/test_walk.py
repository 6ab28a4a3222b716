"""The walk over a shop that is not there: answers come from the shop's own function."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.budget import Budget
from crawler.child import outcome
from crawler.fetching import Answer, NoAnswer
from crawler.frontier import Frontier
from crawler.listing import Listing
from crawler.order import CrawlState
from crawler.override import Override
from crawler.recipe import Recipe, named_recipe
from crawler.seeds import seeds_of
from crawler.sentences import ending
from crawler.walk import Walk
from tests.crawler.shop import Shop, order_for

PAGE = {"Content-Type": "text/html; charset=utf-8"}


def html(text: str) -> bytes:
    return f"<html><head><title>x</title></head><body>{text}</body></html>".encode()


@dataclass
class Told:
    """What a walk did: state, reason, listings, page states, pages asked for."""

    state: CrawlState
    reason: str | None
    listings: list[Listing]
    counts: dict[str, int]
    asked: list[str] = field(default_factory=list)
    overridden: int = 0


def walk(
    shop: Shop, folder: Path, *, refused: str = "", politeness: str = "", **changes: object
) -> Told:
    """Walk the shop in this process; time passes at once."""
    order = order_for(shop, folder, politeness=politeness, **changes)
    recipe: Recipe = named_recipe("small", order.recipes)
    frontier = Frontier(order.workdir, order.identity())
    listings: list[Listing] = []
    asked: list[str] = []
    now = [1000.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    async def fetch(url: str, body: str | None = None) -> Answer | NoAnswer:
        path = url.removeprefix(shop.url.rstrip("/"))
        asked.append(path)
        if refused:
            return NoAnswer(url, refused, refused=True)
        status, headers, body = shop.answer(path)
        if status == 0:
            return NoAnswer(url, "timed_out")
        return Answer(url, status, {k.lower(): v for k, v in headers.items()}, body)

    walker = Walk(recipe, frontier, fetch, order.user_agent, order.limit)
    bound = recipe.politeness
    purse = order.workdir / "budget.sqlite3"
    walker.budget = Budget(purse, shop.url, bound.per_hour, bound.per_day)
    walker.override = order.override
    walker.on_listing = listings.append
    walker.clock = clock
    walker.pace.clock = clock
    try:
        asyncio.run(walker.run(seeds_of(order, recipe)))
        state, reason = outcome(walker, frontier)
        return Told(state, reason, listings, frontier.counts(), asked, frontier.overridden())
    finally:
        frontier.close()


def test_an_override_marks_every_page_and_ends_in_one_sentence(tmp_path: Path) -> None:
    closed = Shop(port=80, robots="User-agent: *\nDisallow: /")
    assert walk(closed, tmp_path / "none").state is CrawlState.FORBIDDEN
    permitted = Override("甬监 1", "basis", "officer", datetime.fromtimestamp(9000, UTC))
    told = walk(closed, tmp_path / "long", override=permitted)
    assert (told.state, len(told.listings), told.overridden) == (CrawlState.COMPLETE, 12, 15)
    short = replace(permitted, expires=datetime.fromtimestamp(1012, UTC))
    told = walk(closed, tmp_path / "short", override=short)
    assert (told.state, len(told.asked) - 1) == (CrawlState.FORBIDDEN, told.overridden)
    assert 0 < told.overridden < 15
    said = ending(
        told.state, host="a", reason=told.reason, listings=0, pages=3, total=None, failed=0,
        left=9, overridden=3,
    )  # fmt: skip
    assert said[0].startswith("来源 a 的例外批准 甬监 1 已于 1970-01-01 00:16 UTC 到期，已停止；")
    assert "3 pages under an override; 9 pages known and not read yet" in said[1]


def test_every_listing_once(tmp_path: Path) -> None:
    told = walk(Shop(port=80), tmp_path)
    assert told.state is CrawlState.COMPLETE
    assert sorted(int(one.item_id or 0) for one in told.listings) == list(range(1, 13))
    assert len(told.asked) == len(set(told.asked)) == 1 + 3 + 12
    assert told.listings[0].price == "1.50"


def test_items_that_move_while_the_lists_are_read_are_found(tmp_path: Path) -> None:
    class Moving(Shop):
        def answer(self, target: str) -> tuple[int, dict[str, str], bytes]:
            if target.startswith("/all"):
                lists.append(target)
                number = int(target.partition("=")[2] or 1)
                gone = 1 if len(lists) > 1 else 0  # item 1 is sold after the first page
                first = (number - 1) * 4 + 1 + gone
                links = "".join(
                    f"<a class=item href=/item/{n}>x</a>" for n in range(first, min(first + 4, 13))
                )
                more = f"<a class=next href='/all?page={number + 1}'>x</a>" if number < 3 else ""
                return 200, PAGE, html(f"<b class=total>12</b>{links}{more}")
            return super().answer(target)

    lists: list[str] = []
    told = walk(Moving(port=80), tmp_path)
    assert told.state is CrawlState.COMPLETE
    assert sorted(int(one.item_id or 0) for one in told.listings) == list(range(1, 13))
    assert len(lists) == 6
    assert len(told.asked) == 1 + 6 + 12


def test_the_limit_bounds_listings_and_pages(tmp_path: Path) -> None:
    told = walk(Shop(port=80), tmp_path, limit=3)
    assert told.state is CrawlState.LIMITED
    assert len(told.listings) == 3
    assert len(told.asked) < 9


def test_an_item_page_is_read_alone(tmp_path: Path) -> None:
    told = walk(Shop(port=80), tmp_path, start_url="http://127.0.0.1:80/item/4")
    assert [one.title for one in told.listings] == ["商品 4"]


def test_gone_pages_do_not_stop_the_rest(tmp_path: Path) -> None:
    shop = Shop(port=80, faults={"/item/3": (404, {}, b""), "/item/4": (410, {}, b"")})
    told = walk(shop, tmp_path)
    assert told.state is CrawlState.COMPLETE
    assert len(told.listings) == 10
    assert told.counts["gone"] == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, PAGE, html("<h1>请登录</h1><input type=password>")), "login"),
        ((200, PAGE, html("<p>请按住滑块，拖动到最右边</p>")), "verification"),
        ((403, {}, b"Access Denied"), "blocked"),
        ((302, {"Location": "https://passport.example/login"}, b""), "login"),
    ],
)
def test_walls_stop_the_crawl_and_are_never_gone(
    tmp_path: Path, answer: tuple[int, dict[str, str], bytes], reason: str
) -> None:
    shop = Shop(port=80, goods=50, per_page=50)
    shop.faults = {f"/item/{n}": answer for n in range(1, 51)}
    told = walk(shop, tmp_path)
    assert (told.state, told.reason) == (CrawlState.BLOCKED, reason)
    assert len(told.asked) < 10
    assert "gone" not in told.counts


def test_the_first_page_may_be_a_wall(tmp_path: Path) -> None:
    shop = Shop(port=80, faults={"/all": (200, PAGE, html("<h1>验证码</h1>"))})
    assert walk(shop, tmp_path).reason == "verification"


def test_an_empty_result_is_complete(tmp_path: Path) -> None:
    shop = Shop(port=80, faults={"/all": (200, PAGE, html("<b class=total>0</b>"))})
    told = walk(shop, tmp_path)
    assert (told.state, told.counts) == (CrawlState.COMPLETE, {"empty": 1})


def test_robots_forbids(tmp_path: Path) -> None:
    told = walk(Shop(port=80, robots="User-agent: *\nDisallow: /"), tmp_path)
    assert told.state is CrawlState.FORBIDDEN
    assert told.asked == ["/robots.txt"]
    named = Shop(port=80, robots="User-agent: markseal\nDisallow: /item/1$")
    assert len(walk(named, tmp_path / "work2", workdir=tmp_path / "w2").listings) == 11


def test_robots_that_is_down_forbids_and_none_allows(tmp_path: Path) -> None:
    down = walk(Shop(port=80, robots_status=503), tmp_path)
    assert (down.state, down.reason) == (CrawlState.UNREACHABLE, "robots_unreachable")
    none = walk(Shop(port=80, robots_status=404), tmp_path, workdir=tmp_path / "w2")
    assert none.state is CrawlState.COMPLETE


def test_redirects_are_followed_and_bounded(tmp_path: Path) -> None:
    shop = Shop(port=80)
    shop.faults = {
        "/item/1": (301, {"Location": "/item/100"}, b""),
        "/item/2": (302, {"Location": "/loop/0"}, b""),
        "/item/3": (302, {"Location": "/item/3"}, b""),
        "/item/4": (302, {"Location": "http://other.example/"}, b""),
    }
    shop.faults |= {f"/loop/{n}": (302, {"Location": f"/loop/{n + 1}"}, b"") for n in range(20)}
    told = walk(shop, tmp_path)
    assert {one.title for one in told.listings} >= {"商品 100", "商品 5"}
    assert len(told.listings) == 9
    assert told.counts["failed"] == 2
    assert told.counts["elsewhere"] == 1


def test_busy_pages_are_asked_again(tmp_path: Path) -> None:
    shop = Shop(port=80)
    shop.once = {"/item/1": (429, {"Retry-After": "1"}, b""), "/item/2": (503, {}, b"")}
    told = walk(shop, tmp_path)
    assert len(told.listings) == 12


def test_a_source_that_asks_for_an_hour_is_left_alone(tmp_path: Path) -> None:
    shop = Shop(port=80, faults={"/item/1": (429, {"Retry-After": "3600"}, b"")})
    told = walk(shop, tmp_path)
    assert told.state is CrawlState.BLOCKED
    assert (told.reason or "").startswith("asked until ")
    assert len(told.asked) < 6
    assert "gone" not in told.counts


def test_a_budget_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    recipe = "per_hour = 5\n"
    first = walk(Shop(port=80), tmp_path, politeness=recipe)
    assert first.state is CrawlState.LIMITED
    assert (first.reason or "").startswith("budget until ")
    assert len(first.asked) == 1 + 5
    assert first.counts["waiting"] > 0


def test_silence_is_a_failure_after_three_tries(tmp_path: Path) -> None:
    told = walk(Shop(port=80, faults={"/all": (0, {}, b"")}), tmp_path)
    assert (told.state, told.reason) == (CrawlState.UNREACHABLE, "timed_out")
    assert told.asked.count("/all") == 3


def test_a_refusal_of_the_guard(tmp_path: Path) -> None:
    told = walk(Shop(port=80), tmp_path, refused="private_address")
    assert (told.state, told.reason) == (CrawlState.REFUSED, "private_address")


def test_a_keyword_goes_out_in_the_sites_encoding(tmp_path: Path) -> None:
    told = walk(Shop(port=80), tmp_path, query="保温杯 a")
    assert told.asked[1] == "/search?q=%B1%A3%CE%C2%B1%AD%20a"
    assert len(told.listings) == 1
