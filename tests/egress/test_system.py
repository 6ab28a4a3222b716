"""The guard's process with the system's own resolver, asked of a name server that changes its mind.

The process gets a resolv.conf of its own (a mount namespace), so this needs root.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.egress.forbidden import forbidden_servers, own_address
from tests.egress.names import name_server

NAMESERVER = "127.77.0.53"
RUN = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


def _can() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not _can(), reason="needs root and mount namespaces")


def _ask(port: int, url: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(f"GET {url} HTTP/1.1\r\n\r\n".encode())
        told = b""
        while data := client.recv(65536):
            told += data
    return told


def test_an_answer_that_changes_between_check_and_use_reaches_nothing(tmp_path: Path) -> None:
    conf, journal = tmp_path / "resolv.conf", tmp_path / "journal.jsonl"
    conf.write_text(f"nameserver {NAMESERVER}\n")
    zone = {
        "rebinding.example": [["A 127.0.0.1"], [f"A {own_address()}"]],
        "mixed.example": [[f"A {own_address()}", "A 127.0.0.1"]],
    }
    with (
        forbidden_servers() as to,
        name_server(zone, host=NAMESERVER, port=53) as names,
        name_server({"rebinding.example": [["A 127.0.0.1"]]}) as other,
    ):
        port = to.open()
        command = [
            "unshare",
            "-m",
            "sh",
            "-c",
            RUN,
            "sh",
            str(conf),
            sys.executable,
            "-m",
            "egress",
        ]
        command += ["--journal", str(journal), "--allow-loopback"]
        command += ["--resolver", str(other.server)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guard:
            assert guard.stdin is not None
            assert guard.stdout is not None
            way = int(json.loads(guard.stdout.readline())["address"].split(":")[1])
            first = _ask(way, f"http://rebinding.example:{port}/")
            second = _ask(way, f"http://rebinding.example:{port}/")
            third = _ask(way, f"http://mixed.example:{port}/")
            guard.stdin.close()
        asked = [one for one in names.asked if one[:2] == ("rebinding.example", "A")]
        reached = to.reached
    assert b"X-Markseal-Failed: connect_failed" in first  # 127.0.0.1, where nobody listens
    assert b"X-Markseal-Refused: " in second
    assert b"X-Markseal-Failed: connect_failed" in third
    assert reached == []
    rows = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    one, two, three = (row for row in rows if row["event"] == "connection")
    assert len(asked) == 2
    assert (one["answers"], one["comparison"]) == (["127.0.0.1"], "agrees")
    assert (two["answers"], two["comparison"]) == ([own_address()], "differs")
    assert [row["address"] for row in three["withheld"]] == [own_address()]
