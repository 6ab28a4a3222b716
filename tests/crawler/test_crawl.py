"""Crawling for real: a child process, Scrapy, a shop on the loopback, the guard between."""

from __future__ import annotations

import itertools
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from crawler import CrawlState, Listing, Progress, crawl, fetch_pictures
from crawler.errors import OrderWrong, RecipeUnknown, WorkdirTaken
from egress.process import guard
from tests.crawler.shop import Shop, open_shop, order_for

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def test_through_the_guard(tmp_path: Path) -> None:
    got: list[Listing] = []
    seen: list[Progress] = []
    with open_shop(Shop()) as shop, guard(tmp_path / "j", allow_loopback=True) as way:
        order = order_for(shop, tmp_path, proxy=way.address)
        report = crawl(order, on_listing=got.append, on_progress=seen.append)
        again: list[Listing] = []
        repeated = crawl(order, on_listing=again.append)
    assert report.state is CrawlState.COMPLETE
    assert (report.listings, report.pages, report.reported_total) == (12, 15, 12)
    assert dict(report.states) == {"ok": 15}
    assert "12" in report.zh
    assert "12" in report.en
    assert len({one.id for one in got}) == len(got) == 12
    assert seen[-1].listings == 12
    assert seen[-1].waiting == 0
    assert shop.agents == {"markseal/0.1 (+mailto:someone@example.org)"}
    assert repeated == report
    assert [one.id for one in again] == [one.id for one in got]
    assert max(shop.counted().values()) == 1
    rows = [json.loads(line) for line in (tmp_path / "j").read_text().splitlines()]
    assert sum(row["event"] == "connection" for row in rows) == 16


def test_a_private_address_is_refused_with_one_sentence(tmp_path: Path) -> None:
    with open_shop(Shop()) as shop, guard(tmp_path / "j", allow_loopback=False) as way:
        plain = crawl(order_for(shop, tmp_path, proxy=way.address), on_listing=print)
        order = order_for(
            shop,
            tmp_path,
            proxy=way.address,
            start_url="https://10.0.0.1/",
            workdir=tmp_path / "w2",
        )
        tunnel = crawl(order, on_listing=print)
    assert plain.state is tunnel.state is CrawlState.REFUSED
    assert "loopback" in plain.en
    assert "本机地址" in plain.zh
    assert "private_address" in tunnel.en
    assert shop.asked == []


def test_nobody_there(tmp_path: Path) -> None:
    with guard(tmp_path / "j", allow_loopback=True) as way:
        shop = Shop(port=1)
        report = crawl(order_for(shop, tmp_path, proxy=way.address), on_listing=print)
    assert report.state is CrawlState.UNREACHABLE
    assert "127.0.0.1:1" in report.en
    direct = crawl(order_for(shop, tmp_path, workdir=tmp_path / "w2"), on_listing=print)
    assert direct.state is CrawlState.UNREACHABLE


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key, cert = tmp_path / "k.pem", tmp_path / "c.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key)]
    subprocess.run([*make, "-out", str(cert)], check=True, capture_output=True)
    with TLSListener(("127.0.0.1", 0), cert, key) as server:
        shop = Shop(port=server.server_address[1])
        order = replace(order_for(shop, tmp_path), start_url=f"https://localhost:{shop.port}/all")
        report = crawl(order, on_listing=print)
    assert not report.succeeded
    assert report.listings == 0
    assert "certificate" in report.en
    assert "证书" in report.zh


