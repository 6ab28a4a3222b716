"""An authority's new root, or a new witness, never pushes out what earlier exhibits need."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from evidence.authority import create_local
from evidence.format.cosignature import WitnessKey
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


def test_a_new_witness_is_added_to_the_old_one(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home", clock=lambda: NOW)
    keys = [WitnessKey("w.example/1", bytes([n]) * 32).text() for n in (1, 2)]
    for key in keys:
        (home.path / "witnesses.toml").write_text(
            f'[[witnesses]]\nname = "notary"\nvkey = "{key}"\n'
            'url = "http://127.0.0.1:1"\nrelation = "notary"\n'
        )
        home.update_trust(now=NOW, why="update")
    policy = load_trust(home.trust).policy
    held = [(home.trust / item.vkey).read_text().strip() for item in policy.witnesses]
    assert held == [keys[1], keys[0]]
    assert len({item.name for item in policy.witnesses}) == 2
    assert home.stale_trust() == []
