"""Who holds a lease: one process of one machine, recognisable after it is gone.

A name is ``machine|pid|start time``: a process id alone may be given to another
process later, together with its start time it is not (Linux: /proc/PID/stat field 22).
"""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def machine() -> str:
    """Return a name of this running machine and process-id space; new after each boot."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    facts = "\n".join((socket.gethostname(), _read("/proc/sys/kernel/random/boot_id"), space))
    return f"{socket.gethostname()[:40]}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"


def _start_time(pid: int) -> str | None:
    stat = _read(f"/proc/{pid}/stat")
    if not stat:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else fields[18]


def own_name() -> str:
    """Return the name of this process."""
    pid = os.getpid()
    return f"{machine()}|{pid}|{_start_time(pid) or '0'}"


def is_dead(owner: str) -> bool:
    """Return whether the owner was a process of this machine that certainly is no more.

    An owner on another machine, or a machine without /proc, is never called dead here:
    its lease runs out instead.
    """
    place, _, rest = owner.partition("|")
    pid, _, started = rest.partition("|")
    if place != machine() or not pid.isdigit() or started == "0":
        return False
    return _start_time(int(pid)) != started
