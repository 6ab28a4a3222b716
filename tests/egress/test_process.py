"""The guard as a process: it says where it listens and never outlives its parent."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from egress.errors import GuardNotStarted
from egress.process import guard


def _gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def _ask(address: str, url: str) -> bytes:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 10) as client:
        client.sendall(f"GET {url} HTTP/1.1\r\n\r\n".encode())
        told = b""
        while data := client.recv(65536):
            told += data
    return told


def test_runs_for_a_block_and_leaves_a_journal(tmp_path: Path) -> None:
    journal = tmp_path / "deep" / "journal.jsonl"
    with guard(journal, allow_loopback=False) as running:
        assert running.journal == journal
        assert b"loopback" in _ask(running.address, "http://127.0.0.1:9/")
        pid = running.pid
    assert _gone(pid)
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [row["event"] for row in rows] == ["start", "connection", "stop"]
    assert rows[0]["allow_loopback"] is False
    assert journal.stat().st_mode & 0o777 == 0o600


def test_says_why_it_cannot_start() -> None:
    with (
        pytest.raises(GuardNotStarted, match="journal"),
        guard(Path("/dev/null/no/journal"), allow_loopback=False),
    ):
        pass


PARENT = """
import sys, time, os
from pathlib import Path
from egress.process import guard
with guard(Path(sys.argv[1]), allow_loopback=True) as g:
    if os.fork() == 0:
        time.sleep(30)   # a sibling that holds the pipe open
        os._exit(0)
    print(g.pid, flush=True)
    time.sleep(60)
"""


def test_dies_with_its_parent_even_when_a_sibling_holds_the_pipe(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PARENT, str(tmp_path / "j")],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        assert _gone(pid)
        os.killpg(parent.pid, signal.SIGKILL)


def test_ends_on_sigterm(tmp_path: Path) -> None:
    with guard(tmp_path / "j", allow_loopback=True) as running:
        os.kill(running.pid, signal.SIGTERM)
        assert _gone(running.pid)
    assert json.loads((tmp_path / "j").read_text().splitlines()[-1])["event"] == "stop"
