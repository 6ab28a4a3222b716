"""docs/threats.md names a test for each act of an insider: every one of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
THREATS = (ROOT / "docs" / "threats.md").read_text("utf-8")
TAMPERING = (ROOT / "docs" / "tampering.md").read_text("utf-8")
ACTS = THREATS.split("## What an insider tries")[1].split("\n## ")[0]
ROWS = [line.strip("| \n").split(" | ") for line in ACTS.splitlines() if line.startswith("| ")][1:]
ISSUE = (
    "dates an entry back",
    "rewrites an entry",
    "drops the last entries",
    "drops a middle entry",
    "swaps two entries",
    "puts an old checkpoint",
    "begins a second log with the same key",
    "stolen signing key",
    "stolen key of the log",
)


def exists(name: str) -> bool:
    """Say whether a test, or a row of docs/tampering.md, of that name is there."""
    if "::" not in name:
        return f"| `{name}` |" in TAMPERING
    path, function, case = re.fullmatch(r"(.+)::(\w+)(?:\[(.+)\])?", name).groups()  # type: ignore[union-attr]
    if not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    ids = {
        keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "id" and isinstance(keyword.value, ast.Constant)
    }
    return function in defined and (case is None or case in ids)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_every_act_names_tests_that_exist(row: list[str]) -> None:
    _, detected, shown = row
    names = re.findall(r"`([^`]+)`", shown)
    assert detected
    assert names
    assert [name for name in names if not exists(name)] == []


def test_the_table_has_every_act() -> None:
    acts = " ".join(row[0] for row in ROWS)
    assert [act for act in ISSUE if act not in acts] == []


def test_a_name_that_is_not_there_is_noticed() -> None:
    path = "tests/evidence/witness/test_insider.py::test_what_only_a_witness_shows"
    assert exists(f"{path}[beginning anew]")
    assert not exists(f"{path}[being honest]")
    assert not exists(f"{path}_x")
    assert not exists("log:no-such-row")
