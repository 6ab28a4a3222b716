"""The supervisor alone: whatever it started ends with it, however it was started."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.worker import family
from evidence.worker.supervisor import Ending, Task, ending_of, task_line

ROOT = Path(__file__).resolve().parents[3]

# Three that try to get away: a session of its own, an orphan, and an orphan's orphan.
SCATTER = """
import os, subprocess, sys, time
mark = sys.argv[1]
sleep = ["sleep", "600." + mark]
subprocess.Popen(sleep, start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", sleep)
    if os.fork() == 0:
        os.setsid()
        os.execvp("sleep", sleep)
    os._exit(0)
os.wait()
time.sleep(0.3)
"""


def wait_for(done: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def task(folder: Path, code: str, *more: str, seconds: float = 60, memory: int = 1 << 30) -> Task:
    return Task(
        command=[sys.executable, "-c", code, *more],
        environment={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        message="hello\n",
        words=str(folder / "words"),
        private=str(folder / "private"),
        seconds=seconds,
        memory_bytes=memory,
    )


def start(wanted: Task) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "evidence.worker.supervisor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert child.stdin is not None
    child.stdin.write(task_line(wanted))
    child.stdin.flush()
    return child


def finish(child: subprocess.Popen[bytes]) -> Ending:
    assert child.stdout is not None
    assert child.stdin is not None
    line = child.stdout.readline()
    child.stdin.close()
    child.wait(20)
    child.stdout.close()
    found = ending_of(line)
    assert found is not None
    return found


def test_what_tries_to_get_away_is_ended(tmp_path: Path) -> None:
    mark = str(os.getpid())
    ending = finish(start(task(tmp_path, SCATTER + "sys.exit(3)", mark)))
    assert (ending.how, ending.value, ending.left) == ("exit", 3, [])
    assert ending.killed >= 3
    assert family.bearers("600." + mark) == set()


def test_the_message_arrives_and_words_are_kept(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write(sys.stdin.read() + repr(sorted(__import__('os').environ)))"
    ending = finish(start(task(tmp_path, code)))
    assert (ending.how, ending.value, ending.killed) == ("exit", 0, 0)
    said = (tmp_path / "words").read_text()
    assert said.startswith(("hello\n['LC_CTYPE', 'PATH'", "hello\n['PATH'"))


def test_no_open_file_is_inherited(tmp_path: Path) -> None:
    code = "import os, sys; sys.stderr.write(' '.join(sorted(os.listdir('/proc/self/fd'))))"
    with (tmp_path / "secret").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        finish(start(task(tmp_path, code)))
    assert (tmp_path / "words").read_text() == "0 1 2 3"  # 3 is the folder being listed


def test_a_signal_is_told(tmp_path: Path) -> None:
    ending = finish(start(task(tmp_path, "import os; os.kill(os.getpid(), 9)")))
    assert (ending.how, ending.value) == ("signal", signal.SIGKILL)


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    wanted = task(tmp_path, "")
    wanted.command[0] = "/nowhere/python"
    ending = finish(start(wanted))
    assert ending.how == "not started"
    assert ending.value == errno.ENOENT


def test_the_bound_on_time(tmp_path: Path) -> None:
    mark = f"{os.getpid()}1"
    code = SCATTER + "time.sleep(60)"
    ending = finish(start(task(tmp_path, code, mark, seconds=1.5)))
    assert (ending.how, ending.left) == ("time", [])
    assert family.bearers("600." + mark) == set()


def test_the_bound_on_memory_counts_every_process(tmp_path: Path) -> None:
    code = "import os, time; [os.fork() for _ in range(2)]; x = b'x' * 30_000_000; time.sleep(60)"
    ending = finish(start(task(tmp_path, code, memory=80 << 20)))
    assert ending.how == "memory"
    assert 80 << 20 < ending.peak_bytes < 300 << 20


@pytest.mark.parametrize("way", ["lifeline", "killed"])
def test_everything_ends_with_the_caller(tmp_path: Path, way: str) -> None:
    mark = f"{os.getpid()}{len(way)}"
    (tmp_path / "private/inside").mkdir(parents=True)
    wanted = task(tmp_path, SCATTER + "time.sleep(600)", mark)
    script = (
        "import sys, time\nfrom tests.evidence.worker.test_supervisor import *\n"
        "child = start(Task(**json.loads(sys.argv[1])))\nprint(child.pid, flush=True)\n"
        "sys.stdin.read()\nchild.stdin.close()\ntime.sleep(600)\n"
    )
    line = task_line(wanted).decode()
    with subprocess.Popen(
        [sys.executable, "-c", "import json\n" + script, line],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as caller:
        assert caller.stdout is not None
        assert caller.stdin is not None
        supervisor = int(caller.stdout.readline())
        wait_for(lambda: len(family.bearers("600." + mark)) >= 3)
        if way == "killed":
            caller.kill()
        else:
            caller.stdin.close()
        wait_for(lambda: supervisor not in family.parents())
        assert family.bearers("600." + mark) - {caller.pid} == set()
        assert not (tmp_path / "private").exists()
        caller.kill()


def test_a_caller_without_a_word_starts_nothing() -> None:
    command = [sys.executable, "-P", "-m", "evidence.worker.supervisor"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert ending_of(b"") is None
    assert ending_of(b'{"how": "exit", "odd": 1}') is None
