"""docs/recipe.schema.json says of a recipe what the reader of recipes says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from crawler.recipe import line_of, load_recipe, recipe_names
from crawler.recipe_keys import FIELDS, SOURCES
from tests.crawler.test_recipe import HEAD, WRONG

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "config" / "recipes"
SCHEMA = json.loads((ROOT / "docs" / "recipe.schema.json").read_text("utf-8"))
CHECK = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
# What a schema cannot say: selectors, paths and encodings are judged by their own readers.
BEYOND = ("search.encoding", ".css", ".xpath", ".json")


@pytest.mark.parametrize("name", recipe_names(RECIPES))
def test_shipped_recipes_fit_the_schema(name: str) -> None:
    path = RECIPES / f"{name}.toml"
    load_recipe(path)
    assert list(CHECK.iter_errors(tomllib.loads(path.read_text("utf-8")))) == []


@pytest.mark.parametrize(("text", "key"), WRONG)
def test_what_the_reader_refuses_the_schema_refuses(text: str, key: str) -> None:
    fits = CHECK.is_valid(tomllib.loads(HEAD + text))
    assert fits is key.endswith(BEYOND)


def test_the_schema_names_every_field_and_source() -> None:
    listed = SCHEMA["properties"]["item"]["properties"]["fields"]["properties"]
    assert set(listed) == FIELDS
    assert set(SOURCES) < set(SCHEMA["$defs"]["rule"]["properties"])


def test_a_mistake_is_found_by_its_line() -> None:
    text = 'a = 1\n[item]\nurl = "x"\n[item.fields]\ntitle = { css = "h1" }\n[list.page]\nstep = 2'
    assert line_of(text, "item.fields.title.css") == 5
    assert line_of(text, "item.url") == 3
    assert line_of(text, "item.attributes.rows") == 2
    assert line_of(text, "list.page.step") == 7
    assert line_of(text, "a") == 1
    assert line_of(text, "hosts") is None
