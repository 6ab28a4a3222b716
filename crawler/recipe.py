"""A site as a recipe: one TOML file, parsed strictly (format ``markseal-recipe/1``).

The keys are described in docs/recipes.md; an unknown key, a missing one or a value of the
wrong kind raises RecipeWrong with file, line, key and what is expected.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from crawler.errors import RecipeUnknown, RecipeWrong
from crawler.recipe_keys import Keys
from crawler.recipe_parts import FORMAT, GENERAL, Items, Lists, Paging, Politeness, Recipe, Search
from crawler.recipe_tables import read_recipe

__all__ = [
    "FORMAT",
    "GENERAL",
    "Items",
    "Lists",
    "Paging",
    "Politeness",
    "Recipe",
    "Search",
    "find_recipe",
    "line_of",
    "load_recipe",
    "named_recipe",
    "recipe_names",
]
_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


def load_recipe(path: Path) -> Recipe:
    """Return the recipe of a TOML file; raise RecipeWrong or RecipeUnknown."""
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise RecipeUnknown(
            f"The recipe file {path} cannot be read ({error.strerror}).",
            f"配方文件 {path} 无法读取（{error.strerror}）。",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeWrong(
            path.name, "TOML", f"a TOML file ({error})", f" TOML 文件（{error}）"
        ) from error
    try:
        return read_recipe(Keys(path.name, "", data))
    except RecipeWrong as error:
        line = line_of(text, error.key)
        raise RecipeWrong(error.file, error.key, *error.expected, line) from error


def line_of(text: str, key: str) -> int | None:
    """Return the line of a TOML text, from 1, where a dotted key or what holds it stands."""
    wanted, table, best = key.split("."), "", (0, 0)
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        name = _KEY.match(line)
        if header:
            table = header[1]
        if not header and not name:
            continue
        here = ([*table.split(".")] if table else []) + ([name[1]] if name and not header else [])
        if here == wanted[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return best[1] or None


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
    """Return the recipe that serves an address, or None (then the general reader reads).

    The paths by which a shop engine is known count before hosts.
    """
    recipes = [load_recipe(folder / f"{name}.toml") for name in recipe_names(folder)]
    by_path = (one for one in recipes if any(sign.search(url) for sign in one.addresses))
    by_host = (one for one in recipes if one.matches(url))
    return next(by_path, None) or next(by_host, None)
