"""Backups while captures are sealed, some of both killed at random: every whole file is sound."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.seal import Status
from evidence.succession.restore import restore
from tests.evidence.succession.rig import ROOT, home_at, seal
from tests.evidence.succession.test_backup import OPEN

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
ROUNDS = 12

SEALING = """
import sys
from pathlib import Path
from evidence.home import EvidenceHome
from tests.evidence.succession.rig import seal
home = EvidenceHome(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 10000):
    seal(home, home.path / "exhibits" / str(number), number)
"""
BACKING_UP = """
import sys
from pathlib import Path
from evidence.home import EvidenceHome
from tests.evidence.succession.test_backup import saved
saved(EvidenceHome(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def started(code: str, *words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )


def killed(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_every_backup_of_a_busy_house_is_sound(tmp_path: Path) -> None:
    chance, home = random.Random(7), home_at(tmp_path / "home")
    seal(home, home.path / "exhibits/0", 0)
    whole = cut = finished = next_number = 0
    for number in range(ROUNDS):
        next_number += 100
        sealing = started(SEALING, home.path, next_number)
        time.sleep(chance.uniform(0.5, 4))
        out = tmp_path / f"{number}.backup"
        backing = started(BACKING_UP, home.path, out)
        if number % 3 == 2:
            time.sleep(chance.uniform(0.2, 1.5))
            killed(backing)
        else:
            said = backing.communicate(timeout=300)[1]
            assert backing.returncode == 0, said
        killed(sealing)
        if not out.exists():
            cut += 1
            continue
        whole += 1
        found = restore(out, tmp_path / "new", OPEN)
        assert found.sound, (found.exhibits, found.audit.findings, found.ahead)
        assert found.absent == ()
        for name in found.unfinished:
            again = int(name, 16)
            out_again = found.home.path / "exhibits" / str(again)
            assert seal(found.home, out_again, again).status is Status.SEALED
            finished += 1
        assert found.home.audit_log().clean
        shutil.rmtree(tmp_path / "new")
        out.unlink()
    assert whole >= ROUNDS // 2
    assert home.audit_log().clean
    print(f"soak: {ROUNDS} rounds, {whole} backups whole and sound, {cut} killed and not there")
    print(f"soak: {finished} captures cut short in a backup were finished after it was restored")
