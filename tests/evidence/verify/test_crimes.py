"""Every named tampering is found and located; the good dossier is not accused."""

from __future__ import annotations

import pytest

from tests.evidence.verify.conftest import Bench, places
from tests.evidence.verify.crimes import CRIMES
from tests.evidence.verify.further import FURTHER

ALL = CRIMES | FURTHER


def test_the_good_dossier_is_valid(bench: Bench) -> None:
    verdict = bench.verify(bench.draft.pack())
    assert verdict.exit_code == 0, [c.to_json() for c in verdict.claims]
    assert {claim.status.value for claim in verdict.claims} == {"valid"}


def test_the_good_dossier_with_every_optional_file_is_valid(bench: Bench) -> None:
    verdict = bench.verify(bench.rich.pack())
    assert verdict.exit_code == 0, [c.to_json() for c in verdict.claims]
    assert {claim.status.value for claim in verdict.claims} == {"valid"}
    assert "review" in {claim.id for claim in verdict.claims}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_crime_is_named(bench: Bench, name: str) -> None:
    run, where = ALL[name]
    verdict = bench.verify(run(bench))
    assert verdict.exit_code == 1, verdict.headline_en
    assert where in places(verdict), [c.to_json() for c in verdict.claims]
    assert all(c.zh and c.en for c in verdict.claims)


@pytest.mark.parametrize(
    "name", ["content-altered:evidence/screenshot.png", "altered:outcome.json", "token-is-html"]
)
def test_a_crime_is_named_without_any_trust(bench: Bench, name: str) -> None:
    run, where = CRIMES[name]
    verdict = bench.verify(run(bench), trusted=False)
    assert verdict.exit_code == 1
    assert where in places(verdict)


def test_there_are_many_crimes() -> None:
    assert len(ALL) >= 200
