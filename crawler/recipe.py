"""A site as a recipe: one TOML file, parsed strictly (format ``markseal-recipe/1``).

The keys are described in config/recipes/README.md; an unknown key, a missing one or a value
of the wrong kind raises RecipeWrong with file, key and what is expected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import RecipeUnknown, RecipeWrong
from crawler.recipe_keys import Keys, Rules, read_rule, read_rules

FORMAT = "markseal-recipe/1"


@dataclass(frozen=True)
class Politeness:
    """Seconds between requests, requests at once, and bounds of one run."""

    delay: float = 1.0
    concurrency: int = 2
    max_pages: int = 5000
    max_depth: int = 500


@dataclass(frozen=True)
class Search:
    """The address of a keyword search; ``{query}`` stands for the keyword."""

    url: str
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Lists:
    """How a list page is read: links to items, or rows that are listings themselves."""

    items: Rules = ()
    rows: Rules = ()
    fields: Mapping[str, Rules] = field(default_factory=dict)
    next: Rules = ()
    page_param: str | None = None
    page_first: int = 1
    page_step: int = 1
    reported_total: Rules = ()


@dataclass(frozen=True)
class Items:
    """How an item page is read; ``url`` tells item pages from others, group 1 is the id."""

    url: re.Pattern[str] | None = None
    fields: Mapping[str, Rules] = field(default_factory=dict)
    rows: Rules = ()
    name: Rules = ()
    value: Rules = ()
    general: bool = False


@dataclass(frozen=True)
class Recipe:
    """Everything the crawler knows about one site or one shop engine."""

    name: str
    platform: str
    hosts: tuple[str, ...]
    politeness: Politeness
    search: Search | None
    start: tuple[str, ...]
    categories: Rules
    lists: Lists
    items: Items
    states: Mapping[str, tuple[Mapping[str, str], ...]]
    inline: str | None
    encoding: str | None
    currency: str | None
    price_unit: str
    required: tuple[str, ...]
    follow_all: bool = False

    def matches(self, url: str) -> bool:
        """Return whether the host of an address is one of the recipe's (any port)."""
        host = (urlsplit(url).hostname or "").lower()
        return any(
            host == name or (name.startswith("*.") and host.endswith(name[1:]))
            for name in self.hosts
        )


GENERAL = Recipe(
    name="general",
    platform="",
    hosts=(),
    politeness=Politeness(max_pages=200, max_depth=2),
    search=None,
    start=(),
    categories=(),
    lists=Lists(),
    items=Items(general=True),
    states={},
    inline=None,
    encoding=None,
    currency=None,
    price_unit="main",
    required=("title",),
    follow_all=True,
)


def load_recipe(path: Path) -> Recipe:
    """Return the recipe of a TOML file; raise RecipeWrong or RecipeUnknown."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecipeUnknown(
            f"The recipe file {path} cannot be read ({error.strerror}).",
            f"配方文件 {path} 无法读取（{error.strerror}）。",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeWrong(
            path.name, "TOML", f"a TOML file ({error})", f" TOML 文件（{error}）"
        ) from error
    return _read(Keys(path.name, "", data))


def recipe_names(folder: Path) -> list[str]:
    """Return the names of the recipes in a folder, in order."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def named_recipe(name: str, folder: Path) -> Recipe:
    """Return a recipe by its name in a folder or by its path; raise RecipeUnknown."""
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if path.suffix == ".toml" and path.is_file():
        return load_recipe(path)
    known = ", ".join(recipe_names(folder)) or "-"
    raise RecipeUnknown(
        f"There is no recipe named {name}; known: {known}.",
        f"没有名为 {name} 的配方；现有：{known}。",
    )


def find_recipe(url: str, folder: Path) -> Recipe | None:
    """Return the recipe whose hosts match an address, or None (then the general reader reads)."""
    for name in recipe_names(folder):
        recipe = load_recipe(folder / f"{name}.toml")
        if recipe.matches(url):
            return recipe
    return None


def _read(keys: Keys) -> Recipe:
    if keys.text("format") != FORMAT:
        raise RecipeWrong(keys.file, "format", f'"{FORMAT}"', f'"{FORMAT}"')
    name = keys.text("name")
    if f"{name}.toml" != keys.file:
        raise RecipeWrong(keys.file, "name", "the file's own name", "与文件名相同")
    search = keys.table("search")
    response = keys.table("response") or Keys(keys.file, "response.", {})
    unit = response.text("price_unit", "main")
    if unit not in ("main", "cent"):
        raise RecipeWrong(keys.file, "response.price_unit", '"main" or "cent"', "main 或 cent")
    recipe = Recipe(
        name=name,
        platform=keys.text("platform", name),
        hosts=keys.texts("hosts"),
        politeness=_politeness(keys.table("politeness")),
        search=_search(search) if search else None,
        start=keys.texts("start", ()),
        categories=read_rules(keys, "categories"),
        lists=_lists(keys.table("list")),
        items=_items(keys.table("item")),
        states=_states(keys.table("states")),
        inline=response.optional("inline"),
        encoding=response.optional("encoding"),
        currency=response.optional("currency"),
        price_unit=unit,
        required=keys.texts("required", ("title",)),
    )
    keys.optional("title")
    keys.optional("verified")
    response.done()
    keys.done()
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
    )
    if polite.concurrency < 1 or polite.max_pages < 1:
        raise RecipeWrong(keys.file, "politeness", "positive numbers", "正数")
    keys.done()
    return polite


def _search(keys: Keys) -> Search:
    search = Search(keys.text("url"), keys.text("encoding", "utf-8"))
    if "{query}" not in search.url:
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
    page = keys.table("page")
    lists = Lists(
        items=read_rules(keys, "items"),
        rows=read_rules(keys, "rows"),
        fields=_fields(keys.table("fields")),
        next=read_rules(keys, "next"),
        reported_total=read_rules(keys, "reported_total"),
        page_param=page.text("param") if page else None,
        page_first=int(page.number("first", 1)) if page else 1,
        page_step=int(page.number("step", 1)) if page else 1,
    )
    if page:
        page.done()
    keys.done()
    return lists


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
    if table:
        table.done()
    keys.done()
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
        if name not in ("empty", "login", "verification", "gone", "blocked"):
            raise RecipeWrong(keys.file, f"states.{name}", "a page state", "页面状态")
        states[name] = tuple(_signature(keys.file, name, row) for row in keys.rows(name))
    return states


def _signature(file: str, state: str, row: Any) -> Mapping[str, str]:
    allowed = {"css", "xpath", "text", "url", "json", "equals"}
    if not isinstance(row, dict) or not row or not set(row) <= allowed:
        raise RecipeWrong(
            file, f"states.{state}", f"tables of {sorted(allowed)}", "由签名键构成的表"
        )
    if "css" in row or "xpath" in row:
        read_rule(file, f"states.{state}", {k: row[k] for k in row if k in ("css", "xpath")})
    return {key: str(value) for key, value in row.items()}
