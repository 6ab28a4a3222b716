"""A dossier sealed before there were optional artefacts still verifies as it did."""

from __future__ import annotations

from pathlib import Path

from evidence.verify import verify_file

OLD = Path(__file__).parent / "old"


def test_a_dossier_sealed_by_an_earlier_release_is_still_valid() -> None:
    verdict = verify_file(OLD / "old.dossier.zip", trust=OLD / "trust")
    assert (verdict.exit_code, verdict.trial) == (0, True), verdict.headline_en
    assert {claim.status.value for claim in verdict.claims} == {"valid"}
    assert verdict.facts["fidelity"] == "decoded"
