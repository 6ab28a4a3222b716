"""Anchoring: a digest goes out, a receipt comes back, and it proves nothing here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from desk.cli import main
from evidence.errors import FormatError, InputError
from evidence.format.anchor import Digest, Receipt
from evidence.keeping.anchoring import Double, FileDrop, anchor, digest_of, request_id
from tests.evidence.builder import NAME
from tests.evidence.keeping.years import SEALED, Years, begin


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Years:
    return begin(tmp_path_factory.mktemp("anchoring"))


def test_a_file_drop_awaits_its_receipt_and_encloses_it(tmp_path: Path) -> None:
    world = begin(tmp_path / "world")
    drop = FileDrop("court", tmp_path / "drop", "sm3")
    for _ in range(2):
        assert anchor(world.exhibit, drop, clock=lambda: SEALED) is None
    requests = list((tmp_path / "drop/requests").iterdir())
    assert len(requests) == 1
    asked = json.loads(requests[0].read_bytes())
    assert asked["anchored"] == {
        "subject": "manifest", "algorithm": "sm3", "digest": world.exhibit.outcome.manifest_sm3,
    }  # fmt: skip
    receipts = tmp_path / "drop/receipts"
    receipts.mkdir()
    (receipts / f"{asked['id']}.bin").write_bytes(b"%PDF receipt")
    (receipts / f"{asked['id']}.json").write_text(
        json.dumps({"media_type": "application/pdf", "reference": "区块高度 12"})
    )
    made = anchor(world.exhibit, drop, clock=lambda: SEALED)
    assert made is not None
    assert (made.content, made.reference) == (b"%PDF receipt", "区块高度 12")
    assert anchor(world.exhibit, drop, clock=lambda: SEALED) == made
    for dossier in (True, False):
        verdict = world.verify(dossier=dossier)
        assert verdict.exit_code == 0, [claim.en for claim in verdict.claims]
        fact = verdict.facts["anchors"][0]
        assert (fact["name"], fact["names_this"], fact["verified"]) == ("court", True, False)


def test_the_double_says_that_it_is_none(world: Years) -> None:
    made = anchor(world.exhibit, Double(), clock=lambda: SEALED)
    assert made is not None
    assert "TRIAL" in made.content.decode()
    assert Receipt.parse(made.to_bytes(), "x") == made


def test_a_receipt_for_something_else_is_refused(world: Years, tmp_path: Path) -> None:
    class Wrong(Double):
        def receipt(self, digest: Digest, **kwargs: object) -> Receipt | None:
            return Receipt("wrong", replace(digest, digest="00" * 32), SEALED, "text/plain", b"x")

    with pytest.raises(FormatError, match="something else"):
        anchor(world.exhibit, Wrong("wrong"), clock=lambda: SEALED)


@pytest.mark.parametrize("content", [b"", b"x" * (1 << 20)])
def test_an_empty_or_huge_receipt_is_refused(world: Years, tmp_path: Path, content: bytes) -> None:
    drop = FileDrop("court", tmp_path)
    digest = digest_of(world.exhibit, "sha256")
    (tmp_path / "receipts").mkdir()
    (tmp_path / "receipts" / f"{request_id(digest)}.bin").write_bytes(content)
    with pytest.raises(FormatError):
        drop.receipt(digest, now=SEALED)


def test_an_unknown_algorithm_is_refused(world: Years) -> None:
    with pytest.raises(InputError):
        digest_of(world.exhibit, "md5")


def test_a_file_that_is_no_receipt_is_named(tmp_path: Path) -> None:
    world = begin(tmp_path)
    path = world.exhibit.path(f"{NAME}.anchor.court.json")
    made = Receipt("other", Digest("manifest", "sm3", "00" * 32), SEALED, "text/plain", b"x")
    for data in (b"{}", made.to_bytes()):
        path.write_bytes(data)
        verdict = world.verify(dossier=False)
        assert verdict.exit_code == 1
        assert path.name in verdict.places
    path.write_bytes(replace(made, name="court").to_bytes())
    verdict = world.verify(dossier=False)
    assert (verdict.exit_code, verdict.facts["anchors"][0]["names_this"]) == (0, False)


def test_the_command_waits_and_encloses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = begin(tmp_path / "world")
    drop = tmp_path / "drop"
    words = ["anchor", str(world.exhibit.path(f"{NAME}.wacz")), "--name", "court"]
    words += ["--drop", str(drop), "--home", str(tmp_path / "home")]
    assert main(words) == 4
    wanted = next((drop / "requests").iterdir()).stem
    (drop / "receipts").mkdir()
    (drop / "receipts" / f"{wanted}.bin").write_bytes(b"receipt")
    assert main(words) == 0
    assert "不作证明" in capsys.readouterr().out
    assert main([*words[:3], "Court!", *words[4:]]) != 0
