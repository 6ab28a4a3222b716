"""Starting the guard: a child process whose lifeline is a pipe we hold."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from egress.errors import GuardNotStarted

START_SECONDS = 20.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Guard:
    """A running guard: ``address`` is ``127.0.0.1:PORT`` (SOCKS5 and HTTP alike)."""

    address: str
    journal: Path
    pid: int


@contextmanager
def guard(
    journal: Path,
    *,
    allow_loopback: bool,
    resolvers: Sequence[str] = (),
    users: Sequence[int] = (),
) -> Iterator[Guard]:
    """Run a guard for the length of a ``with`` block; everything it let out is in ``journal``.

    ``resolvers`` (``IP[:PORT]``) are asked of every name beside the system's resolver; without
    any, the name servers of resolv.conf are asked directly. ``users`` are served beside this
    process's own (a capture that runs as another user); everybody else is turned away.
    The process ends with the block, and with this process whatever way that ends.
    Raises GuardNotStarted if it does not listen within 20 seconds.
    """
    command = [sys.executable, "-m", "egress", "--journal", str(journal.absolute())]
    command += ["--allow-loopback"] if allow_loopback else []
    command += [part for server in resolvers for part in ("--resolver", server)]
    command += [part for user in users for part in ("--user", str(user))]
    root = str(Path(__file__).resolve().parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            "RES_OPTIONS": "timeout:3 attempts:2",  # resolv.conf(5): a dead server holds nothing up
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
        },
        start_new_session=True,  # a Ctrl+C is this process's to hear; the lifeline ends the guard
    )
    try:
        yield Guard(_address(child), journal, child.pid)
    finally:
        _end(child)


def _address(child: subprocess.Popen[bytes]) -> str:
    if child.stdout is None or child.stderr is None:
        raise GuardNotStarted("The egress guard has no pipes.", "出口守卫没有管道。")
    ready, _, _ = select.select([child.stdout], [], [], START_SECONDS)
    line = child.stdout.readline() if ready else b""
    if not line:
        child.kill()
        said = child.stderr.read().decode("utf-8", "replace").strip().splitlines()
        zh, en = (said[0], said[-1]) if said else ("没有任何输出", "no word from it")
        raise GuardNotStarted(f"The egress guard did not start: {en}", f"出口守卫未能启动：{zh}")
    return str(json.loads(line)["address"])


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()
