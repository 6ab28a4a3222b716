"""The cosignatures on the newest checkpoint: there, missing, wrong, too few, none independent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from desk.cli import main
from evidence.format.note import NoteSignature, SignedNote
from evidence.format.policytext import parse_policy
from evidence.monitor import Asked, Look, Required, Witness, enough
from tests.evidence.builder import World
from tests.evidence.monitor.fixtures import LATER, Stand
from tests.evidence.verify.trusting import Notary

NOTARY, BRAND = Notary(41, "某公证处", "notary"), Notary(42, "某品牌", "party")
KNOWN = tuple(Witness(n.name, n.key, n.relation) for n in (NOTARY, BRAND))
TWO = Required(KNOWN, 2, independent=True)
ONE_APART = Required(KNOWN, 1, independent=True)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand.at(tmp_path)
    stand.grow(3)
    return stand


def cosigned(stand: Stand, *notaries: Notary, wrong: bool = False) -> None:
    """Put the cosignatures of some witnesses on the checkpoint that the log serves."""
    path = stand.log.folder / "checkpoint"
    note = SignedNote.parse(path.read_bytes())
    lines = tuple(n.line(note.text, LATER) for n in notaries)
    if wrong:
        lines = tuple(NoteSignature(x.name, x.key_id, x.value[:-1] + b"\0") for x in lines)
    path.write_bytes(SignedNote(note.text, (*note.signatures, *lines)).to_bytes())


def looked(stand: Stand, required: Required) -> Look:
    return stand.look(asked=Asked(required=required))


def test_each_witness_is_told_with_its_time(stand: Stand) -> None:
    cosigned(stand, NOTARY, BRAND)
    found = looked(stand, TWO)
    assert found.report.clean
    assert [(one.witness.name, one.time) for one in found.cosigned] == [
        ("某公证处", LATER),
        ("某品牌", LATER),
    ]
    assert enough(found.cosigned, TWO)


def test_a_missing_witness_is_told_and_is_no_finding(stand: Stand) -> None:
    cosigned(stand, NOTARY)
    found = looked(stand, TWO)
    assert found.report.clean
    assert [one.time for one in found.cosigned] == [LATER, None]
    assert not enough(found.cosigned, TWO)
    assert enough(found.cosigned, ONE_APART)


def test_a_party_alone_is_not_independent(stand: Stand) -> None:
    cosigned(stand, BRAND)
    assert not enough(looked(stand, ONE_APART).cosigned, ONE_APART)


def test_a_wrong_cosignature_is_a_finding_at_every_look_until_it_is_gone(stand: Stand) -> None:
    plain = (stand.log.folder / "checkpoint").read_bytes()
    cosigned(stand, NOTARY, wrong=True)
    for _ in range(2):
        found = looked(stand, TWO)
        assert [finding.code for finding in found.report.findings] == ["witness"]
        assert "某公证处" in found.report.findings[0].zh
        assert found.cosigned[0].wrong
    (stand.log.folder / "checkpoint").write_bytes(plain)
    assert looked(stand, TWO).report.clean


def test_a_line_under_a_witness_name_by_another_key_does_not_count(stand: Stand) -> None:
    thief = Notary(43, "某公证处", "notary")
    thief.key = type(thief.key)(NOTARY.key.name, thief.key.public)
    cosigned(stand, thief)
    assert [one.time for one in looked(stand, TWO).cosigned] == [None, None]


def trusting(stand: Stand, folder: Path) -> Path:
    """Return a trust folder for the log that names both witnesses."""
    trust = World.create(folder / "world").trust(folder / "trust")
    policy = parse_policy((trust / "policy.toml").read_text("utf-8"))
    (trust / policy.log_key).write_text(stand.log.key.text() + "\n")
    for one in (NOTARY, BRAND):
        (trust / one.listed().vkey).write_text(one.key.text() + "\n")
    listed = (NOTARY.listed(), BRAND.listed())
    policy = replace(policy, witnesses=listed, cosignatures=2, independent=True)
    (trust / "policy.toml").write_text(policy.to_text(), "utf-8")
    return trust


def test_the_command_says_which_are_missing(
    stand: Stand, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cosigned(stand, NOTARY)
    trust, state = trusting(stand, tmp_path), tmp_path / "seen.json"
    words = ["log", "audit", "--follow", str(stand.log.folder), "--trust", str(trust)]
    words += ["--state", str(state), "--home", str(tmp_path / "home")]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "witness 某公证处 cosigned at 2026-05-06" in told
    assert "witness 某品牌 has not cosigned" in told
    assert "the trust folder wants 2, one of them independent" in told
    assert main([*words, "--json"]) == 0
    witnesses = json.loads(capsys.readouterr().out)["followed"]["witnesses"]
    assert (witnesses["wanted"], witnesses["enough"]) == (2, False)
    assert [one["time"] is None for one in witnesses["each"]] == [False, True]
    cosigned(stand, BRAND, wrong=True)
    assert main(words) == 1
    assert "[witness]" in capsys.readouterr().out
