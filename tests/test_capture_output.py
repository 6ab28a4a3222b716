"""What ``markseal capture`` prints of a page is text and steers no terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.commands.preserving import _tell
from evidence.seal import Preserved, Status


def test_a_title_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _tell(
        Preserved(
            status=Status.SEALED,
            wacz=Path("a.wacz"),
            dossier=None,
            manifest_sha256="0" * 64,
            index=1,
            trial=True,
            title="龙井\x9b2J\u202e茶",
            final_url="http://shop.example/",
            http_status=200,
            page_note=None,
            certificate="none (http)",
            checkpoint=None,
        )
    )
    out = capsys.readouterr().out
    assert "龙井\\u009b2J\\u202e茶 (200)" in out
