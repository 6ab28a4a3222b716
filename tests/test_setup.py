"""Set-up on a fresh machine says in one sentence what is missing and what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("sh", "id", "dirname", "mkdir", "cat", "rm", "tail", "head", "printf")
READY = (ROOT / ".venv" / ".markseal-package").exists() and Path(sys.prefix) == ROOT / ".venv"


def programs(folder: Path, *more: str) -> Path:
    """Make a folder with a few programs and nothing else, to be the whole PATH."""
    folder.mkdir()
    for name in (*NEEDED, *more):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    (folder / "python3").symlink_to(Path(sys._base_executable))
    return folder


def set_up(path: Path, *, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
    return subprocess.run(
        ["/bin/sh", "setup.sh", "service"],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    return done.stderr.strip().splitlines()


def test_without_python_it_says_which_is_needed(tmp_path: Path) -> None:
    path = programs(tmp_path / "bin")
    (path / "python3").unlink()
    shutil.copy(ROOT / "setup.sh", tmp_path)
    done = set_up(path, cwd=tmp_path)
    assert done.returncode == 1
    assert "3.11" in sentences(done)[-1]
    assert len(sentences(done)) == 2


def test_an_old_python_is_not_taken(tmp_path: Path) -> None:
    path = programs(tmp_path / "bin")
    (path / "python3").unlink()
    (path / "python3").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (path / "python3").chmod(0o755)
    shutil.copy(ROOT / "setup.sh", tmp_path)
    assert set_up(path, cwd=tmp_path).returncode == 1


@pytest.mark.skipif(not READY, reason="runs in the environment that setup.sh made")
def test_without_openssl_it_says_what_to_ask_for(tmp_path: Path) -> None:
    done = set_up(programs(tmp_path / "bin"))
    assert done.returncode == 1
    assert "apt install openssl" in sentences(done)[-1]


@pytest.mark.skipif(not READY, reason="runs in the environment that setup.sh made")
def test_a_second_run_is_quick_and_changes_nothing() -> None:
    if not (shutil.which("openssl") and shutil.which("chromium")):
        pytest.skip("needs openssl and chromium on the machine")
    stamp = ROOT / ".venv" / ".markseal-service"
    before = stamp.stat().st_mtime_ns
    started = time.monotonic()
    done = subprocess.run(
        ["/bin/sh", "setup.sh", "service"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert stamp.stat().st_mtime_ns == before
    assert time.monotonic() - started < 60
