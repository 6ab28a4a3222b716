"""The bad day through the command line: ten exhibits after the last backup, then no machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.home import EvidenceHome
from tests.evidence.succession.conftest import typed
from tests.evidence.succession.rig import ROOT, home_at, seal

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


def markseal(home: Path, *words: str | Path, given: str = "", code: int = 0) -> str:
    """Run one command as an operator would; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "desk.cli", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "MARKSEAL_HOME": str(home), "MARKSEAL_DATABASE_URL": ""},
        input=given,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_ten_exhibits_after_the_last_backup(tmp_path: Path) -> None:
    home, handed = tmp_path / "home", tmp_path / "handed"
    exhibits = home_at(home).path / "exhibits"
    key, public = tmp_path / "backup.pem", tmp_path / "public.pem"
    openssl("genpkey", "-algorithm", "X25519", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    markseal(home, "keys", "recovery", "--of", "5", "--need", "3", "--out", tmp_path / "sheets")
    sheets = [typed(path) for path in sorted((tmp_path / "sheets").iterdir())]
    markseal(home, "trust", "export", "--out", tmp_path / "first")
    for number in range(1, 4):
        seal(EvidenceHome(home), exhibits / str(number), number)
    began = time.monotonic()
    markseal(home, "backup", "--out", tmp_path / "day.backup", "--to", public)
    backed = time.monotonic() - began
    for number in range(4, 14):
        seal(EvidenceHome(home), exhibits / str(number), number)
    handed.mkdir()
    for dossier in exhibits.rglob("*.dossier.zip"):
        shutil.copy(dossier, handed)
    shutil.rmtree(home)

    new = tmp_path / "new"
    known = ["--known", handed / "13.dossier.zip"]
    began = time.monotonic()
    said = markseal(
        new, "restore", tmp_path / "day.backup", "--home", new, "--key", key, *known, code=1
    )
    restored = time.monotonic() - began
    assert "26" in said
    assert "3 / 3" in said
    gap = tmp_path / "gap.json"
    said = markseal(new, "succession", "prepare", "--reason", "backup-older", "--out", gap)
    assert "6 entries are in hand; 20 are known to have been and are gone" in said
    markseal(new, "succession", "open", "--statement", gap, code=1)
    for sheet in sheets[1:4]:
        assert "20 are known" in markseal(new, "keys", "sign-statement", gap, given=sheet)
    markseal(new, "succession", "open", "--statement", gap)
    markseal(new, "keys", "rotate", "signer")
    seal(EvidenceHome(new), new / "exhibits/14", 14)
    shutil.copy(new / "exhibits/14/14.dossier.zip", handed)
    markseal(new, "trust", "export", "--out", tmp_path / "second")
    assert "no findings" in markseal(new, "log", "audit")
    trust = tmp_path / "second/trust"
    for dossier in sorted(handed.iterdir()):
        markseal(new, "verify", dossier, "--trust", trust)
    told = markseal(
        new, "verify", handed / "14.dossier.zip", "--trust", tmp_path / "first/trust", code=1
    )
    assert "newer trust folder" in told
    states = markseal(new, "keys", "list")
    assert states.count("former") == 2
    print(f"soak: backup of 3 exhibits {backed:.1f} s, restore with all checks {restored:.1f} s")
    print("soak: 14 dossiers valid with the new trust folder, 20 lost entries named")


def test_a_stolen_key_through_the_command_line(tmp_path: Path) -> None:
    home, handed = tmp_path / "home", tmp_path / "handed"
    home_at(home)
    markseal(home, "keys", "recovery", "--of", "3", "--need", "2", "--out", tmp_path / "sheets")
    sheets = [typed(path) for path in sorted((tmp_path / "sheets").iterdir())]
    seal(EvidenceHome(home), handed, 1)
    statement = tmp_path / "revoke.json"
    markseal(home, "keys", "statement", "signer", "--out", statement)
    seal(EvidenceHome(home), handed, 2)
    wrong = sheets[0].replace(sheets[0][0], "Z" if sheets[0][0] != "Z" else "Y", 1)
    markseal(home, "keys", "sign-statement", statement, given=wrong, code=64)
    for sheet in sheets[:2]:
        markseal(home, "keys", "sign-statement", statement, given=sheet)
    markseal(home, "keys", "revoke", "signer", "--statement", statement)
    seal(EvidenceHome(home), handed, 3)
    markseal(home, "trust", "export", "--out", tmp_path / "new")
    trust = tmp_path / "new/trust"
    for number, code in ((1, 0), (2, 1), (3, 0)):
        dossier = handed / f"{number}.dossier.zip"
        markseal(home, "verify", dossier, "--trust", trust, code=code)
    print("soak: seals before the revocation valid, the one after it refused, sealing goes on")


def openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
