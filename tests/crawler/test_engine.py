"""A live shop engine with a GraphQL interface (Vendure, from its package) against its own database.

The package is fetched by npm into build/engine for the test; nothing of it is part of this product.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler import CrawlOrder, CrawlState, Listing, crawl
from tests.crawler.test_crawl import KILLED, _alive, _children, _until
from tests.crawler.test_interface import RECIPES

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).parent / "engine"
HOME = ROOT / "build" / "engine"
GOODS = 2000
COLUMNS = (
    "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,"
    "stockOnHand,trackInventory,variantAssets,variantFacets"
)
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm"),
]


@dataclass
class Engine:
    """The running shop; ``ask`` says one line to it and returns its answer."""

    process: subprocess.Popen[str]
    url: str = ""

    def ask(self, **row: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(row) + "\n")
        self.process.stdin.flush()
        return self.heard()

    def heard(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def goods(self) -> dict[str, tuple[Any, ...]]:
        """Return what the engine's database holds, in the words of a listing."""
        return {
            str(row["id"]): (
                row["name"],
                f"{self.url}products/{row['slug']}",
                row["description"],
                f"{row['price'] // 100}.{row['price'] % 100:02}",
                row["currency"],
                row["sku"],
                stocked(row["stock"]),
            )
            for row in self.ask(do="goods")
        }


def stocked(stock: int) -> str:
    """Return the word for a stock, as the engine's own strategy shows it."""
    return "InStock" if stock > 2 else "LimitedAvailability" if stock > 0 else "OutOfStock"


def read(one: Listing) -> tuple[Any, ...]:
    """Return of a listing what the engine's database holds."""
    return (
        *(one.title, one.url, one.description, one.price),
        *(one.currency, one.sku, one.availability),
    )


@pytest.fixture(scope="module")
def package() -> Path:
    """Return the folder with the engine's package."""
    lock, stamp = (HERE / "package-lock.json").read_text("utf-8"), HOME / "installed"
    if not stamp.exists() or stamp.read_text("utf-8") != lock:
        HOME.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, HOME)
        leave = [f"--omit={kind}" for kind in ("dev", "optional", "peer")]
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *leave],
            cwd=HOME, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        stamp.write_text(lock, "utf-8")
    return HOME


@contextmanager
def running(package: Path, folder: Path) -> Iterator[Engine]:
    """Run the engine with generated goods for the length of a block."""
    with (folder / "goods.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.split(","))
        for n in range(1, GOODS + 1):
            price, stock = f"{n / 100 + 10:.2f}", str(n % 7)
            row = [f"甬舟保温杯 {n}", f"flask-{n}", f"不锈钢 {n}", "", "brand:甬舟", "", ""]
            writer.writerow([*row, f"SKU{n}", price, "standard", stock, "true", "", ""])
    with subprocess.Popen(
        ["node", str(HERE / "shop.js"), str(package), str(folder / "goods.csv")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "VENDURE_DISABLE_TELEMETRY": "true"},
        text=True,
    ) as process:
        try:
            engine = Engine(process)
            engine.url = f"http://127.0.0.1:{engine.heard()['port']}/"
            yield engine
        finally:
            process.kill()


def order_on(engine: Engine, folder: Path, *, delay: float) -> CrawlOrder:
    """Return an order by the shipped recipe, with a delay of the test's."""
    recipes = folder / "recipes"
    recipes.mkdir(parents=True)
    text = (RECIPES / "vendure.toml").read_text("utf-8").replace("delay = 0.5", f"delay = {delay}")
    (recipes / "vendure.toml").write_text(text, "utf-8")
    return CrawlOrder("vendure", f"{engine.url}shop-api", recipes=recipes, workdir=folder / "work")


def test_every_product_once_and_as_the_database_has_it(package: Path, tmp_path: Path) -> None:
    with running(package, tmp_path) as engine:
        truth = engine.goods()
        assert len(truth) == GOODS
        _whole(engine, tmp_path / "whole", truth)
        _killed(engine, tmp_path / "killed", truth)
        _changing(engine, tmp_path / "changing", truth)


def _whole(engine: Engine, folder: Path, truth: dict[str, Any]) -> None:
    got: list[Listing] = []
    report = crawl(order_on(engine, folder, delay=0.0), on_listing=got.append)
    assert (report.state, report.reported_total) == (CrawlState.COMPLETE, GOODS)
    assert len(got) == GOODS
    assert {one.item_id: read(one) for one in got} == truth
    assert {(one.brand, one.id) for one in got} == {
        ("甬舟", f"vendure@127.0.0.1:{n}") for n in truth
    }
    print(f"soak: vendure {GOODS} products, {report.pages} pages, every field as in its database")


def _killed(engine: Engine, folder: Path, truth: dict[str, Any]) -> None:
    order = order_on(engine, folder, delay=0.2)
    row = {**vars(order), "recipes": str(order.recipes), "workdir": str(order.workdir)}
    for least in (1, 300, 600, 900, 1200):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, json.dumps(row)], stdout=subprocess.PIPE
        ) as parent:
            assert parent.stdout is not None
            told = [parent.stdout.readline() for _ in range(least)]
            assert all(told)
            (child,) = _children(parent.pid)
            os.kill(parent.pid, signal.SIGKILL)
            assert _until(lambda child=child: not _alive(child), 60)  # type: ignore[misc]
    got: list[Listing] = []
    report = crawl(order, on_listing=got.append)
    assert report.state is CrawlState.COMPLETE
    assert {one.item_id: read(one) for one in got} == truth
    assert len(got) == GOODS
    print(f"soak: vendure killed five times, {len(got)} products, each once")


def _changing(engine: Engine, folder: Path, truth: dict[str, Any]) -> None:
    got: list[Listing] = []
    ready, ended = threading.Event(), threading.Event()

    def change() -> None:
        ready.wait(300)
        at = 0
        while not ended.is_set() and at < 200:
            at += 10
            rename = [[n + 1, f"改名 {n}"] for n in range(at, at + 10)]
            remove = [n + 1 for n in range(GOODS - 400 + at, GOODS - 390 + at)]
            engine.ask(do="change", add=[f"add-{at}"], rename=rename, remove=remove)

    def keep(one: Listing) -> None:
        got.append(one)
        ready.set()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        report = crawl(order_on(engine, folder, delay=0.5), on_listing=keep)
    finally:
        ended.set()
        ready.set()
        thread.join()
    after = engine.goods()
    ids = [one.item_id or "" for one in got]
    stayed = set(truth) & set(after)
    assert report.state is CrawlState.COMPLETE
    assert len(ids) == len(set(ids))
    assert stayed <= set(ids) <= set(truth) | set(after)
    for one in got:
        assert read(one) in (truth.get(one.item_id or ""), after.get(one.item_id or ""))
    removed, added = len(truth) - len(stayed), len(after) - len(stayed)
    assert removed
    assert added
    print(
        f"soak: vendure changing: {removed} removed, {added} added; {len(stayed)} stayed, all read"
    )
