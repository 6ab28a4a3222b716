"""The supervisor of one capture: starts it, bounds it, and leaves nothing of it running.

A program of its own (``python -m evidence.worker.supervisor``) with the standard library alone,
so that it starts at once and nothing that a page could upset is in it. It reads one line of
JSON, the task; the pipe it came through is its lifeline: when that closes, or its parent is
gone, the capture is ended. Orphans of the capture become its children (PR_SET_CHILD_SUBREAPER),
so that it can end them all. Its last word is one line of JSON (``Ending``).
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from evidence.worker import family

_SUBREAPER = 36
_LOOK = 0.05
_WEIGH = 0.5
_CLEAR_SECONDS = 10.0
NO_ROOM = 74  # EX_IOERR: the capture could not write its answer


@dataclass(frozen=True)
class Task:
    """What to start and how long and large it may become.

    ``message`` is handed to the capture's standard input; what it says goes to ``words``;
    ``private`` is removed here only when the caller is gone. ``user`` is (uid, gid), or None;
    ``lent`` are open files to be passed on.
    """

    command: list[str]
    environment: dict[str, str]
    message: str
    words: str
    private: str
    seconds: float
    memory_bytes: int
    user: tuple[int, int] | None = None
    lent: list[int] = field(default_factory=list)


@dataclass
class Ending:
    """How the capture's process ended: exit, signal, memory, time, not started, caller gone.

    ``value`` is the exit code, signal or errno; ``left`` are processes that could not be ended.
    """

    how: str = "exit"
    value: int = 0
    peak_bytes: int = 0
    killed: int = 0
    left: list[int] = field(default_factory=list)


def main() -> int:
    """Run one task to its end."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the lifeline decides
    parent = os.getppid()
    given: dict[str, Any] = json.loads(_line())
    user = given.pop("user")
    task = Task(**given, user=(int(user[0]), int(user[1])) if user else None)
    try:
        ending = _watch(_start(task), task, parent)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        ending = Ending("not started", error.errno or 0)
    ending.killed, ending.left = _clear()
    if ending.how == "caller gone":
        shutil.rmtree(task.private, ignore_errors=True)
    with suppress(OSError):
        sys.stdout.write(json.dumps(asdict(ending)) + "\n")
        sys.stdout.flush()
    return 0


def _line() -> bytes:
    """Return the first line of standard input, read without a buffer that hides its end."""
    held = b""
    while not held.endswith(b"\n"):
        more = os.read(0, 1 << 16)
        if not more:
            raise SystemExit(0)
        held += more
    return held


def _start(task: Task) -> subprocess.Popen[bytes]:
    words = os.open(task.words, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    drop: dict[str, Any] = {}
    if task.user is not None:
        drop = {"user": task.user[0], "group": task.user[1], "extra_groups": []}
    try:
        child = subprocess.Popen(
            task.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
            env=task.environment,
            cwd="/",
            start_new_session=True,
            pass_fds=task.lent,
            **drop,
        )
    finally:
        os.close(words)
    if child.stdin is not None:
        with suppress(BrokenPipeError):
            child.stdin.write(task.message.encode())
            child.stdin.close()
    return child


def _watch(child: subprocess.Popen[bytes], task: Task, parent: int) -> Ending:
    """Wait until the capture ends by itself or must be ended."""
    ending = Ending()
    deadline = time.monotonic() + task.seconds
    weighed = 0.0
    while True:
        status = _reap(child)
        if status is not None:
            code = os.waitstatus_to_exitcode(status)
            ending.how, ending.value = ("exit", code) if code >= 0 else ("signal", -code)
            return ending
        now = time.monotonic()
        if _cut_off() or os.getppid() != parent:
            ending.how = "caller gone"
            return ending
        if now > deadline:
            ending.how = "time"
            return ending
        if now - weighed >= _WEIGH:
            weighed = now
            ending.peak_bytes = max(ending.peak_bytes, _weight())
            if ending.peak_bytes > task.memory_bytes:
                ending.how = "memory"
                return ending


def _weight() -> int:
    return family.memory(family.descendants(os.getpid()))


def _cut_off() -> bool:
    """Wait a moment; return whether the lifeline closed."""
    ready, _, _ = select.select([0], [], [], _LOOK)
    return bool(ready) and not os.read(0, 4096)


def _reap(child: subprocess.Popen[bytes]) -> int | None:
    """Fetch every child that died; return the capture's own status if it was among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child.pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            found = status


def _clear() -> tuple[int, list[int]]:
    """End everything below this process; return how many there were and which would not go."""
    seen: set[int] = set()
    deadline = time.monotonic() + _CLEAR_SECONDS
    while left := family.descendants(os.getpid()):
        if time.monotonic() > deadline:
            return len(seen), sorted(left)
        seen |= left
        family.kill(left)
        time.sleep(0.02)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return len(seen), []


def ending_of(line: bytes) -> Ending | None:
    """Return the supervisor's last word, None when it said nothing that is one."""
    try:
        held = json.loads(line)
        return Ending(**held) if isinstance(held, dict) else None
    except (ValueError, TypeError):
        return None


def task_line(task: Task) -> bytes:
    """Return the task as the line that ``main`` reads."""
    return json.dumps(asdict(task)).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
