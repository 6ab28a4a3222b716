"""The demo makes its folder anew, and touches no other folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.run import MARKER, fresh_home
from demo.wording import pad, width


def test_the_folder_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with fresh_home(home):
        (home / "old" / "deep").mkdir(parents=True)
    with fresh_home(home):
        assert [path.name for path in home.iterdir()] == [MARKER]
        assert home.stat().st_mode & 0o077 == 0


def test_a_folder_that_is_not_a_demo_s_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "precious"
    home.mkdir()
    (home / "letter.txt").write_text("keep")
    with pytest.raises(DemoError, match="not a demo's folder"):
        fresh_home(home)
    assert (home / "letter.txt").read_text() == "keep"


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with fresh_home(home):
        (home / "in-use").touch()
        with pytest.raises(DemoError, match="Another demo is running"):
            fresh_home(home)
        assert (home / "in-use").exists()


def test_columns_line_up_in_both_scripts() -> None:
    assert width("谐音 ab") == 7
    assert width(pad("谐音", 10)) == width(pad("sound", 10)) == 10
