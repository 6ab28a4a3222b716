"""The page says the same words as the command, key by key, where both have a list of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from evidence.format.unproved import LEFT_OPEN, NOT_LOOKED_AT, NOT_PROVED, Line
from evidence.verify.headline import FAILURES, FOREIGN, FOREIGN_ADVICE
from evidence.verify.verdict import CLAIM_NAMES

SOURCE = Path(__file__).resolve().parents[2] / "verifier" / "src"
ROW = re.compile(r'(\w+): \{ zh: "([^"]*)", en: "([^"]*)" \}')

LISTS: dict[str, tuple[str, Mapping[str, Line]]] = {
    "NOT_PROVED": ("unproved.ts", NOT_PROVED),
    "LEFT_OPEN": ("unproved.ts", LEFT_OPEN),
    "NOT_LOOKED_AT": ("unproved.ts", NOT_LOOKED_AT),
    "FAILURES": ("headline.ts", FAILURES),
    "FOREIGN": ("headline.ts", {"headline": FOREIGN, "advice": FOREIGN_ADVICE}),
    "CLAIMS": ("verdict.ts", CLAIM_NAMES),
}


def written(file: str, name: str) -> dict[str, Line]:
    """Return a list of the page's source: key to Chinese and English."""
    text = (SOURCE / file).read_text("utf-8").partition(f"export const {name}")[2]
    return {key: (zh, en) for key, zh, en in ROW.findall(text.partition("\n}")[0])}


@pytest.mark.parametrize("name", LISTS)
def test_the_page_says_what_the_command_says(name: str) -> None:
    file, due = LISTS[name]
    assert written(file, name) == dict(due)
    assert list(written(file, name)) == list(due)


def test_every_claim_has_its_sentence_for_when_it_fails() -> None:
    assert set(FAILURES) == {*CLAIM_NAMES, "damaged"}
