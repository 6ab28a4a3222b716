"""What an insider tries with the papers that are left of an erased exhibit, and with renewals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.format.names import Sidecars
from evidence.format.note import SignedNote
from evidence.format.policy import POLICY
from evidence.format.policytext import parse_policy
from evidence.format.renewal import Renewals
from evidence.format.tlogproof import TlogProof
from evidence.home import EvidenceHome
from evidence.keeping.exhibit import Kept
from evidence.keeping.renewing import renew
from evidence.verify import Verdict, verify_file
from tests.evidence.builder import NAME
from tests.evidence.keeping.authorities import Dated, years
from tests.evidence.keeping.erasure import erased
from tests.evidence.keeping.homes import now
from tests.evidence.keeping.years import SEALED, Years, begin
from tests.evidence.verify.trusting import Notary

NOTARY = Notary(41, "某公证处", "notary")
SIDECARS = Sidecars(NAME)


@pytest.fixture
def left(tmp_path: Path) -> tuple[EvidenceHome, Kept]:
    return erased(tmp_path, "good")


def judged(home: EvidenceHome, kept: Kept) -> Verdict:
    return verify_file(kept.path(f"{NAME}.erasure.json"), trust=home.trust)


def said(verdict: Verdict, claim: str) -> list[tuple[str, str | None]]:
    return [(c.status.value, c.where) for c in verdict.claims if c.id == claim]


def test_attempt_and_outcome_of_an_erased_exhibit_are_of_two_histories(
    left: tuple[EvidenceHome, Kept],
) -> None:
    home, kept = left
    path = kept.path(SIDECARS.attempt_proof)
    newer = home.open_log().proof(TlogProof.parse(path.read_bytes()).index)[1]
    path.write_bytes(newer)
    verdict = judged(home, kept)
    assert verdict.exit_code == 1
    assert said(verdict, "inclusion") == [("invalid", SIDECARS.outcome_proof)]


def require_witness(home: EvidenceHome) -> None:
    listed = NOTARY.listed()
    (home.trust / listed.vkey).write_text(NOTARY.key.text() + "\n")
    policy = home.trust / POLICY
    held = parse_policy(policy.read_text("utf-8"))
    asked = replace(held, require=(*held.require, "witness"), witnesses=(listed,), cosignatures=1)
    policy.write_text(asked.to_text(), "utf-8")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (lambda text: text, "valid"),
        (lambda text: text.replace("\n2\n", "\n1\n"), "invalid"),
        (None, "not_checked"),
    ],
    ids=["honest", "of-an-older-size", "none"],
)
def test_the_witness_of_an_erased_exhibit(
    left: tuple[EvidenceHome, Kept], text: Callable[[str], str] | None, status: str
) -> None:
    """A cosignature that the witness gave for an older size does not stand for this one."""
    home, kept = left
    require_witness(home)
    for name in (SIDECARS.attempt_proof, SIDECARS.outcome_proof):
        proof = TlogProof.parse(kept.path(name).read_bytes())
        note = SignedNote.parse(proof.checkpoint, name)
        if text is not None:
            line = NOTARY.line(text(note.text), now())
            note = replace(note, signatures=(*note.signatures, line))
        kept.path(name).write_bytes(replace(proof, checkpoint=note.to_bytes()).to_bytes())
    verdict = judged(home, kept)
    assert said(verdict, "witness")[0][0] == status
    assert verdict.exit_code == (1 if status == "invalid" else 3)


def renewed_twice(folder: Path) -> Years:
    """Return an exhibit whose first authority has ended, renewed by two others in turn."""
    world = begin(folder)
    for number, (name, count) in enumerate((("second", 4.0), ("third", 9.0))):
        world.at(years(SEALED, 2.9 + 3.5 * number))
        made: Dated = world.add(name, count)
        renew(
            world.exhibit,
            trust=world.trust,
            authorities=[made],
            clock=lambda: world.now,
            always=True,
        )
    world.at(years(SEALED, 8))
    assert world.verify(dossier=False).exit_code == 0
    return world


@pytest.mark.parametrize(("cut", "code"), [("first", 1), ("last", 3), ("all", 3), ("swapped", 1)])
def test_a_chain_of_renewed_timestamps_is_cut(tmp_path: Path, cut: str, code: int) -> None:
    world = renewed_twice(tmp_path)
    path = world.exhibit.path(SIDECARS.renewal)
    held = Renewals.parse(path.read_bytes(), path.name)
    first, second = held.renewals
    kept = {"first": (second,), "last": (first,), "swapped": (second, first)}
    if cut == "all":
        path.unlink()
    else:
        path.write_bytes(replace(held, renewals=kept[cut]).to_bytes())
    verdict = world.verify(dossier=False)
    assert verdict.exit_code == code
    status = {one for one, _ in said(verdict, "timestamp")}
    assert ("invalid" if code == 1 else "not_checked") in status
