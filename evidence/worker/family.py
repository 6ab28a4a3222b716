"""The processes below one process, and their end: what the supervisor and its caller share.

Standard library alone, Linux ``/proc`` alone; elsewhere nobody is found.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_MEMORY = ("RssAnon:", "RssShmem:")


def parents() -> dict[int, int]:
    """Return the parent of every process that runs (the dead that nobody fetched left out)."""
    found: dict[int, int] = {}
    for name in _numbers():
        try:
            text = (_PROC / name / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        if state not in "ZX":
            found[int(name)] = int(parent)
    return found


def descendants(root: int, known: dict[int, int] | None = None) -> set[int]:
    """Return every process below ``root``."""
    by_parent: dict[int, list[int]] = {}
    for pid, parent in (parents() if known is None else known).items():
        by_parent.setdefault(parent, []).append(pid)
    found: set[int] = set()
    edge = [root]
    while edge:
        edge = [child for pid in edge for child in by_parent.get(pid, ()) if child not in found]
        found.update(edge)
    return found


def bearers(mark: str) -> set[int]:
    """Return the processes with ``mark`` in their command line or environment, and those below."""
    wanted, known = mark.encode(), parents()
    found: set[int] = set()
    for pid in known:
        for part in ("cmdline", "environ"):
            try:
                data = (_PROC / str(pid) / part).read_bytes()
            except OSError:
                continue
            if wanted in data:
                found.add(pid)
                break
    below = [descendants(pid, known) for pid in found]
    return found.union(*below) - {os.getpid()}


def memory(pids: set[int]) -> int:
    """Return the bytes the processes hold: anonymous and shared memory, program files left out.

    Memory shared by two of them counts twice: it bounds from above.
    """
    total = 0
    for pid in pids:
        try:
            lines = (_PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(_MEMORY))
    return total * 1024


def kill(pids: set[int]) -> None:
    """Kill each at once; those that are gone already, or are not ours, are passed over."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end_bearers(mark: str, *, seconds: float) -> set[int]:
    """Kill whatever bears ``mark`` until nothing does; return what was left after ``seconds``."""
    deadline = time.monotonic() + seconds
    left = bearers(mark)
    while left and time.monotonic() < deadline:
        kill(left)
        time.sleep(0.05)
        left = bearers(mark)
    return left


def _numbers() -> list[str]:
    try:
        return [name for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []
