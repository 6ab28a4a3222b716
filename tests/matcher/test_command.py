"""``markseal match``: files, standard streams, complete or absent output."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from desk.commands import match
from matcher import ListingsError, MarksError
from matcher.errors import MatchError

MARKS = "mark_id,name,classes\n1,霖狸,32\n2,Zentavo,9\n"
LISTINGS = (
    '{"id": "a", "title": "霖狸 矿泉水", "shop": "甲店"}\n'
    '{"id": "b", "title": "霖狸 矿泉水", "shop": "霖狸旗舰店"}\n'
    "\n"
    '{"id": "c", "title": "plain cup"}\n'
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "m.csv").write_text(MARKS, encoding="utf-8")
    (tmp_path / "s.csv").write_text("mark_id,shop\n1,霖狸旗舰店\n", encoding="utf-8")
    (tmp_path / "l.jsonl").write_text(LISTINGS, encoding="utf-8")
    with gzip.open(tmp_path / "l.jsonl.gz", "wt", encoding="utf-8") as out:
        out.write(LISTINGS)
    return tmp_path


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    match.add(parser.add_subparsers())
    arguments = parser.parse_args(["match", *words])
    return int(arguments.run(arguments))


def order(folder: Path, listings: str = "l.jsonl", out: str = "out.jsonl") -> list[str]:
    return [
        "--marks", str(folder / "m.csv"), "--sellers", str(folder / "s.csv"),
        "--listings", str(folder / listings), "--out", str(folder / out),
    ]  # fmt: skip


def test_leads_are_written_for_plain_and_gzip_alike(files: Path) -> None:
    assert run(*order(files)) == 0
    assert run(*order(files, "l.jsonl.gz", "zipped.jsonl")) == 0
    leads = (files / "out.jsonl").read_bytes()
    assert leads == (files / "zipped.jsonl").read_bytes()
    rows = [json.loads(line) for line in leads.splitlines()]
    assert [(r["listing_id"], r["mark_id"], r["flag"]) for r in rows] == [
        ("a", "1", True), ("b", "1", False),
    ]  # fmt: skip
    assert set(rows[0]) == {
        "listing_id", "mark_id", "similarity", "priority", "flag",
        "field", "span", "reasons", "against", "versions",
    }  # fmt: skip


def test_leads_are_the_same_with_a_kept_index(files: Path) -> None:
    assert run(*order(files)) == 0
    for out in ("made.jsonl", "kept.jsonl"):
        assert run(*order(files, out=out), "--index", str(files / "m.index")) == 0
        assert (files / out).read_bytes() == (files / "out.jsonl").read_bytes()
    with pytest.raises(MatchError, match="choose another --index"):
        run(*order(files), "--index", str(files / "m.csv"))


def test_min_priority_leaves_out_the_others(files: Path) -> None:
    assert run(*order(files), "--min-priority", "0.5") == 0
    assert len((files / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_a_bad_line_leaves_no_output_and_an_old_one_as_it_was(files: Path) -> None:
    (files / "bad.jsonl").write_text(LISTINGS + "{\n", encoding="utf-8")
    (files / "old.jsonl").write_text("old", encoding="utf-8")
    with pytest.raises(ListingsError, match="line 5"):
        run(*order(files, "bad.jsonl"))
    with pytest.raises(ListingsError, match="line 5"):
        run(*order(files, "bad.jsonl", "old.jsonl"))
    assert not (files / "out.jsonl").exists()
    assert (files / "old.jsonl").read_text(encoding="utf-8") == "old"
    assert not list(files.glob(".*"))


def test_a_cut_gzip_is_said_to_be_damaged(files: Path) -> None:
    data = (files / "l.jsonl.gz").read_bytes()
    (files / "cut.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(ListingsError, match="damaged"):
        run(*order(files, "cut.gz"))


def test_missing_files_are_said(files: Path) -> None:
    with pytest.raises(ListingsError, match="cannot be read"):
        run(*order(files, "none.jsonl"))
    (files / "m.csv").unlink()
    with pytest.raises(MarksError, match="cannot be read"):
        run(*order(files))


@pytest.mark.parametrize("name", ["l.jsonl", "m.csv", "s.csv"])
def test_leads_never_replace_their_own_input(files: Path, name: str) -> None:
    before = (files / name).read_bytes()
    with pytest.raises(MatchError, match="would be overwritten"):
        run(*order(files, out=name))
    assert (files / name).read_bytes() == before


def test_a_priority_says_what_it_takes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for value in ("7", "-1", "nan", "much"):
        with pytest.raises(SystemExit):
            run(*order(files), f"--min-priority={value}")
        assert "须为 0 至 1 的数 / a number from 0 to 1" in capsys.readouterr().err


class Stream(io.TextIOWrapper):
    """A standard stream over bytes."""


def test_standard_streams(
    files: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", Stream(io.BufferedReader(io.BytesIO(LISTINGS.encode()))))
    monkeypatch.setattr(sys, "stdout", Stream(io.BytesIO()))
    words = order(files)
    words[words.index("--listings") + 1] = words[words.index("--out") + 1] = "-"
    assert run(*words) == 0
    assert sys.stdout.buffer.getvalue().count(b"\n") == 2  # type: ignore[attr-defined]
    assert "Compared 3 listings" in capfdbinary.readouterr().err.decode()
