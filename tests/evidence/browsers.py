"""A browser found by the log it writes, and the ways its processes can end."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from evidence.worker import family


def browser_of(log: Path) -> int:
    """Return the first process of the browser that writes below ``log``."""
    named = _named(f"--log-net-log={log}")
    return next(pid for pid in named if family.parents().get(pid) not in named)


def kill_browser(log: Path) -> None:
    """Kill the browser with all its processes.

    They are stopped first: the process that writes the log would else see the others go and
    end it in order, and a log that is whole is no fault.
    """
    first = browser_of(log)
    everyone = {first} | family.descendants(first)
    for how in (signal.SIGSTOP, signal.SIGKILL):
        for pid in everyone:
            with suppress(ProcessLookupError):
                os.kill(pid, how)


def kill_kind(log: Path, kind: str) -> None:
    """Kill the browser's processes of a kind: ``renderer``, or ``utility``: it writes the log."""
    found = family.descendants(browser_of(log)) & _named(f"--type={kind}")
    assert found
    family.kill(found)


def _named(mark: str) -> set[int]:
    """Return the processes with an argument that begins with ``mark``.

    Chromium's children carry their arguments as one text with spaces; both ways are read.
    """
    found: set[int] = set()
    for pid in family.parents():
        with suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b" ", b"\0")
            if any(one.startswith(mark.encode()) for one in line.split(b"\0")):
                found.add(pid)
    return found
