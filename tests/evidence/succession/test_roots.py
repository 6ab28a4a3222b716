"""An authority's new root never pushes out the one that earlier exhibits need."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from evidence.authority import create_local
from evidence.home import open_home
from evidence.verify.trust import load_trust

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_a_new_root_is_added_to_the_old_one(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home", clock=lambda: NOW)
    before = load_trust(home.trust).authorities[0].certificates
    (home.authority).rename(tmp_path / "gone")
    create_local(home.authority, now=NOW)
    assert home.update_trust(now=NOW, why="update") == ["authorities/trial.pem"]
    after = load_trust(home.trust).authorities[0].certificates
    assert (len(after), after[1:]) == (2, before)
    assert home.stale_trust() == []
