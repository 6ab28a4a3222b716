"""What the demo starts ends with it, and what ends by itself is told."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from demo.errors import ChildEnded, TooLong
from demo.processes import Household, free_port


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def start(household: Household, program: str) -> int:
    child = household.start(
        "小程序", "small program", [sys.executable, "-c", program], environment=os.environ
    )
    return child.process.pid


def test_stop_ends_children_and_what_they_started(tmp_path: Path) -> None:
    household = Household(tmp_path)
    note = tmp_path / "grandchild"
    program = (
        "import pathlib, subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"pathlib.Path({str(note)!r}).write_text(str(p.pid)); time.sleep(600)"
    )
    pid = start(household, program)
    end = time.monotonic() + 20
    while not (note.is_file() and note.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    grandchild = int(note.read_text())
    household.stop()
    assert not alive(pid)
    end = time.monotonic() + 5
    while alive(grandchild) and time.monotonic() < end:
        time.sleep(0.05)
    status = Path(f"/proc/{grandchild}/status")
    assert not alive(grandchild) or "State:\tZ" in status.read_text()


def test_a_child_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    household = Household(tmp_path)
    start(household, "import sys; print('the last words'); sys.exit(3)")
    household.children[0].process.wait(20)
    with pytest.raises(ChildEnded, match=r"exit 3: the last words") as told:
        household.check()
    assert "小程序意外退出" in told.value.zh
    household.stop()


def test_an_answer_that_does_not_come_is_told(tmp_path: Path) -> None:
    household = Household(tmp_path)
    start(household, "import time; time.sleep(600)")
    with pytest.raises(TooLong):
        household.await_answer(
            household.children[0], f"http://127.0.0.1:{free_port()}/", seconds=0.5
        )
    household.stop()
