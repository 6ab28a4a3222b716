"""``markseal compare``: what differs between two captures, and files that are none."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from desk.cli import main
from desk.commands.compare import lines_of
from evidence.format import names
from evidence.seal.comparison import compare_packages
from tests.evidence.builder import Draft, World


def picture(*, box: tuple[int, int, int, int] | None = None) -> bytes:
    drawn = Image.new("RGB", (120, 90), "white")
    if box is not None:
        ImageDraw.Draw(drawn).rectangle(box, fill="black")
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def wacz(world: World, path: Path, *, text: str, shown: bytes) -> Path:
    draft = Draft(world)
    draft.artefacts |= {names.TEXT: text.encode(), names.SCREENSHOT: shown}
    path.write_bytes(draft.seal().wacz)
    return path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    world = World.create(tmp_path / "world")
    return wacz(world, tmp_path / "A.wacz", text="现价 39 元\n宁波", shown=picture())


def test_equal_captures(first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(first), str(first)]) == 0
    assert capsys.readouterr().out.startswith("一致 / equal\n")


def test_a_second_visit_that_shows_something_else(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = picture(box=(20, 30, 59, 49))
    other = World.create(tmp_path / "other")
    second = wacz(other, tmp_path / "B.wacz", text="现价 59 元\n宁波", shown=shown)
    assert main(["compare", str(first), str(second)]) == 1
    told = capsys.readouterr().out
    assert "  A: 现价 39 元\n  B: 现价 59 元\n" in told
    assert "x 20 y 30, 40 × 20" in told
    assert main(["compare", str(first), str(second), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["text"]["equal"]) == ("different", False)
    assert found["picture"]["regions"] == [{"x": 20, "y": 30, "width": 40, "height": 20}]


def test_captures_of_different_addresses_are_compared_and_it_is_said(first: Path) -> None:
    found = compare_packages(first, first)
    assert found.to_json()["same_address"] is True
    assert "网址不同" not in "".join(lines_of(found.to_json()))
    elsewhere = replace(found, second=replace(found.second, url="https://elsewhere.example/"))
    assert elsewhere.equal
    assert elsewhere.to_json()["same_address"] is False
    assert "网址不同" in "".join(lines_of(elsewhere.to_json()))


def test_a_picture_that_cannot_be_read_is_one_sentence(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = wacz(World.create(tmp_path / "other"), tmp_path / "D.wacz", text="a", shown=b"GIF89a")
    assert main(["compare", str(first), str(broken)]) == 64
    assert capsys.readouterr().err.startswith("错误：两次取证无法比较（不是可读取的画面）。\n")


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"hello"])
def test_a_file_that_is_no_package_is_one_sentence(
    first: Path, tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "X.wacz"
    if content is not None:
        other.write_bytes(content)
    assert main(["compare", str(first), str(other)]) == 64
    assert capsys.readouterr().err.startswith("错误：")
