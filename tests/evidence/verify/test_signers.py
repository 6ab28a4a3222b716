"""Keys that were handed over or revoked, logs that were succeeded: what is still believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import TrustError
from evidence.format.checkpoint import Checkpoint
from evidence.format.manifest import key_digest
from evidence.format.names import Sidecars
from evidence.format.note import NoteKey, SignedNote
from evidence.format.policy import FormerLog, RevokedKey, TrustedSigner
from evidence.format.tlogproof import TlogProof
from tests.evidence.builder import NAME, ORIGIN
from tests.evidence.verify.conftest import Bench, places
from tests.evidence.verify.trusting import claims, pem, private, trusting, verdict_on

HOUR = timedelta(hours=1)
NEXT = private(51)


def hour(bench: Bench, count: int) -> datetime:
    """Return a time so many hours after the bench's dossier was stamped."""
    return bench.draft.now + count * HOUR


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (None, None, 0),
        (None, 1, 0),
        (-1, 1, 0),
        (-1, None, 0),
        (None, -1, 1),
        (1, None, 1),
        (1, 2, 1),
        (-2, -1, 1),
    ],
)
def test_a_former_key_counts_for_its_time(
    bench: Bench, tmp_path: Path, start: int | None, end: int | None, code: int
) -> None:
    bounds = [None if n is None else hour(bench, n) for n in (start, end)]
    trust = trusting(
        bench,
        tmp_path / "trust",
        files={"signer.pem": pem(NEXT), "old.pem": bench.world.signer_pem},
        signers=(TrustedSigner("old.pem", bounds[0], bounds[1]),),
    )
    verdict = verdict_on(bench.draft.pack(), trust, tmp_path)
    assert verdict.exit_code == code
    if code:
        assert places(verdict) == {f"{NAME}.wacz!evidence/manifest.sig"}
        assert "was not the signer's at" in claims(verdict, "signature")[0][1]


def test_a_former_key_needs_a_proved_time(bench: Bench, tmp_path: Path) -> None:
    trust = trusting(
        bench,
        tmp_path / "trust",
        files={"signer.pem": pem(NEXT), "old.pem": bench.world.signer_pem},
        signers=(TrustedSigner("old.pem", None, hour(bench, 1)),),
        tokens=2,
    )
    verdict = verdict_on(bench.draft.pack(), trust, tmp_path)
    assert verdict.exit_code == 3
    assert claims(verdict, "signature")[0][0] == "not_checked"


@pytest.mark.parametrize("former", [True, False])
@pytest.mark.parametrize(("count", "tokens", "code"), [(1, 1, 0), (-1, 1, 1), (1, 2, 1)])
def test_a_revoked_key_counts_only_with_a_time_before(
    bench: Bench, tmp_path: Path, former: bool, count: int, tokens: int, code: int
) -> None:
    policy: dict[str, Any] = {"tokens": tokens}
    policy["revoked"] = (
        RevokedKey(key_digest(bench.world.signer.public_key()), hour(bench, count)),
    )
    if former:
        policy["signers"] = (TrustedSigner("old.pem"),)
        policy["files"] = {"signer.pem": pem(NEXT), "old.pem": bench.world.signer_pem}
    trust = trusting(bench, tmp_path / "trust", **policy)
    verdict = verdict_on(bench.draft.pack(), trust, tmp_path)
    assert verdict.exit_code == code
    if code:
        assert "revoked" in claims(verdict, "signature")[0][1]
        assert f"{NAME}.wacz!evidence/manifest.sig" in places(verdict)


def test_a_review_by_a_revoked_key_is_nobodys(bench: Bench, tmp_path: Path) -> None:
    revoked = RevokedKey(key_digest(bench.world.signer.public_key()), hour(bench, -1))
    trust = trusting(bench, tmp_path / "trust", revoked=(revoked,))
    verdict = verdict_on(bench.rich.pack(), trust, tmp_path)
    assert {c.id for c in verdict.claims if c.status.value == "invalid"} == {"signature", "review"}


def test_a_key_that_is_not_listed_is_still_invalid(bench: Bench, tmp_path: Path) -> None:
    trust = trusting(
        bench,
        tmp_path / "trust",
        files={"signer.pem": pem(NEXT), "third.pem": pem(private(52))},
        signers=(TrustedSigner("third.pem"),),
    )
    assert verdict_on(bench.draft.pack(), trust, tmp_path).exit_code == 1


def head(bench: Bench) -> Checkpoint:
    """Return the checkpoint of the bench's proofs."""
    proof = TlogProof.parse(bench.draft.papers[Sidecars(NAME).outcome_proof])
    return Checkpoint.parse(SignedNote.parse(proof.checkpoint).text)


SUCCESSOR = NoteKey("log.example/second", private(53).public_key().public_bytes_raw())


@pytest.mark.parametrize(
    ("more", "root", "code", "word"),
    [
        (5, "ab" * 32, 0, ""),
        (0, None, 0, ""),
        (0, "ab" * 32, 1, "forked"),
        (-1, "ab" * 32, 1, "ended with"),
    ],
)
def test_a_log_that_was_succeeded_counts_up_to_its_end(
    bench: Bench, tmp_path: Path, more: int, root: str | None, code: int, word: str
) -> None:
    last = head(bench)
    former = FormerLog("old.vkey", last.size + more, root or last.root.hex())
    trust = trusting(
        bench,
        tmp_path / "trust",
        files={
            "log.vkey": SUCCESSOR.text().encode(),
            "old.vkey": bench.world.note_key.text().encode(),
        },
        logs=(former,),
    )
    verdict = verdict_on(bench.draft.pack(), trust, tmp_path)
    assert verdict.exit_code == code
    if code:
        assert word in claims(verdict, "inclusion")[0][1]


def test_another_log_is_not_believed(bench: Bench, tmp_path: Path) -> None:
    files = {"log.vkey": SUCCESSOR.text().encode()}
    trust = trusting(bench, tmp_path / "trust", files=files)
    verdict = verdict_on(bench.draft.pack(), trust, tmp_path)
    assert verdict.exit_code == 1
    assert {c.id for c in verdict.claims if c.status.value == "invalid"} == {"inclusion"}


def test_two_logs_of_one_name_are_no_trust_folder(bench: Bench, tmp_path: Path) -> None:
    other = NoteKey(ORIGIN, private(54).public_key().public_bytes_raw())
    trust = trusting(
        bench,
        tmp_path / "trust",
        files={"old.vkey": other.text().encode()},
        logs=(FormerLog("old.vkey", 1, "ab" * 32),),
    )
    with pytest.raises(TrustError):
        verdict_on(bench.draft.pack(), trust, tmp_path)
