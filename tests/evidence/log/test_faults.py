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
from tests.evidence.log.fixtures import add_attempts, attempt, make_log

ROOT = Path(__file__).resolve().parents[3]
KILLS = 120
TORN = 180


def start(folder: Path, count: int, kill_at: int, point: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.evidence.log.appender"]
    return subprocess.Popen(
        [*command, str(folder), str(count), str(kill_at), point],
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


FAULT_POINTS = (
    "log: staged", "log: before checkpoint", "log: checkpoint written", "in place",
    "log: tiles durable", "log: checkpoint renamed", "log: committed", "checkpoint.seen written",
)  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_every_point_of_an_append(tmp_path: Path) -> None:
    """Every point, early and late in the run; half of the time two writers are killed at once."""
    rng = random.Random(3)
    kills = acknowledged_in_all = 0
    for turn in range(KILLS):
        point = FAULT_POINTS[turn % len(FAULT_POINTS)]
        children = [start(tmp_path, 12, rng.randrange(1, 10), point) for _ in range(1 + turn % 2)]
        kept = [index for child in children for index in acknowledged(child)]
        kills += sum(child.returncode == -signal.SIGKILL for child in children)
        assert len(set(kept)) == len(kept)
        acknowledged_in_all += len(kept)
        tear_beyond(tmp_path, rng)
        check_after_kill(tmp_path, kept)
    sys.stdout.write(
        f"soak: kill -9 while appending {kills}, at {len(FAULT_POINTS)} fault points; "
        f"acknowledged {acknowledged_in_all}, lost 0, audits clean {KILLS}\n"
    )
    assert kills >= 150
    assert audit(tmp_path).size >= acknowledged_in_all


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_torn_at_the_last_block_of_any_file(tmp_path: Path) -> None:
    """Truncate or corrupt the last block of a file of the log, go on, lose nothing."""
    rng = random.Random(4)
    log = make_log(tmp_path)
    torn: dict[str, int] = {}
    wanted: list[bytes] = []
    while sum(torn.values()) < TORN:
        for _ in range(rng.choice((1, 1, 2, 5))):
            number = len(wanted) + 1
            log.append(lambda s, n=number: attempt(s.previous(), n))  # type: ignore[misc]
            wanted.append(log.store.entry(number - 1, number))
        name = tear(tmp_path, rng)
        torn[name] = torn.get(name, 0) + 1
        with log.writing() as session:
            assert [data for _, data in session.entries()] == wanted
        if sum(torn.values()) % 10 == 0:
            report = audit(tmp_path)
            assert report.clean, report.to_json()
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(torn.items()))
    sys.stdout.write(f"soak: torn writes {sum(torn.values())} ({kinds}); entries lost 0\n")
    assert sum(torn.values()) >= 150


def tear(folder: Path, rng: random.Random) -> str:
    """Truncate or corrupt the last block of one file that was written last; say which kind."""
    kinds = {
        "checkpoint": [folder / "checkpoint"],
        "second checkpoint": [folder / "checkpoint.seen"],
        "waiting list": [folder / "staged"],
        "entries": sorted(folder.glob("tile/entries/*.p/*")) or [folder / "tile/entries/000"],
        "hashes": sorted(folder.glob("tile/[0-9]*/*.p/*")) or [folder / "tile/0/000"],
    }
    name = rng.choice(sorted(kinds))
    path = max((p for p in kinds[name] if p.exists()), key=lambda p: p.stat().st_mtime_ns)
    data = path.read_bytes()
    block = max(0, len(data) - 4096)
    at = rng.randrange(block, len(data) + 1)
    if rng.random() < 0.5:
        path.write_bytes(data[:at])
    else:
        path.write_bytes(data[:at] + rng.randbytes(len(data) - at))
    return name


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


def test_every_point_is_one_of_an_append(tmp_path: Path) -> None:
    points: list[str] = []
    log = make_log(tmp_path, points.append)
    add_attempts(log, 1)
    assert all(any(point.endswith(name) for point in points) for name in FAULT_POINTS)
    assert all(any(point.endswith(name) for name in FAULT_POINTS) for point in points)


@pytest.mark.parametrize("seed", range(6))
def test_a_torn_file_costs_nothing(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    log = make_log(tmp_path)
    for first in (1, 4, 7):
        add_attempts(log, 3, first=first)
        tear(tmp_path, rng)
    add_attempts(log, 1, first=10)
    report = audit(tmp_path)
    assert report.clean, report.to_json()
    assert report.size == 10


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
