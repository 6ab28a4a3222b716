"""Every recipe by its fixtures: a response in, its listings out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler import load_recipe
from crawler.errors import RecipeWrong
from crawler.fixtures import read_case, read_fixtures
from crawler.recipe import recipe_names

HERE = Path(__file__).parent / "fixtures"
RECIPES = Path(__file__).parents[2] / "config" / "recipes"
CASES = sorted(path.parent for path in HERE.glob("*/*/listing.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_response_in_listing_out(case: Path) -> None:
    name = case.parent.name
    recipe = None if name == "general" else load_recipe(RECIPES / f"{name}.toml")
    expected = json.loads((case / "listing.json").read_text("utf-8"))
    assert read_case(case, recipe) == expected


@pytest.mark.parametrize("name", recipe_names(RECIPES))
def test_no_recipe_ships_without_fixtures(name: str) -> None:
    assert read_fixtures(load_recipe(RECIPES / f"{name}.toml"), HERE)


def test_a_recipe_without_fixtures_is_refused(tmp_path: Path) -> None:
    recipe = load_recipe(RECIPES / "oscar.toml")
    with pytest.raises(RecipeWrong, match="fixtures"):
        read_fixtures(recipe, tmp_path)
    case = tmp_path / "oscar" / "nothing"
    case.mkdir(parents=True)
    (case / "listing.json").write_text('{"state":"empty","listings":[]}')
    with pytest.raises(RecipeWrong, match=r"response\.\*"):
        read_fixtures(recipe, tmp_path)
