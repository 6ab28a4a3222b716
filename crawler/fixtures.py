"""The fixtures of a recipe: folders that hold an answer, its address, and what is read from it.

``CASE/response.*`` (the answer as saved), ``CASE/url``, ``CASE/listing.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.errors import RecipeWrong
from crawler.extraction import extract
from crawler.recipe_parts import Recipe


@dataclass(frozen=True)
class Fixture:
    """One case: its folder, what is to be read, and what was read."""

    folder: Path
    expected: dict[str, Any]
    read: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether what was read is what is to be read."""
        return self.expected == self.read


def read_case(folder: Path, recipe: Recipe | None) -> dict[str, Any]:
    """Return what a recipe reads from the answer of a case, empty fields left out."""
    (response,) = folder.glob("response.*")
    url = (folder / "url").read_text("utf-8").strip()
    read = extract(response.read_bytes(), url, recipe=recipe)
    row = read.to_json()
    row["listings"] = [
        {key: value for key, value in listing.items() if value not in (None, [], {})}
        for listing in row["listings"]
    ]
    more = {"items": len(read.items), "next": read.next, "reported_total": read.reported_total}
    return {**row, **more}


def read_fixtures(recipe: Recipe, folder: Path) -> list[Fixture]:
    """Return every case of a recipe below ``folder/NAME``.

    Raises RecipeWrong where there is none from which a listing is read: what nobody has shown
    to read anything is not a recipe.
    """
    cases = sorted(path.parent for path in (folder / recipe.name).glob("*/listing.json"))
    found = [
        Fixture(case, json.loads((case / "listing.json").read_text("utf-8")), _tried(case, recipe))
        for case in cases
    ]
    if not any(one.expected.get("listings") for one in found):
        where = folder / recipe.name
        raise RecipeWrong(
            f"{recipe.name}.toml",
            "fixtures",
            f"a folder {where}/CASE with response.*, url and listing.json that holds a listing",
            f"样例目录 {where}/样例名（内有 response.*、url、listing.json，且至少一条商品）",
        )
    return found


def _tried(case: Path, recipe: Recipe) -> dict[str, Any]:
    try:
        return read_case(case, recipe)
    except (OSError, ValueError) as error:
        return {"error": str(error)}


def write_case(folder: Path, data: bytes, url: str, recipe: Recipe) -> dict[str, Any]:
    """Write a case from a saved answer, with what the recipe reads now; return that."""
    folder.mkdir(parents=True, exist_ok=True)
    ending = "json" if data.lstrip()[:1] in (b"{", b"[") else "html"
    (folder / f"response.{ending}").write_bytes(data)
    (folder / "url").write_text(url + "\n", "utf-8")
    read = read_case(folder, recipe)
    text = json.dumps(read, ensure_ascii=False, indent=1) + "\n"
    (folder / "listing.json").write_text(text, "utf-8")
    return read
