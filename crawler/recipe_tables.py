"""The tables of a recipe file, read strictly into the parts of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawler.errors import RecipeWrong
from crawler.recipe_keys import UNITS, Keys, Rules, read_pattern, read_rule, read_rules
from crawler.recipe_parts import FORMAT, Items, Lists, Paging, Politeness, Recipe, Search

STATES = ("empty", "login", "verification", "gone", "blocked")
_SIGNS = ("css", "xpath", "text", "url", "json", "equals")


def read_recipe(keys: Keys) -> Recipe:
    """Return the recipe of a whole file; raise RecipeWrong for the first key that is wrong."""
    if keys.text("format") != FORMAT:
        raise RecipeWrong(keys.file, "format", f'"{FORMAT}"', f'"{FORMAT}"')
    name = keys.text("name")
    if f"{name}.toml" != keys.file:
        raise RecipeWrong(keys.file, "name", "the file's own name", "与文件名相同")
    response = keys.table("response") or Keys(keys.file, "response.", {})
    request = keys.table("request") or Keys(keys.file, "request.", {})
    recipe = Recipe(
        name=name,
        platform=keys.text("platform", name),
        hosts=keys.texts("hosts"),
        addresses=tuple(
            read_pattern(keys.file, "addresses", text) for text in keys.texts("addresses", ())
        ),
        verified=keys.one_of("verified", ("live", "unverified"), "live") == "live",
        crawls=keys.flag("crawl", True),
        politeness=_politeness(keys.table("politeness")),
        search=_search(keys.table("search")),
        start=keys.texts("start", ()),
        sitemaps=keys.texts("sitemaps", ()),
        pages=keys.texts("pages", ()),
        body=request.optional("body"),
        categories=read_rules(keys, "categories"),
        lists=_lists(keys.table("list")),
        items=_items(keys.table("item")),
        states=_states(keys.table("states")),
        inline=response.text_or_texts("inline"),
        encoding=response.optional("encoding"),
        currency=response.optional("currency"),
        price_unit=response.one_of("price_unit", tuple(UNITS), "main"),
        required=keys.texts("required", ("title",)),
        browser=keys.flag("browser", False),
    )
    keys.optional("title")
    for table in (response, request, keys):
        table.done()
    return recipe


def _politeness(keys: Keys | None) -> Politeness:
    if keys is None:
        return Politeness()
    default = Politeness()
    polite = Politeness(
        delay=keys.number("delay", default.delay),
        concurrency=int(keys.number("concurrency", default.concurrency)),
        max_pages=int(keys.number("max_pages", default.max_pages)),
        max_depth=int(keys.number("max_depth", default.max_depth)),
        per_hour=int(keys.number("per_hour", default.per_hour)),
        per_day=int(keys.number("per_day", default.per_day)),
        timeout=float(keys.number("timeout", default.timeout)),
    )
    if polite.concurrency < 1 or polite.max_pages < 1 or not polite.timeout:
        raise RecipeWrong(keys.file, "politeness", "positive numbers", "正数")
    keys.done()
    return polite


def _search(keys: Keys | None) -> Search | None:
    if keys is None:
        return None
    search = Search(keys.text("url"), keys.text("encoding", "utf-8"), keys.optional("body"))
    if "{query}" not in f"{search.url}{search.body or ''}":
        raise RecipeWrong(keys.file, "search.url", "an address with {query}", "含 {query} 的地址")
    try:
        "".encode(search.encoding)
    except LookupError as error:
        raise RecipeWrong(keys.file, "search.encoding", "a known encoding", "已知编码") from error
    keys.done()
    return search


def _lists(keys: Keys | None) -> Lists:
    if keys is None:
        return Lists()
    lists = Lists(
        items=read_rules(keys, "items"),
        rows=read_rules(keys, "rows"),
        fields=_fields(keys.table("fields")),
        next=read_rules(keys, "next"),
        reported_total=read_rules(keys, "reported_total"),
        page=_paging(keys.table("page")),
    )
    keys.done()
    return lists


def _paging(keys: Keys | None) -> Paging | None:
    if keys is None:
        return None
    paging = Paging(
        param=keys.text("param"),
        first=int(keys.number("first", 1)),
        step=int(keys.number("step", 1)),
        cursor=read_rules(keys, "cursor"),
        more=read_rules(keys, "more"),
    )
    keys.done()
    return paging


def _items(keys: Keys | None) -> Items:
    if keys is None:
        return Items()
    table = keys.table("attributes")
    items = Items(
        url=keys.pattern("url"),
        fields=_fields(keys.table("fields")),
        rows=read_rules(table, "rows") if table else (),
        name=read_rules(table, "name") if table else (),
        value=read_rules(table, "value") if table else (),
        general=keys.flag("general", False),
    )
    for one in (table, keys):
        if one is not None:
            one.done()
    return items


def _fields(keys: Keys | None) -> dict[str, Rules]:
    if keys is None:
        return {}
    return {name: read_rules(keys, name, field=True) for name in list(keys.data)}


def _states(keys: Keys | None) -> dict[str, tuple[Mapping[str, str], ...]]:
    states: dict[str, tuple[Mapping[str, str], ...]] = {}
    if keys is None:
        return states
    for name in list(keys.data):
        if name not in STATES:
            raise RecipeWrong(keys.file, f"states.{name}", f"one of {STATES}", "页面状态")
        states[name] = tuple(_signature(keys.file, name, row) for row in keys.rows(name))
    return states


def _signature(file: str, state: str, row: Any) -> Mapping[str, str]:
    if not isinstance(row, dict) or not row or not set(row) <= set(_SIGNS):
        raise RecipeWrong(
            file, f"states.{state}", f"tables of {sorted(_SIGNS)}", "由签名键构成的表"
        )
    for kind in ("css", "xpath", "json"):
        if kind in row:
            read_rule(file, f"states.{state}", {kind: row[kind]})
    for key in ("text", "url"):
        if key in row:
            read_pattern(file, f"states.{state}.{key}", str(row[key]))
    return {key: str(value) for key, value in row.items()}
