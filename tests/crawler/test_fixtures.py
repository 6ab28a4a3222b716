"""Every recipe by its fixtures: a response in, its listings out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler import extract, load_recipe
from crawler.recipe import recipe_names

HERE = Path(__file__).parent / "fixtures"
RECIPES = Path(__file__).parents[2] / "config" / "recipes"
CASES = sorted(path.parent for path in HERE.glob("*/*/listing.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_response_in_listing_out(case: Path) -> None:
    name = case.parent.name
    recipe = None if name == "general" else load_recipe(RECIPES / f"{name}.toml")
    (response,) = case.glob("response.*")
    url = (case / "url").read_text().strip()
    read = extract(response.read_bytes(), url, recipe=recipe)
    expected = json.loads((case / "listing.json").read_text("utf-8"))
    row = read.to_json()
    row["listings"] = [
        {key: value for key, value in listing.items() if value not in (None, [], {})}
        for listing in row["listings"]
    ]
    row |= {"items": len(read.items), "next": read.next, "reported_total": read.reported_total}
    assert row == expected


def without_fixtures(recipes: Path, fixtures: Path) -> list[str]:
    """Return the recipes that no fixture folder shows to read a listing."""
    proved = {
        path.parents[1].name
        for path in fixtures.glob("*/*/listing.json")
        if json.loads(path.read_text("utf-8"))["listings"]
    }
    return [name for name in recipe_names(recipes) if name not in proved]


def test_no_recipe_ships_without_fixtures() -> None:
    assert without_fixtures(RECIPES, HERE) == []


def test_a_recipe_without_fixtures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text("")
    assert without_fixtures(tmp_path, HERE) == ["new"]
