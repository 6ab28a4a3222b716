"""Lists turned by number, offset and cursor, in addresses and bodies; sitemaps; named pages."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.errors import OrderWrong
from crawler.fetching import Answer, NoAnswer
from crawler.frontier import Frontier, Target
from crawler.listing import Listing
from crawler.order import CrawlOrder
from crawler.paths import body_with, with_value
from crawler.recipe import Recipe, load_recipe, named_recipe
from crawler.seeds import seeds_of
from crawler.sitemap import read_sitemap
from crawler.walk import Walk

HOME = "http://127.0.0.1:9/"
HEAD = """
format = "markseal-recipe/1"
name = "small"
hosts = ["127.0.0.1"]
[politeness]
delay = 0.0
"""
ROWS = """
[list]
rows = { json = "rows[*]" }
[list.fields]
item_id = { json = "id" }
title = { json = "name" }
"""
GOODS = [{"id": n, "name": f"item {n}"} for n in range(1, 26)]
Serve = Callable[[str, str | None], bytes]


def recipe_of(folder: Path, top: str, tables: str) -> Recipe:
    path = folder / "small.toml"
    path.write_text(HEAD.replace("[politeness]", f"{top}\n[politeness]") + tables, "utf-8")
    return load_recipe(path)


def walked(
    folder: Path, recipe: Recipe, serve: Serve, query: str | None = None
) -> tuple[list[str], list[tuple[str, str | None]]]:
    """Return the ids read and the requests made by a walk whose answers ``serve`` gives."""
    order = CrawlOrder(source=str(folder / "small.toml"), start_url=HOME, query=query)
    frontier = Frontier(folder / "work", order.identity())
    asked: list[tuple[str, str | None]] = []
    listings: list[Listing] = []

    async def fetch(url: str, body: str | None = None) -> Answer | NoAnswer:
        if url.endswith("/robots.txt"):
            return Answer(url, 404)
        asked.append((url, body))
        return Answer(url, 200, {}, serve(url, body))

    walk = Walk(recipe, frontier, fetch, "markseal", on_listing=listings.append)
    try:
        asyncio.run(walk.run(seeds_of(order, recipe)))
    finally:
        frontier.close()
    return [one.item_id or "" for one in listings], asked


def answer(rows: list[dict[str, object]], **more: object) -> bytes:
    return json.dumps({"rows": rows, **more}).encode()


def test_offsets_in_the_address(tmp_path: Path) -> None:
    recipe = recipe_of(
        tmp_path,
        'start = ["/api?take=10"]',
        f'{ROWS}[list.page]\nparam = "skip"\nfirst = 0\nstep = 10\n',
    )

    def serve(url: str, body: str | None) -> bytes:
        skip = int(parse_qs(urlsplit(url).query).get("skip", ["0"])[0])
        return answer(GOODS[skip : skip + 10])

    read, asked = walked(tmp_path, recipe, serve)
    assert sorted(map(int, read)) == list(range(1, 26))
    assert [url.rpartition("skip=")[2] for url, _ in asked[1:]] == ["10", "20", "30"]


def test_a_cursor_until_there_is_no_more(tmp_path: Path) -> None:
    page = '[list.page]\nparam = "after"\ncursor = { json = "end" }\nmore = { json = "more" }\n'
    page = page.replace('"more" }', '"more", map = { "true" = "true", "false" = "false" } }')

    def serve(url: str, body: str | None) -> bytes:
        at = int(parse_qs(urlsplit(url).query).get("after", ["0"])[0])
        return answer(GOODS[at : at + 10], end=str(at + 10), more=at + 10 < len(GOODS))

    recipe = recipe_of(tmp_path, 'start = ["/api"]', f"{ROWS}{page}")
    read, asked = walked(tmp_path, recipe, serve)
    assert len(set(read)) == 25
    assert len(asked) == 3


def test_a_body_carries_keyword_and_page(tmp_path: Path) -> None:
    text = (
        '[request]\nbody = \'{"q":"{query}","v":{"page":1}}\'\n[search]\n'
        'url = "/graphql"\nbody = \'{"q":"{query}","v":{"page":1}}\'\n'
        f'{ROWS}[list.page]\nparam = "v.page"\n'
    )

    def serve(url: str, body: str | None) -> bytes:
        assert body is not None
        page = json.loads(body)["v"]["page"]
        return answer(GOODS[(page - 1) * 10 : page * 10])

    read, asked = walked(tmp_path, recipe_of(tmp_path, "", text), serve, query='杯 "大"')
    assert len(set(read)) == 25
    bodies = [json.loads(body or "") for _, body in asked]
    assert [one["v"]["page"] for one in bodies] == [1, 2, 3, 4]
    assert {one["q"] for one in bodies} == {'杯 "大"'}
    assert {url for url, _ in asked} == {f"{HOME}graphql"}


def test_sitemaps_lead_to_items_alone(tmp_path: Path) -> None:
    recipe = recipe_of(
        tmp_path,
        'sitemaps = ["/sitemap.xml"]\npages = ["/item/99"]',
        '[item]\nurl = "/item/(\\\\d+)$"\n[item.fields]\ntitle = { css = "h1" }\n',
    )
    urls = [f"<url><loc>{HOME}{path}</loc></url>" for path in ("item/1", "item/2", "about")]
    far = "<url><loc>http://elsewhere.example/item/3</loc></url>"
    served = {
        "sitemap.xml": f"<sitemapindex><sitemap><loc>{HOME}one.xml.gz</loc></sitemap>"
        f"<sitemap><loc>{HOME}sitemap.xml</loc></sitemap></sitemapindex>".encode(),
        "one.xml.gz": gzip.compress(f"<urlset>{''.join(urls)}{far}</urlset>".encode()),
    }

    def serve(url: str, body: str | None) -> bytes:
        path = url.removeprefix(HOME)
        return served.get(path) or f"<h1>{path}</h1>".encode()

    read, asked = walked(tmp_path, recipe, serve)
    assert sorted(read) == ["1", "2", "99"]
    assert len(asked) == 5


def test_sitemaps_of_other_kinds() -> None:
    assert read_sitemap(b"https://a.example/1\n\nhttps://a.example/2\n")[1] == [
        "https://a.example/1",
        "https://a.example/2",
    ]
    assert read_sitemap(b"<urlset><loc><![CDATA[https://a.example/?a=1&amp;b=2]]></loc>")[1] == [
        "https://a.example/?a=1&b=2"
    ]
    assert read_sitemap(b"\x1f\x8bnothing") == ([], [])


def test_values_set() -> None:
    assert with_value("http://a/x?q=1&after=2", "after", "c=") == "http://a/x?q=1&after=c%3D"
    assert body_with('{"a":{"n":5}}', "a.n", None, first=1, step=2) == '{"a":{"n":7}}'
    assert body_with('{"a":{}}', "a.n", "c", first=1, step=1) == '{"a":{"n":"c"}}'
    for body in ("[]", '{"b":1}', "no"):
        with pytest.raises(ValueError):
            body_with(body, "a.n", None, first=1, step=1)


def test_a_body_is_part_of_the_name_of_a_page() -> None:
    target = Target("http://a/graphql\n{}", "list")
    assert (target.url, target.body) == ("http://a/graphql", "{}")
    assert Target("http://a/", "list").body is None


@pytest.mark.parametrize("name", ["taobao", "jd", "1688", "goofish", "pinduoduo"])
def test_platforms_that_forbid_robots_are_not_crawled(name: str) -> None:
    recipes = Path(__file__).parents[2] / "config" / "recipes"
    recipe = named_recipe(name, recipes)
    assert not recipe.verified
    with pytest.raises(OrderWrong, match="forbid robots"):
        seeds_of(CrawlOrder(source=name, start_url=None, recipes=recipes), recipe)
