"""Recipes are read strictly: an error names file, key and what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler import extract
from crawler.errors import RecipeUnknown, RecipeWrong
from crawler.recipe import find_recipe, load_recipe, named_recipe

HEAD = 'format = "markseal-recipe/1"\nname = "shop"\nhosts = ["shop.example", "*.mall.example"]\n'


def written(folder: Path, text: str, head: str = HEAD) -> Path:
    path = folder / "shop.toml"
    path.write_text(head + text, "utf-8")
    return path


WRONG = [
    ("colour = 1", "colour"),
    ("[politeness]\ndelay = -1", "politeness.delay"),
    ("[politeness]\nconcurrency = 0", "politeness"),
    ("[politeness]\nspeed = 1", "politeness.speed"),
    ('[search]\nurl = "/s"', "search.url"),
    ('[search]\nurl = "/s?q={query}"\nencoding = "utf-99"', "search.encoding"),
    ('[item.fields]\ntitle = "h1"', "item.fields.title"),
    ('[item.fields]\ncolour = { css = "h1" }', "item.fields.colour"),
    ('[item.fields]\ntitle = { css = "h1[" }', "item.fields.title.css"),
    ('[item.fields]\ntitle = { xpath = "//h1[" }', "item.fields.title.xpath"),
    ('[item.fields]\ntitle = { json = "a..b" }', "item.fields.title.json"),
    ('[item.fields]\ntitle = { css = "h1", xpath = "//h1" }', "item.fields.title"),
    ('[item.fields]\ntitle = { css = "h1", regex = "(" }', "item.fields.title.regex"),
    ('[item.fields]\ntitle = { css = "h1", size = 1 }', "item.fields.title.size"),
    ('[item]\nurl = "("', "item.url"),
    ('[states]\nasleep = [{ css = "p" }]', "states.asleep"),
    ("[states]\nempty = [{ colour = 1 }]", "states.empty"),
    ('[response]\nprice_unit = "kilo"', "response.price_unit"),
    ('[item.fields]\nprice = { css = "i", unit = "kilo" }', "item.fields.price.unit"),
    ('[item.fields]\nurl = { css = "i", form = "/x" }', "item.fields.url.form"),
    ("[list.page]\nfirst = 0", "list.page.param"),
    ('verified = "perhaps"', "verified"),
    ('crawl = "no"', "crawl"),
    ('[states]\ngone = [{ text = "(" }]', "states.gone.text"),
]


@pytest.mark.parametrize(("text", "key"), WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(RecipeWrong) as caught:
        load_recipe(written(tmp_path, text))
    assert caught.value.key == key
    assert "shop.toml" in caught.value.en
    assert "shop.toml" in caught.value.zh
    assert caught.value.line is not None
    assert 0 < caught.value.line - HEAD.count("\n") <= text.count("\n") + 1


def test_a_mistyped_key_names_the_one_that_is_near(tmp_path: Path) -> None:
    with pytest.raises(RecipeWrong, match=r"line 5, key item\.feilds.*\(fields\?\)"):
        load_recipe(written(tmp_path, "[item]\nfeilds = 1\n"))


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ("format = 1 1", "TOML"),
        ('name = "shop"', "format"),
        ('format = "markseal-recipe/2"', "format"),
        ('format = "markseal-recipe/1"\nname = "other"\nhosts = []', "name"),
        ('format = "markseal-recipe/1"\nname = "shop"', "hosts"),
    ],
)
def test_the_head_is_strict(tmp_path: Path, head: str, key: str) -> None:
    with pytest.raises(RecipeWrong) as caught:
        load_recipe(written(tmp_path, "", head))
    assert caught.value.key == key


def test_found_by_host_any_port(tmp_path: Path) -> None:
    written(tmp_path, "")
    for url in ("http://shop.example:8080/a", "https://a.mall.example/"):
        found = find_recipe(url, tmp_path)
        assert found is not None
        assert found.name == "shop"
    assert find_recipe("https://mall.example.evil/", tmp_path) is None


def test_unknown_name_lists_the_known(tmp_path: Path) -> None:
    written(tmp_path, "")
    with pytest.raises(RecipeUnknown, match="shop"):
        named_recipe("nothing", tmp_path)
    with pytest.raises(RecipeUnknown):
        named_recipe(str(tmp_path / "none.toml"), tmp_path)


API = """
[response]
price_unit = "cent"
currency = "CNY"
[list]
rows = { json = "data.items[*]" }
reported_total = { json = "data.total" }
next = { json = "data.next" }
[list.fields]
item_id = { json = "id" }
title = { json = "name" }
price = { json = "price" }
url = { json = "link" }
images = { json = "pics[*]" }
shop = { json = "shop.nick", unquote = true }
sales = { json = "sold", regex = "(\\\\d+)" }
"""
ROWS = (
    '{"data":{"total":2,"next":"/s?page=2","items":[{"id":7,"name":"杯","price":2650,'
    '"link":"//shop.example/7","pics":["/a.jpg","/b.jpg"],"shop":{"nick":"%E5%BA%97"},'
    '"sold":"4435人付款"},{"id":8,"name":""}]}}'
)


@pytest.mark.parametrize("wrap", ["{}", "cb({});", "/**/ window.cb_1( {} )"])
def test_rows_of_json_and_jsonp(tmp_path: Path, wrap: str) -> None:
    recipe = load_recipe(written(tmp_path, API))
    body = wrap.replace("{}", ROWS).encode()
    read = extract(body, "https://shop.example/s?q=a", recipe=recipe)
    (listing,) = read.listings
    assert (listing.id, listing.title, listing.price, listing.currency) == (
        "shop:7",
        "杯",
        "26.50",
        "CNY",
    )
    assert listing.url == "https://shop.example/7"
    assert listing.images == ("https://shop.example/a.jpg", "https://shop.example/b.jpg")
    assert (listing.shop, listing.sales) == ("店", "4435")
    assert read.reported_total == 2
    assert read.next == "https://shop.example/s?page=2"


def test_inline_state_of_a_script(tmp_path: Path) -> None:
    recipe = load_recipe(
        written(
            tmp_path,
            API.replace("[list]", "\n[list]").replace(
                'currency = "CNY"', 'currency = "CNY"\ninline = "g_page_config"'
            ),
        )
    )
    body = f"<html><script>g_page_config = {ROWS};\ng_other = 1</script></html>".encode()
    assert extract(body, "https://shop.example/s", recipe=recipe).listings[0].title == "杯"


def test_json_that_asks_for_a_check(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, API))
    for body, state in (
        (b'cb({"ret":["FAIL_SYS_USER_VALIDATE"]})', "verification"),
        (b'{"ret":["FAIL_SYS_SESSION_EXPIRED"]}', "login"),
        (b'{"data":{"total":0,"items":[]}}', "empty"),
    ):
        assert extract(body, "https://shop.example/s", recipe=recipe).state == state
