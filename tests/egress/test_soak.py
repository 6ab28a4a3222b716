"""Thousands of connections, well and badly behaved: the guard keeps nothing of them."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from egress.process import guard
from tests.egress.sites import OK, socks

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]
CONNECTIONS = 4000
HANDS = 8


@contextmanager
def shop() -> Iterator[int]:
    """Answer every connection at once, whatever it says."""
    server = socket.create_server(("127.0.0.1", 0), backlog=256)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                try:
                    client.recv(4096)
                    client.sendall(OK)
                except OSError:
                    continue

    threads = [threading.Thread(target=serve) for _ in range(HANDS)]
    for thread in threads:
        thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for thread in threads:
            thread.join()


def visit(way: tuple[str, int], shop: int, chance: random.Random) -> str:
    """Make one connection of some kind and return which it was."""
    request = f"GET http://127.0.0.1:{shop}/ HTTP/1.1\r\n\r\n".encode()
    kinds = {
        "http": request,
        "socks": socks("127.0.0.1", shop) + b"hello",
        "refused": b"GET http://10.1.2.3/ HTTP/1.1\r\n\r\n",
        "nonsense": b"\x05\x01\x00\x09",
        "half": request[: len(request) // 2],
        "rude": socks("127.0.0.1", shop) + b"hello",
    }
    kind = chance.choice(list(kinds))
    with socket.create_connection(way, 30) as client:
        client.sendall(kinds[kind])
        if kind == "rude":  # goes away without reading, with a reset
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        elif kind != "half":
            client.shutdown(socket.SHUT_WR)
            try:
                while client.recv(65536):
                    pass
            except ConnectionResetError:
                pass
    return kind


def state_of(pid: int) -> tuple[int, int]:
    """Return how many files a process has open and its memory in kB."""
    memory = [
        int(line.split()[1])
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), memory[0]


def crowd(way: tuple[str, int], shop: int, connections: int) -> Counter[str]:
    """Let several hands make connections at once; return how many of each kind."""
    made: Counter[str] = Counter()
    lock = threading.Lock()

    def hand(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(connections // HANDS):
            kind = visit(way, shop, chance)
            with lock:
                made[kind] += 1

    threads = [threading.Thread(target=hand, args=(seed,)) for seed in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def test_a_crowd_leaves_nothing_behind(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with shop() as port, guard(journal, allow_loopback=True) as running:
        host, _, number = running.address.partition(":")
        way = (host, int(number))
        crowd(way, port, 400)
        time.sleep(2)
        files, memory = state_of(running.pid)
        began = time.monotonic()
        made = crowd(way, port, CONNECTIONS)
        seconds = time.monotonic() - began
        time.sleep(2)
        files_after, memory_after = state_of(running.pid)
    assert sum(made.values()) == CONNECTIONS
    assert files_after <= files + 2
    assert memory_after <= memory + 8_000
    rows = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    events = Counter(str(row["event"]) for row in rows)
    verdicts = Counter(str(row.get("verdict")) for row in rows)
    assert rows[-1]["connections"] == events["connection"]
    assert events["close"] == verdicts["connected"] == rows[-1]["connected"]
    assert verdicts["refused"] >= made["refused"]
    print(
        f"soak: guard: {CONNECTIONS} connections at {CONNECTIONS / seconds:.0f}/s, "
        f"open files {files} then {files_after}, memory {memory} kB then {memory_after} kB"
    )
