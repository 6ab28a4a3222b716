"""``markseal verify`` and ``compare`` on content that is encrypted at rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.cli import main
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore, at_rest
from tests.evidence.succession.rig import home_at, seal


def test_it_is_opened_with_the_homes_key_and_by_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_at(tmp_path / "home")
    seal(home, home.path / "exhibits", 1)
    FolderStore(home).put(Kept(home.path / "exhibits", "1"))
    folder, trust = home.path / "exhibits", str(home.trust)
    assert not (folder / "1.wacz").exists()
    monkeypatch.setenv("MARKSEAL_HOME", str(home.path))
    for name in ("1.wacz", "1.dossier.zip", "1.wacz.atrest", "1.dossier.zip.atrest"):
        assert main(["verify", str(folder / name), "--trust", trust]) == 0, name
    assert "TRIAL: VALID" in capsys.readouterr().out
    assert main(["compare", str(folder / "1.wacz"), str(folder / "1.wacz.atrest")]) == 0
    capsys.readouterr()
    monkeypatch.setenv("MARKSEAL_HOME", str(tmp_path / "other"))
    for words in (["verify", str(folder / "1.wacz")], ["compare", str(folder / "1.wacz")]):
        more = [] if words[0] == "verify" else [str(folder / "1.wacz")]
        assert main([*words, *more]) == 64
        told = capsys.readouterr().err
        assert "no key for this exhibit's content" in told
        assert told.count("\n") == 2
    assert sorted(path.name for path in folder.glob(".clear-*")) == []


def test_a_folder_is_no_exhibit_whatever_it_is_called() -> None:
    for name in (".", "/", ".."):
        assert at_rest(Path(name)) is None
