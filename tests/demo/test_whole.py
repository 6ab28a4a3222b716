"""The whole demo, as ``make demo`` runs it: ends well, stays until told, leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.processes import DIRECT, ROOT

pytestmark = [pytest.mark.soak, pytest.mark.shop, pytest.mark.browser]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/$", re.MULTILINE)
LONGEST = 600


def started_by(pid: int) -> list[int]:
    """Return the processes below this one."""
    listing = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        below = [child for child, above in pairs if above == parent]
        found += below
        todo += below
    return found


def running(pids: list[int]) -> list[int]:
    states = subprocess.run(
        ["ps", "-eo", "pid=,stat="], check=True, capture_output=True, text=True
    ).stdout
    alive = {
        int(line.split()[0]) for line in states.splitlines() if not line.split()[1].startswith("Z")
    }
    return [pid for pid in pids if pid in alive]


def gone(pids: list[int], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while running(pids) and time.monotonic() < end:
        time.sleep(0.2)
    return not running(pids)


@contextmanager
def run_demo(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the demo and hand it over; it is ended in any case."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "demo.run", "--home", str(home), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with demo:
        try:
            yield demo
        finally:
            demo.kill()


def read_until(demo: subprocess.Popen[str], words: str) -> str:
    text = ""
    assert demo.stdout is not None
    for line in demo.stdout:
        text += line
        if words in line:
            return text
    raise AssertionError(f"{words!r} never came:\n{text}")


@pytest.mark.timeout(LONGEST)
def test_once_ends_well_and_prints_what_was_promised(tmp_path: Path) -> None:
    with run_demo(tmp_path / "home", "--once") as demo:
        text, _ = demo.communicate(timeout=LONGEST)
    assert demo.returncode == 0, text
    for words in ("listings crawled", "suspected leads", "exhibit's path", "Verification: OK"):
        assert words in text
    assert "试用：核验通过" in text


@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_it_stays_up_until_stopped_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    with run_demo(tmp_path / "home") as demo:
        text = read_until(demo, "Ctrl-C")
        for address in ADDRESS.findall(text):
            with DIRECT.open(address, timeout=30) as answer:
                assert answer.status == 200
        children = started_by(demo.pid)
        assert len(children) >= 4
        demo.send_signal(number)
        assert demo.wait(60) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        assert gone(children)


@pytest.mark.timeout(LONGEST)
def test_when_a_part_ends_by_itself_everything_ends(tmp_path: Path) -> None:
    with run_demo(tmp_path / "home") as demo:
        read_until(demo, "Ctrl-C")
        children = started_by(demo.pid)
        os.kill(children[0], signal.SIGKILL)
        assert demo.wait(60) == 1
        assert gone(children)
