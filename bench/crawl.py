"""A crawl by recipe beside plain Scrapy on the same pages: processor time a page.

``python -m bench.crawl [--pages N] [--rounds R]``. A shop of N generated product pages on the
loopback; three readers of every page, each in a process of its own, in turn:

* plain: Scrapy's spider, links by CSS, the product by ``json.loads`` of its JSON-LD;
* plain, every field: Scrapy's spider with the recipe's own selectors, eighteen fields;
* ours: the crawl of the product by recipe, with robots, states, frontier and history on disk.

The pages are like a shop's own (about 40 KB). Processor time is user + system of the process
that crawls, its start left out (a crawl of one page is subtracted). The bar is 1.3 times either
plain spider.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PER_LIST = 50
FIELDS = {
    "title": "h1.title",
    "price": ".price .now",
    "list_price": ".price .old",
    "currency": ".price .code",
    "brand": ".brand a",
    "sku": ".sku b",
    "gtin": ".gtin b",
    "shop": ".shop a",
    "shop_url": ".shop a::attr(href)",
    "seller_name": ".shop .seller",
    "ship_from": ".ship",
    "sales": ".sales",
    "category": ".crumbs a:last-child",
    "description": ".description",
    "images": ".gallery img::attr(src)",
}
RECIPE = """format = "markseal-recipe/1"
name = "bench"
hosts = ["127.0.0.1"]
start = ["/list/0"]
[politeness]
delay = 0.0
concurrency = 8
max_pages = 100000
max_depth = 10000
[list]
items = {{ css = "a.item::attr(href)" }}
next = {{ css = "a.next::attr(href)" }}
[item]
url = "/item/(\\\\d+)$"
[item.attributes]
rows = {{ css = "table.attributes tr" }}
name = {{ css = "th" }}
value = {{ css = "td" }}
[item.fields]
availability = {{ css = ".stock", map = {{ "现货" = "InStock" }} }}
{fields}
"""
PLAIN = """
import json, sys
import scrapy
from scrapy.crawler import CrawlerProcess
FIELDS = {fields!r}
class Plain(scrapy.Spider):
    name = "plain"
    async def start(self):
        yield scrapy.Request(sys.argv[1] + "list/0")
    def parse(self, response):
        for href in response.css("a.item::attr(href)").getall():
            yield response.follow(href, self.item)
        for href in response.css("a.next::attr(href)").getall():
            yield response.follow(href, self.parse)
    def item(self, response):
        if sys.argv[2] == "ld":
            yield json.loads(response.css("script[type='application/ld+json']::text").get())
            return
        row = {{k: response.css(v).getall() if "::" in v else
               [" ".join(n.xpath(".//text()").getall()).strip() for n in response.css(v)]
               for k, v in FIELDS.items()}}
        row["availability"] = response.css(".stock::text").get()
        row["attributes"] = {{tr.css("th::text").get(): tr.css("td::text").get()
                             for tr in response.css("table.attributes tr")}}
        row["id"] = response.url.rsplit("/", 1)[1]
        yield row
process = CrawlerProcess(settings={{
    "LOG_ENABLED": False, "CONCURRENT_REQUESTS": 8, "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "DOWNLOAD_DELAY": 0, "ROBOTSTXT_OBEY": True, "TELNETCONSOLE_ENABLED": False,
    "FEEDS": {{sys.argv[3]: {{"format": "jsonlines"}}}}}})
process.crawl(Plain)
process.start()
"""
OURS = """
import json, sys
from crawler.child import _crawl
from crawler.order import CrawlOrder
from pathlib import Path
_crawl(CrawlOrder(source="bench", start_url=sys.argv[1], user_agent="markseal",
                  recipes=Path(sys.argv[2]), workdir=Path(sys.argv[3])))
