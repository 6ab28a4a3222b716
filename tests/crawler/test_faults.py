"""What a hostile or broken site sends: the right state, a bounded cost, a clear sentence."""

from __future__ import annotations

import gzip
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crawler import CrawlState, Listing, crawl
from crawler.walk import MOST_BARREN
from tests.crawler.shop import Shop, order_for
from tests.crawler.test_walk import PAGE, html, walk

BOMB = gzip.compress(b"<p>nothing</p>" * 1_000_000, 9)
ITEM = "<html><body><h1>商品 {}</h1><i class=price>￥{}.50</i></body></html>"


class Hostile(BaseHTTPRequestHandler):
    """Item 1 never ends, 2 is of 200 MB, 3 a bomb, 4 calls itself a program, 5 is well."""

    protocol_version = "HTTP/1.1"
    sent = itertools.count()

    def do_GET(self) -> None:
        number = self.path.rsplit("/", 1)[1]
        try:
            {"1": self._drip, "2": self._endless, "3": self._bomb}.get(number, self._plain)()
        except OSError:
            self.close_connection = True

    def _head(self, kind: str, **more: str) -> None:
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Type", kind)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _drip(self) -> None:
        self._head("text/html", Content_Length="100000")
        for _ in range(100):
            self.wfile.write(b"<p>")
            time.sleep(0.05)

    def _endless(self) -> None:
        self._head("text/html", Content_Length="200000000")
        for _ in range(200):
            self.wfile.write(b"x" * 1_000_000)
            next(Hostile.sent)

    def _bomb(self) -> None:
        self._head("text/html", Content_Encoding="gzip", Content_Length=str(len(BOMB)))
        self.wfile.write(BOMB)

    def _plain(self) -> None:
        links = "".join(f"<a class=item href=/item/{n}>{n}</a>" for n in range(1, 6))
        number = self.path.rsplit("/", 1)[1]
        page = (ITEM.format(number, number) if "item" in self.path else links).encode()
        kind = "application/octet-stream" if number == "4" else "text/html; charset=utf-8"
        self._head(kind, Content_Length=str(len(page)))
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def hostile() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_pages_without_end_cost_little_and_the_rest_is_read(tmp_path: Path) -> None:
    got: list[Listing] = []
    with hostile() as port:
        order = order_for(Shop(port=port), tmp_path, politeness="timeout = 0.8\n")
        report = crawl(order, on_listing=got.append)
    assert sorted(one.item_id or "" for one in got) == ["4", "5"]
    assert report.states == {"failed": 3, "ok": 3}
    assert next(Hostile.sent) < 60  # megabytes of item 2
    assert "3 pages could not be read" in report.en


def test_a_calendar_is_left(tmp_path: Path) -> None:
    class Calendar(Shop):
        def answer(self, target: str) -> tuple[int, dict[str, str], bytes]:
            if not target.startswith("/all"):
                return super().answer(target)
            day = int(target.partition("=")[2] or 0)
            link = f"<a class=next href='/all?day={day + 1}'>tomorrow</a>"
            item = f"<a class=item href=/item/{day}>x</a>" if day < 3 else ""
            return 200, PAGE, html(f"<b class=total>3</b>{item}{link}")

    told = walk(Calendar(port=80), tmp_path)
    assert told.state is CrawlState.COMPLETE
    assert len(told.listings) == 3
    assert len(told.asked) <= MOST_BARREN + 10


def test_session_ids_make_no_new_pages(tmp_path: Path) -> None:
    links = [
        f"<a class=item href='/item/{n}{end}'>x</a>"
        for n in range(1, 4)
        for end in ("", ";jsessionid=8AF{}", "?PHPSESSID={}", "?sid={}&utm_source=a", "#{}")
    ]
    page = "".join(link.replace("{}", str(at)) for at, link in enumerate(links))
    shop = Shop(port=80, faults={"/all": (200, PAGE, html(page))})
    told = walk(shop, tmp_path)
    assert len(told.listings) == 3
    assert len(told.asked) == 1 + 1 + 3


def test_one_item_under_five_addresses_is_read_once(tmp_path: Path) -> None:
    ends = ("", "?from=list", "?from=home", "?color=red&a=1", "?ref=ad")
    page = "".join(f"<a class=item href='/item/7{end}'>x</a>" for end in ends)
    told = walk(Shop(port=80, faults={"/all": (200, PAGE, html(page))}), tmp_path)
    assert [one.item_id for one in told.listings] == ["7"]
    assert len(told.asked) == 1 + 1 + 1
