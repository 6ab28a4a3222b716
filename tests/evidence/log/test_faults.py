"""Killed at any step, and torn afterwards: nothing acknowledged is lost, nothing is forked."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import LogError
from evidence.log import audit
from evidence.log.durable import locked
from tests.evidence.log.fixtures import add_attempts, make_log

ROOT = Path(__file__).resolve().parents[3]
POINTS_PER_APPEND = 9


def start(folder: Path, count: int, kill_at: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.evidence.log.appender"]
    return subprocess.Popen(
        [*command, str(folder), str(count), str(kill_at)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def acknowledged(child: subprocess.Popen[str]) -> list[int]:
    out, _ = child.communicate(timeout=120)
    return [int(line) for line in out.split("\n") if line.isdigit()]


def check_after_kill(folder: Path, kept: list[int]) -> None:
    """Recover by appending one more; every acknowledged entry must still be there."""
    log = make_log(folder)
    before = log.store.head()
    add_attempts(log, 1, case=f"after {len(list(folder.iterdir()))} {random.random()}")
    report = audit(folder)
    assert report.clean, report.to_json()
    assert before is None or report.size >= before.size + 1
    assert all(index < report.size for index in kept)


@pytest.mark.parametrize("kill_at", [1, 4, 9, 13, 15, 17, 20, 23])
def test_killed_at_a_step_of_appending(tmp_path: Path, kill_at: int) -> None:
    child = start(tmp_path, 5, kill_at)
    kept = acknowledged(child)
    assert child.returncode == -signal.SIGKILL
    check_after_kill(tmp_path, kept)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_killed_at_every_step_with_torn_blocks(tmp_path: Path) -> None:
    rng = random.Random(3)
    kills = 0
    acknowledged_in_all = 0
    for _ in range(120):
        child = start(tmp_path, 30, rng.randrange(1, 150))
        kept = acknowledged(child)
        kills += child.returncode == -signal.SIGKILL
        acknowledged_in_all += len(kept)
        tear_beyond(tmp_path, rng)
        check_after_kill(tmp_path, kept)
    sys.stdout.write(f"soak: kill -9 while appending {kills}, acknowledged {acknowledged_in_all}\n")
    assert kills >= 100
    assert audit(tmp_path).size >= acknowledged_in_all


def tear_beyond(folder: Path, rng: random.Random) -> None:
    """Tear what a crashed disk may tear: files of the append that was not committed."""
    head = make_log(folder).store.head()
    size = head.size if head else 0
    for path in folder.glob("tile/*/*.p/*"):
        if path.name.isdigit() and int(path.name) > size % 256 and rng.random() < 0.8:
            data = path.read_bytes()
            path.write_bytes(data[: rng.randrange(len(data) + 1)])
    for path in folder.rglob("*.tmp"):
        path.write_bytes(rng.randbytes(rng.randrange(200)))


def test_two_writers_at_once_take_turns(tmp_path: Path) -> None:
    children = [start(tmp_path, 40, 0) for _ in range(3)]
    indices = [index for child in children for index in acknowledged(child)]
    assert sorted(indices) == list(range(120))
    report = audit(tmp_path)
    assert report.clean, report.to_json()
    assert report.size == 120


def test_a_writer_that_does_not_get_the_lock_says_so(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path), pytest.raises(LogError, match="Another process"), locked(path, seconds=0.05):
        pass
