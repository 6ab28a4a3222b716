"""``markseal private``: the encrypted part opens with its key only, once erased never again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from desk.cli import main
from evidence.format import names
from evidence.format.private import NETLOG, WARC, write_private
from evidence.format.zipform import ZipPart
from evidence.home import EvidenceHome
from evidence.seal.private import key_path, make_key
from evidence.seal.workfolder import ORDER, WorkFolder
from tests.evidence.builder import CAPTURE_ID, World, zipped
from tests.evidence.rich import rich, stating


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EvidenceHome:
    monkeypatch.setenv("MARKSEAL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MARKSEAL_DATABASE_URL", raising=False)
    return EvidenceHome(tmp_path / "home")


@pytest.fixture
def wacz(home: EvidenceHome, tmp_path: Path) -> Path:
    key = make_key(home, CAPTURE_ID)
    part = io.BytesIO()
    write_private(part, io.BytesIO(), [ZipPart(WARC, b"exact"), ZipPart(NETLOG, b"{}")], key)
    draft = rich(World.create(tmp_path / "world"))
    draft.artefacts[names.PRIVATE] = part.getvalue()
    draft.artefacts[names.CAPTURE] = stating({WARC: b"exact", NETLOG: b"{}"})
    path = tmp_path / "A.wacz"
    path.write_bytes(draft.seal().wacz)
    return path


def run(*words: object) -> int:
    return main(["private", *map(str, words), "--by", "张三"])


def test_it_is_opened_for_the_owner_alone(
    wacz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("open", wacz, "--out", out) == 0
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {WARC: b"exact", NETLOG: b"{}"}
    assert out.stat().st_mode & 0o777 == 0o700
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in out.iterdir())
    assert "登录凭据" in capsys.readouterr().out


def test_nothing_is_overwritten(
    wacz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("x")
    assert run("open", wacz, "--out", tmp_path / "out") == 64
    assert "nothing is overwritten" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_erased_key_is_gone(
    wacz: Path, home: EvidenceHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("erase", wacz) == 64
    assert key_path(home, CAPTURE_ID).exists(), "only with --yes"
    assert run("erase", wacz, "--yes") == 0
    assert not key_path(home, CAPTURE_ID).exists()
    capsys.readouterr()
    assert run("open", wacz, "--out", tmp_path / "out") == 64
    assert "no key" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_keys_are_listed_with_what_they_are_for_and_erased_without_the_package(
    home: EvidenceHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["private", "list"]) == 0
    assert capsys.readouterr().out == ""
    key, lost = make_key(home, CAPTURE_ID), "0" * 32
    make_key(home, lost)
    work = WorkFolder(home.work / CAPTURE_ID)
    work.path.mkdir(parents=True)
    work.write(ORDER, {"case": "甬1", "url": "https://shop.test/", "out": "/x/A.wacz"})
    assert main(["private", "list"]) == 0
    shown = capsys.readouterr().out
    assert f"{CAPTURE_ID}\t" in shown
    assert "\tbegun\t甬1\thttps://shop.test/\n" in shown
    assert key.hex() not in shown
    key_path(home, lost).write_bytes(b"damaged")
    assert run("erase", lost, "--yes") == 0
    assert run("erase", CAPTURE_ID) == 64
    assert run("erase", CAPTURE_ID, "--yes") == 0
    assert run("erase", CAPTURE_ID, "--yes") == 64
    assert not list(key_path(home, "").parent.glob("*.key"))


def test_another_key_does_not_open_it(
    wacz: Path, home: EvidenceHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_key(home, CAPTURE_ID)
    assert run("open", wacz, "--out", tmp_path / "out") == 64
    assert "does not open" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_package_without_such_a_part_or_altered_or_none_is_said(
    wacz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = rich(World.create(tmp_path / "other"))
    inner = draft.seal().inner
    plain = tmp_path / "B.wacz"
    altered = zipped(inner | {names.PRIVATE: b"\x08" * 200})
    for data, word in ((altered, "altered"), (b"PK", "not a package")):
        plain.write_bytes(data)
        assert run("open", plain, "--out", tmp_path / "o") == 64
        assert word in capsys.readouterr().err
    assert run("open", tmp_path / "none.wacz", "--out", tmp_path / "o") == 64
    assert "cannot be read" in capsys.readouterr().err


def test_a_file_that_the_record_does_not_state_is_named(
    home: EvidenceHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = io.BytesIO()
    write_private(part, io.BytesIO(), [ZipPart(WARC, b"other")], make_key(home, CAPTURE_ID))
    draft = rich(World.create(tmp_path / "world"))
    draft.artefacts[names.PRIVATE] = part.getvalue()
    draft.artefacts[names.CAPTURE] = stating({WARC: b"exact"})
    (tmp_path / "A.wacz").write_bytes(draft.seal().wacz)
    assert run("open", tmp_path / "A.wacz", "--out", tmp_path / "out") == 64
    assert f"{WARC} is not the file" in capsys.readouterr().err
