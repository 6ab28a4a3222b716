"""Dossiers made by an insider with every key of the house, but no witness and no authority."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evidence.format.checkpoint import Checkpoint
from evidence.format.names import Sidecars
from evidence.format.note import SignedNote, sign_note
from evidence.format.policy import CLAIMS
from evidence.format.tlogproof import TlogProof
from tests.evidence.builder import NAME, ORIGIN, Draft, zipped
from tests.evidence.verify.conftest import Bench, places
from tests.evidence.verify.trusting import Notary, claims, cosigned, text_of, trusting, verdict_on

NOTARY = Notary(41, "宁波市某公证处", "notary")
OUTCOME = Sidecars(NAME).outcome_proof


@pytest.fixture
def trust(bench: Bench, tmp_path: Path) -> Path:
    require = (*CLAIMS, "witness")
    return trusting(bench, tmp_path / "trust", NOTARY, require=require, independent=True)


@pytest.fixture
def now(bench: Bench) -> datetime:
    return bench.draft.now + timedelta(seconds=10)


def of_another_log(bench: Bench, *, filler: int = 5) -> Draft:
    """Return a dossier of a second log with the same key and name."""
    draft = Draft(bench.world, now=bench.draft.now, filler=filler)
    draft.artefacts["evidence/text.txt"] = "另一段文字\n".encode()
    return draft.seal()


def test_a_second_log_with_the_same_key_has_no_witness(
    bench: Bench, trust: Path, tmp_path: Path
) -> None:
    verdict = verdict_on(of_another_log(bench).pack(), trust, tmp_path)
    assert verdict.exit_code == 3
    assert claims(verdict, "witness") == [
        ("not_checked", "0 of 1 witnesses cosigned the checkpoint.")
    ]


def test_a_cosignature_pasted_from_the_true_log_is_named(
    bench: Bench, trust: Path, now: datetime, tmp_path: Path
) -> None:
    true = NOTARY.line(text_of(bench.draft), now)
    other = of_another_log(bench)
    assert text_of(other) != text_of(bench.draft)
    assert text_of(other).split("\n")[1] == text_of(bench.draft).split("\n")[1]
    verdict = verdict_on(zipped(cosigned(other, true)), trust, tmp_path)
    assert verdict.exit_code == 1
    assert places(verdict) == {OUTCOME}
    assert "宁波市" not in claims(verdict, "witness")[0][1]
    assert NOTARY.key.name in claims(verdict, "witness")[0][1]


def test_the_true_checkpoint_does_not_hold_what_was_made_up(
    bench: Bench, trust: Path, now: datetime, tmp_path: Path
) -> None:
    """The cosigned checkpoint itself put under the proofs of another history."""
    line = NOTARY.line(text_of(bench.draft), now)
    true = cosigned(bench.draft, line)
    parts = of_another_log(bench).parts()
    for name in (Sidecars(NAME).attempt_proof, OUTCOME):
        checkpoint = TlogProof.parse(true[name]).checkpoint
        parts[name] = replace(TlogProof.parse(parts[name]), checkpoint=checkpoint).to_bytes()
    verdict = verdict_on(zipped(parts), trust, tmp_path)
    assert verdict.exit_code == 1
    assert OUTCOME in places(verdict)
    assert claims(verdict, "inclusion")[0][0] == "invalid"
    assert claims(verdict, "witness")[0][0] == "valid"


def test_an_old_checkpoint_does_not_hold_a_new_entry(
    bench: Bench, trust: Path, now: datetime, tmp_path: Path
) -> None:
    """A checkpoint that was cosigned before the outcome was logged, replayed."""
    parts = bench.draft.parts()
    proof = TlogProof.parse(parts[OUTCOME])
    newest = Checkpoint.parse(SignedNote.parse(proof.checkpoint).text)
    old = Checkpoint(ORIGIN, newest.size - 1, bytes(range(32)))
    note = sign_note(old.text(), ORIGIN, bench.world.log_key)
    line = NOTARY.line(old.text(), now)
    whole = SignedNote(note.text, (*note.signatures, line)).to_bytes()
    for name in (Sidecars(NAME).attempt_proof, OUTCOME):
        parts[name] = replace(TlogProof.parse(parts[name]), checkpoint=whole).to_bytes()
    verdict = verdict_on(zipped(parts), trust, tmp_path)
    assert verdict.exit_code == 1
    assert OUTCOME in places(verdict)


@pytest.mark.parametrize("days", [1, 30])
def test_an_outcome_dated_back_stands_against_the_authoritys_time(
    bench: Bench, now: datetime, tmp_path: Path, trust: Path, days: int
) -> None:
    past = bench.draft.now - timedelta(days=days)
    draft = Draft(
        bench.world,
        now=bench.draft.now,
        attempt_time=past,
        outcome_time=past + timedelta(seconds=20),
    ).seal()
    line = NOTARY.line(text_of(draft), now)
    verdict = verdict_on(zipped(cosigned(draft, line)), trust, tmp_path)
    assert verdict.exit_code == 1
    assert claims(verdict, "order")[0][0] == "invalid"