"""


def item_page(number: int) -> bytes:
    """Return a product page of about 40 KB, as a shop sends it."""
    ld = {"@type": "Product", "name": f"商品 {number}", "offers": {"price": f"{number}.50"}}
    rows = "".join(f"<tr><th>属性{n}</th><td>值 {n}</td></tr>" for n in range(12))
    gallery = "".join(f"<img src=/img/{number}-{n}.jpg alt=''>" for n in range(6))
    frame = "".join(
        f"<li class='nav-item level-{n % 4}'><a class='nav-link' href='/category/{n}'>"
        f"<span>栏目 {n}</span></a></li>"
        for n in range(260)
    )
    return (
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>商品</title>"
        f'<script type="application/ld+json">{json.dumps(ld)}</script></head><body>'
        f"<nav><ul>{frame}</ul></nav><div class=crumbs><a>首页</a><a>杯壶</a></div>"
        f"<h1 class=title>商品 {number} 不锈钢<em>保温杯</em></h1>"
        f"<div class=price><i class=now>￥{number % 900}.50</i><i class=old>￥999</i>"
        "<i class=code>CNY</i></div><p class=stock>现货</p><p class=brand><a>甬舟</a></p>"
        f"<p class=sku><b>K-{number}</b></p><p class=gtin><b>4005556050178</b></p>"
        "<p class=shop><a href=/shop/1>甬舟旗舰店</a><span class=seller>甬舟</span></p>"
        f"<p class=ship>浙江 宁波</p><p class=sales>{number}人付款</p>"
        f"<div class=gallery>{gallery}</div><table class=attributes>{rows}</table>"
        f"<div class=description>{'保温杯的说明文字。' * 120}</div></body></html>"
    ).encode()


class Goods(BaseHTTPRequestHandler):
    """The shop: lists of fifty, and their items."""

    protocol_version = "HTTP/1.1"
    goods = 0

    def do_GET(self) -> None:
        kind, _, number = self.path.strip("/").partition("/")
        status = 200
        if kind == "item":
            body = item_page(int(number))
        elif kind == "list":
            first = int(number) * PER_LIST
            last = min(first + PER_LIST, self.goods)
            links = "".join(f"<a class=item href=/item/{n}>{n}</a>" for n in range(first, last))
            more = f"<a class=next href=/list/{int(number) + 1}>next</a>"
            body = f"<html><body>{links}{more if last < self.goods else ''}</body></html>".encode()
        else:
            status, body = 404, b""
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def serve(goods: int) -> None:
    """Serve until the standard input closes; print the port."""
    Goods.goods = goods
    server = ThreadingHTTPServer(("127.0.0.1", 0), Goods)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


@contextmanager
def shop(goods: int) -> Iterator[str]:
    """Yield the address of a shop in a process of its own."""
    command = [sys.executable, "-m", "bench.crawl", "--serve", str(goods)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/"
        finally:
            server.terminate()


def spent(way: str, url: str, folder: Path) -> tuple[float, int]:
    """Return processor seconds of one crawl, and how many items it read."""
    folder.mkdir(parents=True)
    out = folder / "out.jsonl"
    if way == "ours":
        lines = [f"{name} = {{ css = {json.dumps(css)} }}" for name, css in FIELDS.items()]
        (folder / "bench.toml").write_text(RECIPE.format(fields="\n".join(lines)), "utf-8")
        command = [sys.executable, "-c", OURS, url, str(folder), str(folder / "work")]
    else:
        script = folder / "plain.py"  # Scrapy wants to see the source of its callbacks
        script.write_text(PLAIN.format(fields=FIELDS), "utf-8")
        command = [sys.executable, str(script), url, way, str(out)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if way == "ours":
        read = sum(line.startswith(b'{"listing"') for line in done.stdout.splitlines())
    else:
        read = len(out.read_text("utf-8").splitlines())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, read


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=int)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    ways = {"ld": "Scrapy, JSON-LD by json.loads", "css": "Scrapy, every field", "ours": "crawl"}
    cost: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as temporary, shop(arguments.pages) as url, shop(1) as one:
        for number in range(arguments.rounds):
            for way in ways:
                base, _ = spent(way, one, Path(temporary) / f"{way}-{number}-one")
                whole, read = spent(way, url, Path(temporary) / f"{way}-{number}")
                if read != arguments.pages:
                    sys.exit(f"{way} read {read} of {arguments.pages} pages")
                cost[way].append((whole - base) * 1000 / arguments.pages)
    middle = {way: statistics.median(values) for way, values in cost.items()}
    print(f"{arguments.pages} product pages of {len(item_page(1)) // 1024} KB, ", end="")
    print(f"{arguments.rounds} rounds; the bar is 1.3.\n")
    print("| reader | CPU ms/page | ÷ Scrapy, JSON-LD | ÷ Scrapy, every field |")
    print("|---|---|---|---|")
    for way, name in ways.items():
        ratios = f"{middle[way] / middle['ld']:.2f} | {middle[way] / middle['css']:.2f}"
        print(f"| {name} | {middle[way]:.1f} | {ratios} |")


if __name__ == "__main__":
    main()
