"""What ``markseal capture`` prints of a page is text and steers no terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from desk.commands.preserving import _tell
from evidence.seal import Preserved, Status
from evidence.seal.snapshot import beside_of


def preserved(title: str, **more: Any) -> Preserved:
    return Preserved(
        status=Status.SEALED,
        wacz=Path("a.wacz"),
        dossier=None,
        manifest_sha256="0" * 64,
        index=1,
        trial=True,
        title=title,
        final_url="http://shop.example/",
        http_status=200,
        page_note=None,
        certificate="none (http)",
        checkpoint=None,
        **more,
    )


def test_a_title_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _tell(preserved("龙井\x9b2J\u202e茶"))
    out = capsys.readouterr().out
    assert "龙井\\u009b2J\\u202e茶 (200)" in out


def test_a_page_without_a_title_is_said_to_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    _tell(preserved(" "))
    assert "（无标题 / no title） (200)" in capsys.readouterr().out


def test_windows_and_dialogs_are_told_after_what_is_declared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _tell(preserved("茶", declared=(("甲", "a"),), beside=(("乙", "b"),)))
    out = capsys.readouterr().out
    assert out.index("声明 / declared: 甲 / a") < out.index("另有 / also: 乙 / b")


def test_what_the_page_did_beside_itself_is_read_from_its_record(tmp_path: Path) -> None:
    held = {"not_recorded": [{"what": "popup"}, {"what": "popup"}, {"what": "refused"}]}
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/capture.json").write_text(json.dumps({**held, "dialogs_seen": 3}))
    told = beside_of(tmp_path)
    assert [en.rpartition(": ")[2] for _, en in told] == ["2", "3"]
    assert "dismissed" in told[1][1]
