"""Every verdict is of the published JSON Schema (docs/verdict.schema.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from evidence.verify import verify_file
from evidence.verify.verdict import CLAIM_NAMES, Outcome, Status
from tests.evidence.builder import zipped
from tests.evidence.tamper.good import DOSSIER, Good
from tests.evidence.verify.test_old import OLD

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs" / "verdict.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_one_and_knows_every_claim_status_and_outcome() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    claim = SCHEMA["$defs"]["claim"]["properties"]
    assert claim["id"]["enum"] == list(CLAIM_NAMES)
    assert set(claim["status"]["enum"]) == {status.value for status in Status}
    assert set(SCHEMA["properties"]["verdict"]["enum"]) == {one.word for one in Outcome}


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("name", ["draft", "rich", "full"])
def test_good_verdicts(tmp_path: Path, name: str, trusted: bool) -> None:
    good = Good(tmp_path / "good")
    data = zipped(good.full) if name == "full" else getattr(good, name).pack()
    (tmp_path / DOSSIER).write_bytes(data)
    trust = good.witnessed("w") if name == "full" else good.trust
    verdict = verify_file(tmp_path / DOSSIER, trust=trust if trusted else None)
    assert verdict.exit_code == (0 if trusted else 3)
    VALIDATOR.validate(verdict.to_json())


def test_other_verdicts(tmp_path: Path) -> None:
    VALIDATOR.validate(verify_file(OLD / "old.dossier.zip", trust=OLD / "trust").to_json())
    (tmp_path / "note.txt").write_text("no package")
    VALIDATOR.validate(verify_file(tmp_path / "note.txt", trust=None).to_json())


def test_what_is_not_of_the_schema_is_refused() -> None:
    good = verify_file(OLD / "old.dossier.zip", trust=OLD / "trust").to_json()
    for change in (
        {"exit": 1},
        {"format": "markseal-verdict/2"},
        {"claims": [{"id": "package"}]},
        {"facts": {"unknown": 1}},
        {"headline": {"zh": "", "en": ""}},
    ):
        with pytest.raises(ValidationError):
            VALIDATOR.validate(good | change)
