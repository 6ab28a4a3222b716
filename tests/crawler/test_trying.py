"""A recipe tried on a page: coverage, and what the page asks for."""

from __future__ import annotations

import pytest

from crawler.page import Page
from crawler.recipe import GENERAL, load_recipe
from crawler.skeleton import skeleton
from crawler.trying import Means, try_recipe
from tests.crawler.test_fixtures import HERE, RECIPES

URL = "https://shop.example/item/1"


@pytest.mark.parametrize(
    ("body", "means"),
    [
        ("<h1>甬舟保温杯</h1><p class=price>￥59</p><button>加入购物车</button>", Means.PLAIN),
        ("<div id=app></div><script src=/a.js></script>", Means.BROWSER),
        ("<h1>请登录</h1><input type=password>", Means.PERSON),
        ("<p>请按住滑块，拖动到最右边</p>", Means.PERSON),
        (f"<p>{'words and no goods ' * 40}</p>", Means.RECIPE),
    ],
)
def test_means(body: str, means: Means) -> None:
    page = Page(f"<html><head><title>x</title></head><body>{body}</body></html>".encode(), URL)
    assert try_recipe(page, GENERAL).means is means


def test_coverage_counts_listings() -> None:
    case = HERE / "jd" / "search"
    page = Page((case / "response.html").read_bytes(), (case / "url").read_text().strip())
    trial = try_recipe(page, load_recipe(RECIPES / "jd.toml"))
    assert (trial.coverage["title"], trial.coverage["price"]) == (3, 2)
    assert trial.examples["shop"] == "甬舟京东自营旗舰店"
    assert trial.means is Means.HANDED
    assert trial.to_json()["listings"] == 3


def test_a_price_drawn_by_a_script_asks_for_a_browser() -> None:
    case = HERE / "jd" / "item-price-by-script"
    page = Page((case / "response.html").read_bytes(), (case / "url").read_text().strip())
    assert try_recipe(page, load_recipe(RECIPES / "jd.toml")).means is Means.BROWSER


@pytest.mark.parametrize(
    "data",
    [
        b'<script type="application/ld+json">{"@type":"Product","name":"Cup"}</script><h1>Cup</h1>',
        b"<h1>Cup</h1><p class=price>$5</p>",
        b'{"data":{"items":[{"id":1,"name":"Cup","price":5}]}}',
    ],
)
def test_a_skeleton_is_a_recipe(data: bytes, tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "new.toml"
    path.write_text(skeleton("new", data, URL), "utf-8")
    trial = try_recipe(Page(data, URL), load_recipe(path))
    assert trial.coverage["title"] == 1
