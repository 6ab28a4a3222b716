"""A GraphQL interface read for real: bodies posted, pages overlapping, goods going meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from crawler import CrawlOrder, CrawlState, Listing, crawl

RECIPES = Path(__file__).parents[2] / "config" / "recipes"


@dataclass
class Engine:
    """Products by number, as Vendure's shop interface shows them; some go while it is read."""

    products: dict[int, str] = field(
        default_factory=lambda: {n: f"杯 “{n}” & 盖" for n in range(1, 261)}
    )
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, posted: dict[str, Any]) -> dict[str, Any]:
        options = posted["variables"]["o"]
        self.asked.append(options)
        word = options.get("filter", {}).get("name", {}).get("contains", "")
        numbers = sorted(n for n, name in self.products.items() if word in name)
        rows = numbers[options["skip"] : options["skip"] + options["take"]]
        items = [self._item(n) for n in rows]
        for gone in (3, 4, 5) if len(self.asked) == 1 else ():
            del self.products[gone]
        return {"data": {"products": {"totalItems": len(numbers), "items": items}}}

    def _item(self, number: int) -> dict[str, Any]:
        return {
            "id": str(number),
            "name": self.products[number],
            "slug": f"cup-{number}",
            "description": "<p>保温</p>",
            "assets": [{"preview": f"http://127.0.0.1/{number}.jpg"}],
            "collections": [{"name": "杯壶"}],
            "facetValues": [{"name": "甬舟", "facet": {"code": "brand", "name": "Brand"}}],
            "variants": [
                {
                    "sku": f"V-{number}",
                    "priceWithTax": number * 100 + 5,
                    "currencyCode": "CNY",
                    "stockLevel": "IN_STOCK" if number % 2 else "OUT_OF_STOCK",
                }
            ],
        }


@contextmanager
def serving(engine: Engine) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(404, b"")

        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(200, json.dumps(engine.answer(posted)).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_every_product_once_with_all_its_fields(tmp_path: Path) -> None:
    engine = Engine()
    names = dict(engine.products)
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    text = (RECIPES / "vendure.toml").read_text("utf-8").replace("delay = 0.5", "delay = 0.0")
    (recipes / "vendure.toml").write_text(text, "utf-8")
    got: list[Listing] = []
    with serving(engine) as url:
        order = CrawlOrder("vendure", f"{url}shop-api", recipes=recipes, workdir=tmp_path / "work")
        report = crawl(order, on_listing=got.append)
    assert report.state is CrawlState.COMPLETE
    assert sorted(int(one.item_id or 0) for one in got) == sorted(names)
    for one in got:
        number = int(one.item_id or 0)
        assert one.title == names[number]
        assert one.price == f"{number}.05"
        assert (one.sku, one.brand, one.currency) == (f"V-{number}", "甬舟", "CNY")
        assert one.availability == ("InStock" if number % 2 else "OutOfStock")
        assert one.url == f"{url}products/cup-{number}"
    assert [asked["skip"] for asked in engine.asked] == [0, 90, 180, 270]