class TLSListener(ThreadingHTTPServer):
    """A server that speaks TLS with a certificate of its own making."""

    def __init__(self, address: tuple[str, int], cert: Path, key: Path) -> None:
        super().__init__(address, BaseHTTPRequestHandler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Say nothing: a refused handshake is what is wanted."""


def test_crawl_delay_is_kept(tmp_path: Path) -> None:
    shop = Shop(goods=3, robots="User-agent: *\nCrawl-delay: 0.4")
    with open_shop(shop):
        crawl(order_for(shop, tmp_path), on_listing=print)
    times = [moment for moment, path in shop.asked if path != "/robots.txt"]
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert len(times) == 4
    assert min(gaps) > 0.3


def test_a_crawl_whose_budget_is_used_up_says_what_is_left_and_goes_on(tmp_path: Path) -> None:
    with open_shop(Shop()) as shop:
        order = order_for(shop, tmp_path, politeness="per_day = 8\n")
        report = crawl(order, on_listing=print)
        assert (report.state, report.pages) == (CrawlState.LIMITED, 8)
        assert report.left
        assert f"已知尚有 {report.left} 个页面未读" in report.zh
        assert (report.goes_on or 0) > time.time()
        next_window = replace(order, budgets=tmp_path / "purse")
        report = crawl(next_window, on_listing=print)
    assert (report.state, report.listings) == (CrawlState.COMPLETE, 12)
    assert (report.left, report.goes_on) == (0, None)
    assert max(shop.counted()[f"/item/{n}"] for n in range(1, 13)) == 1


def test_pages_in_gbk_and_in_disguise(tmp_path: Path) -> None:
    body = "<html><body><h1>宁波年糕</h1><i class=price>9.9元</i></body></html>".encode("gbk")
    shop = Shop(goods=2)
    shop.faults = {
        "/item/1": (200, {"Content-Type": "text/html; charset=gb2312"}, body),
        "/item/2": (200, {"Content-Type": "text/html"}, body),
    }
    got: list[Listing] = []
    with open_shop(shop):
        crawl(order_for(shop, tmp_path), on_listing=got.append)
    assert [(one.title, one.price) for one in got] == [("宁波年糕", "9.90")] * 2


def test_pages_too_large_are_not_read(tmp_path: Path) -> None:
    shop = Shop(goods=2, faults={"/item/1": (200, {}, b"x" * 11_000_000)})
    with open_shop(shop):
        report = crawl(order_for(shop, tmp_path), on_listing=print)
    assert (report.listings, report.states["failed"]) == (1, 1)


KILLED = """
import sys, json
from pathlib import Path
from crawler import crawl, CrawlOrder
row = json.loads(sys.argv[1])
row["recipes"], row["workdir"] = Path(row["recipes"]), Path(row["workdir"])
crawl(CrawlOrder(**row), on_listing=lambda one: print(one.id, flush=True))
"""


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def _until(true: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_killed_twice_and_every_listing_once(tmp_path: Path) -> None:
    with open_shop(Shop(goods=40, pause=0.01)) as shop:
        order = order_for(shop, tmp_path)
        row = {**vars(order), "recipes": str(order.recipes), "workdir": str(order.workdir)}
        for least in (5, 20):
            with subprocess.Popen(
                [sys.executable, "-c", KILLED, json.dumps(row)], stdout=subprocess.PIPE
            ) as parent:
                assert parent.stdout is not None
                told = [parent.stdout.readline() for _ in range(least)]
                assert all(told)
                (child,) = _children(parent.pid)
                os.kill(parent.pid, signal.SIGKILL)
                assert _until(lambda child=child: not _alive(child))  # type: ignore[misc]
        got: list[Listing] = []
        report = crawl(order, on_listing=got.append)
    assert report.state is CrawlState.COMPLETE
    assert sorted(int(one.item_id or 0) for one in got) == list(range(1, 41))
    twice = [path for path, count in shop.counted().items() if count > 1]
    assert len([path for path in twice if path != "/robots.txt"]) <= 2 * 2


def test_the_folder_of_another_order_is_not_touched(tmp_path: Path) -> None:
    with open_shop(Shop(goods=1)) as shop:
        crawl(order_for(shop, tmp_path), on_listing=print)
        with pytest.raises(WorkdirTaken):
            crawl(order_for(shop, tmp_path, query="杯"), on_listing=print)


def test_orders_that_cannot_be_carried_out(tmp_path: Path) -> None:
    shop = Shop(port=80)
    with pytest.raises(RecipeUnknown):
        crawl(order_for(shop, tmp_path, source="nothing"), on_listing=print)
    for changes in (
        {"start_url": None},
        {"start_url": "ftp://a/"},
        {"start_url": "http://u:p@a/"},
        {"start_url": "http://a:99999/"},
        {"limit": 0},
        {"source": None, "start_url": "http://x.example/", "query": "a"},
        {"source": None, "start_url": None},
    ):
        with pytest.raises(OrderWrong):
            crawl(order_for(shop, tmp_path, **changes), on_listing=print)
    assert not (tmp_path / "work").exists()


def test_without_a_recipe_the_general_reader_walks(tmp_path: Path) -> None:
    with open_shop(Shop(goods=6)) as shop:
        got: list[Listing] = []
        order = order_for(shop, tmp_path, source=None, start_url=f"{shop.url}all")
        order.recipes.joinpath("small.toml").unlink()
        report = crawl(order, on_listing=got.append)
    assert report.state is CrawlState.COMPLETE
    assert {one.price for one in got} == {f"{n}.50" for n in range(1, 7)}


def test_pictures(tmp_path: Path) -> None:
    shop = Shop(robots="User-agent: *\nDisallow: /secret")
    shop.faults = {
        "/a.png": (200, {"Content-Type": "image/png"}, PNG),
        "/big.png": (200, {}, PNG + b"0" * 5000),
        "/page.png": (200, {}, b"<html>"),
        "/secret.png": (200, {}, PNG),
    }
    with open_shop(shop):
        urls = [f"{shop.url}{name}.png" for name in ("a", "big", "page", "secret", "none", "a")]
        got = fetch_pictures(
            urls, proxy=None, folder=tmp_path / "p", user_agent="markseal/0.1", max_bytes=1000
        )
    assert list(got) == [urls[0]]
    assert got[urls[0]].read_bytes() == PNG
    assert "/secret.png" not in shop.counted()
    assert list((tmp_path / "p").iterdir()) == [got[urls[0]]]
