"""A small shop on the loopback with faults to order, and the recipe that reads it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from crawler import CrawlOrder

RECIPE = """
format = "markseal-recipe/1"
name = "small"
hosts = ["127.0.0.1"]
start = ["/all"]
[politeness]
delay = 0.0
concurrency = 2
[search]
url = "/search?q={query}"
encoding = "gbk"
[list]
items = { css = "a.item::attr(href)" }
next = { css = "a.next::attr(href)" }
reported_total = { css = "b.total" }
[item]
url = "/item/(\\\\d+)"
[item.fields]
title = { css = "h1" }
price = { css = ".price" }
"""
Faults = dict[str, tuple[int, dict[str, str], bytes]]


@dataclass
class Shop:
    """The shop: how many goods, which faults at which paths, what was asked for and when."""

    goods: int = 12
    per_page: int = 5
    robots: str = ""
    robots_status: int = 200
    pause: float = 0.0
    faults: Faults = field(default_factory=dict)
    once: Faults = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def counted(self) -> Counter[str]:
        return Counter(path for _, path in self.asked)

    def answer(self, target: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for one request target."""
        parts = urlsplit(target)
        if parts.path == "/robots.txt":
            return self.robots_status, {}, self.robots.encode()
        for faults in (self.once, self.faults):
            if parts.path in faults:
                found = faults[parts.path]
                if faults is self.once:
                    del faults[parts.path]
                return found
        if parts.path == "/all":
            return self._list(int(parse_qs(parts.query).get("page", ["1"])[0]))
        if parts.path == "/search":
            word = unquote(parts.query.removeprefix("q="), encoding="gbk")
            return self._page(f"<b class=total>1</b><a class=item href=/item/1>{word}</a>")
        if parts.path.startswith("/item/"):
            number = parts.path.rsplit("/", 1)[1]
            return self._page(f"<h1>商品 {number}</h1><i class=price>￥{number}.50</i>")
        return 404, {}, b"no such page"

    def _list(self, page: int) -> tuple[int, dict[str, str], bytes]:
        first, last = (page - 1) * self.per_page + 1, min(page * self.per_page, self.goods)
        rows = "".join(
            f"<a class=item href=/item/{n}?spm=a.{n}#x>{n}</a>" for n in range(first, last + 1)
        )
        more = f"<a class=next href='/all?page={page + 1}'>next</a>" if last < self.goods else ""
        return self._page(f"<b class=total>{self.goods} 件</b>{rows}{more}")

    @staticmethod
    def _page(body: str) -> tuple[int, dict[str, str], bytes]:
        html = f"<html><head><title>小店</title></head><body>{body}</body></html>"
        return 200, {"Content-Type": "text/html; charset=utf-8"}, html.encode()


@contextmanager
def open_shop(shop: Shop) -> Iterator[Shop]:
    """Run the shop for the length of a block."""

    class Counter(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shop.asked.append((time.monotonic(), self.path))
            shop.agents.add(self.headers.get("User-Agent", ""))
            time.sleep(shop.pause)
            status, headers, body = shop.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    server.daemon_threads = True
    shop.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def order_for(shop: Shop, folder: Path, *, politeness: str = "", **changes: object) -> CrawlOrder:
    """Return an order for the shop, its recipe written into the folder."""
    recipes = folder / "recipes"
    recipes.mkdir(parents=True, exist_ok=True)
    (recipes / "small.toml").write_text(
        RECIPE.replace("[politeness]\n", f"[politeness]\n{politeness}"), "utf-8"
    )
    values: dict[str, object] = {
        "source": "small",
        "start_url": shop.url,
        "user_agent": "markseal/0.1 (+mailto:someone@example.org)",
        "recipes": recipes,
        "workdir": folder / "work",
    }
    return CrawlOrder(**{**values, **changes})  # type: ignore[arg-type]
