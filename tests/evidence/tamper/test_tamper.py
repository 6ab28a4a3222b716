"""Every crime is refused with the right claim, place and sentence in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.verify import verify_file
from tests.evidence.builder import zipped
from tests.evidence.tamper.good import DOSSIER, Good
from tests.evidence.tamper.matrix import (
    HTML,
    SHELL,
    Other,
    cell,
    html,
    judged,
    named,
    shell,
    written,
)
from tests.evidence.tamper.rows import all_rows
from tests.evidence.tamper.table import Tampering
from tests.evidence.verify.test_schema import VALIDATOR

ROWS = all_rows()
PUBLISHED = written()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    return Good(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dossier")


@pytest.mark.parametrize("name", ["draft", "rich", "full"])
def test_the_good_dossiers_are_valid(good: Good, folder: Path, name: str) -> None:
    data = zipped(good.full) if name == "full" else getattr(good, name).pack()
    trust = good.witnessed("good") if name == "full" else good.trust
    (folder / DOSSIER).write_bytes(data)
    verdict = verify_file(folder / DOSSIER, trust=trust)
    assert verdict.exit_code == 0, [c.to_json() for c in verdict.claims]
    assert {claim.status.value for claim in verdict.claims} == {"valid"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_crime_is_named(good: Good, folder: Path, row: Tampering) -> None:
    verdict = judged(row, good, folder)
    assert verdict["exit"] == row.code, verdict["headline"]
    claim = named(row, verdict)
    assert claim is not None, verdict["claims"]
    VALIDATOR.validate(verdict)
    assert PUBLISHED.get(row.name) == cell(claim), "write it anew: python -m tests.evidence.tamper"


@pytest.mark.parametrize("name", ["byte-raw:evidence/screenshot.png", "log:outcome-byte"])
def test_a_crime_is_named_without_any_trust(good: Good, folder: Path, name: str) -> None:
    row = next(row for row in ROWS if row.name == name)
    path, _ = row.write(good, folder)
    verdict = verify_file(path, trust=None).to_json()
    assert verdict["exit"] == 1
    assert row.where in {c["where"] for c in verdict["claims"] if c["status"] == "invalid"}


def test_there_are_many_and_the_page_has_no_others() -> None:
    assert len(ROWS) >= 400
    assert set(PUBLISHED) == {row.name for row in ROWS}
    assert len({row.en for row in ROWS}) == len({row.zh for row in ROWS}) == len(ROWS)


def stale(told: Other, column: str) -> list[str]:
    """Return the rows of which the published column says something else."""
    published = written(column)
    return [name for name, said in told.cells.items() if published.get(name) != said]


@pytest.mark.parametrize("column", [HTML, SHELL])
def test_every_row_of_the_page_is_filled(column: str) -> None:
    published = written(column)
    assert set(published) == {row.name for row in ROWS}
    assert all(published.values())
    assert "**—**" not in published.values()


@pytest.mark.browser
def test_a_sample_of_the_page_is_what_the_html_verifier_says(good: Good, folder: Path) -> None:
    told = html(good, folder, every=70)
    assert told.wrong == {}
    assert stale(told, HTML) == [], "write it anew: python -m tests.evidence.tamper --html"


def test_a_sample_of_the_page_is_what_verify_text_says(good: Good, folder: Path) -> None:
    told = shell(good, folder, every=140)
    assert told.wrong == {}
    assert stale(told, SHELL) == [], "write it anew: python -m tests.evidence.tamper --shell"


@pytest.mark.soak
@pytest.mark.browser
def test_the_html_verifier_agrees_on_every_row(good: Good, folder: Path) -> None:
    told = html(good, folder)
    print(f"soak: rows {len(told.cells)}, disagreements {len(told.wrong)}")
    assert told.wrong == {}
    assert "**—**" not in told.cells.values()
    assert stale(told, HTML) == []


@pytest.mark.soak
def test_verify_text_sees_what_it_claims_to_see(good: Good, folder: Path) -> None:
    told = shell(good, folder)
    seen = sum(row.name not in told.wrong and row.shell for row in ROWS)
    print(f"soak: rows {len(told.cells)}, claimed and seen {seen}, missed {len(told.wrong)}")
    assert told.wrong == {}
    assert stale(told, SHELL) == []
