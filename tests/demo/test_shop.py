"""The shop shows the whole catalogue through the engine's own pages, and finds Chinese."""

from __future__ import annotations

import html
import re
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from demo.processes import DIRECT, ROOT, free_port
from demo.shop.catalogue import Goods, read_catalogue
from demo.story import SHOP_PYTHON

pytestmark = pytest.mark.shop
GOODS = read_catalogue()
LINK = re.compile(r'href="(/catalogue/(\d{13})_\d+/)"')
ELSEWHERE = re.compile(r'<(?:script|img|link)[^>]+(?:src|href)="(\w+://[^"]+)"')
TOTAL = re.compile(r"<strong>(\d+)</strong>")


def page(shop: str, path: str) -> str:
    with DIRECT.open(shop + path, timeout=30) as answer:
        return str(answer.read().decode("utf-8"))


def total(text: str) -> int:
    found = TOTAL.search(text)
    assert found is not None
    return int(found[1])


def search(shop: str, words: str) -> tuple[int, set[str]]:
    """Return the number the shop prints and the listings on all its result pages."""
    query, numbers = urllib.parse.quote(words), set[str]()
    first = page(shop, f"/search/?q={query}")
    for n in range(1, (total(first) - 1) // 20 + 2):
        text = first if n == 1 else page(shop, f"/search/?q={query}&page={n}")
        numbers |= {found[1] for found in LINK.findall(text)}
    return total(first), numbers


def containing(*words: str) -> set[str]:
    return {
        one.upc
        for one in GOODS
        if all(
            word.lower() in field.lower()
            for word in words
            for field in [f"{one.title}\n{one.description}"]
        )
    }


def test_the_number_the_shop_prints_is_the_catalogue_s_and_paging_reaches_all(shop: str) -> None:
    first = page(shop, "/catalogue/")
    assert total(first) == len(GOODS)
    seen: list[str] = []
    text, n = first, 1
    while True:
        seen += dict.fromkeys(number for _, number in LINK.findall(text))
        if f"page={n + 1}" not in text:
            break
        n += 1
        text = page(shop, f"/catalogue/?page={n}")
    assert sorted(seen) == sorted(one.upc for one in GOODS)


@pytest.mark.parametrize("words", ["康穗谷", "穗谷", "榨菜", "降噪", "tondrix", "Official"])
def test_search_finds_substrings(shop: str, words: str) -> None:
    count, numbers = search(shop, words)
    assert numbers == containing(words)
    assert count == len(numbers) > 0


def test_search_joins_words_by_and(shop: str) -> None:
    _, numbers = search(shop, "保温杯 垫圈")
    assert numbers == containing("保温杯", "垫圈") != set()


def test_search_finds_nothing_where_there_is_nothing(shop: str) -> None:
    assert search(shop, "没有这样的商品") == (0, set())


def test_a_category_holds_its_goods(shop: str) -> None:
    category = next(one.category for one in GOODS).split(" > ")[0]
    links = re.findall(r'href="(/catalogue/category/[^"/]+/)"', page(shop, "/catalogue/"))
    link = next(link for link in links if category in urllib.parse.unquote(link))
    wanted = [one for one in GOODS if one.category.startswith(category)]
    assert total(page(shop, link)) == len(wanted)


def item(shop: str, one: Goods) -> str:
    links = {number: link for link, number in LINK.findall(page(shop, f"/search/?q={one.upc}"))}
    return page(shop, links[one.upc])


def rows(text: str) -> dict[str, str]:
    found = re.findall(r"<th>([^<]*)</th>\s*<td>([^<]*)</td>", text)
    return {html.unescape(name): html.unescape(value).strip() for name, value in found}


def test_an_item_page_shows_what_the_catalogue_says_and_not_the_truth(shop: str) -> None:
    one = next(one for one in GOODS if one.kind == "exact" and one.brand and one.stock)
    text = item(shop, one)
    table = rows(text)
    assert f"<h1>{html.escape(one.title)}</h1>" in text
    assert (table["店铺"], table["品牌"], table["发货地"], table["货号"]) == (
        one.shop,
        one.brand,
        one.ship_from,
        one.sku,
    )
    assert f"¥{one.price}" in text
    assert f"库存 {one.stock} 件" in text
    assert "instock availability" in text
    assert "exact" not in text
    assert one.mark_id not in text


def test_what_is_sold_out_or_without_brand_says_so(shop: str) -> None:
    gone = next(one for one in GOODS if not one.stock)
    assert "outofstock availability" in item(shop, gone)
    plain = next(one for one in GOODS if not one.brand)
    assert "品牌" not in rows(item(shop, plain))


def test_zero_width_characters_survive(shop: str) -> None:
    one = next(one for one in GOODS if one.kind == "imitation:zero-width")
    assert one.title in item(shop, one)


def test_pictures_and_styles_are_served(shop: str) -> None:
    text = item(shop, GOODS[0])
    pictures = re.findall(r'src="(/media/[^"]+\.jpg)"', text)
    styles = re.findall(r'href="(/static/[^"]+\.css)"', text)
    assert pictures
    assert styles
    with DIRECT.open(shop + pictures[0], timeout=30) as answer:
        assert answer.read(3) == b"\xff\xd8\xff"
    with DIRECT.open(shop + styles[0], timeout=30) as answer:
        assert answer.status == 200


def test_the_pages_load_nothing_from_elsewhere(shop: str) -> None:
    for path in ("/", LINK.findall(page(shop, "/catalogue/"))[0][0]):
        loaded = re.findall(
            r'<(?:script|img|link)[^>]+(?:src|href)="(\w+://[^"]+)"', page(shop, path)
        )
        assert [one for one in loaded if not one.startswith(shop)] == []


def test_robots_may_read_goods_and_not_carts(shop: str) -> None:
    rules = page(shop, "/robots.txt")
    assert "Disallow: /basket/" in rules
    assert "Disallow: /catalogue/" not in rules


def test_filling_again_changes_nothing(shop_data: Path) -> None:
    before = (shop_data / "shop.sqlite3").stat().st_mtime_ns
    done = subprocess.run(
        [str(SHOP_PYTHON), "-m", "demo.shop.fill", "--data", str(shop_data)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "as it is" in done.stderr
    assert (shop_data / "shop.sqlite3").stat().st_mtime_ns == before


def test_an_unfilled_shop_is_not_served(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            str(SHOP_PYTHON),
            "-m",
            "demo.shop.serve",
            "--data",
            str(tmp_path),
            "--port",
            str(free_port()),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "has no goods yet" in done.stderr
