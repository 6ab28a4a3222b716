"""A page of 200 MB gives a log of 900 MB: it is read in bounded memory, and so is its masking."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.netlog.build import KINDS, Builder

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
BODIES, SIZE, PIECE = 10, 20_000_000, 65_536
MEASURE = """
import sys, time
from pathlib import Path
from evidence.capture.redaction import Redactor
from evidence.netlog import read_netlog
def memory():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
begun = time.monotonic()
wire = read_netlog(Path(sys.argv[1]), Path(sys.argv[2]))
read = time.monotonic() - begun
size = sum(one.response.size for one in wire.exchanges)
peak = memory()
begun = time.monotonic()
redactor = Redactor(None, ("pin",), Path(sys.argv[2]) / "masked")
redactor.learn(wire.exchanges)
masked = [redactor.exchange(one) for one in wire.exchanges]
mask = time.monotonic() - begun
changed = sum(a.response != b.response for a, b in zip(wire.exchanges, masked))
most = memory()
print(len(wire.exchanges), size, wire.complete, len(wire.faults), changed, peak, most,
      f"{read:.1f}", f"{mask:.1f}")
"""


def write_log(path: Path) -> None:
    """Write the log of ten answers of 20 MB over TLS, each byte in it three times."""
    build = Builder()
    token = b"set-by-server-0123456789"
    source = build.connect(socks="h:443", tls=True)
    before, after = build.text().split('],\n"polledData"')
    with path.open("w", encoding="ascii") as out:
        out.write(before)
        for number in range(BODIES):
            build.lines.clear()
            _, job = build.asked(f"https://h/{number}")
            build.use(source, job)
            build.sent(source, b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number, tls=True)
            cookie = b"Set-Cookie: a=" + token + b"; HttpOnly\r\n" if number == 0 else b""
            head = b"HTTP/1.1 200 OK\r\n" + cookie + b"Content-Length: %d\r\n\r\n" % SIZE
            data = head + os.urandom(PIECE * 7) * (SIZE // (PIECE * 7) + 1)
            data = data[: len(head) + SIZE - len(token)] + token
            for place in range(0, len(data), PIECE):
                piece = data[place : place + PIECE]
                text = base64.b64encode(piece).decode()
                build.add("SOCKET_BYTES_RECEIVED", 0, source, byte_count=len(piece), bytes=text)
                build.came(source, piece, tls=True)
            build.done(source)
            out.write("".join(",\n" + line for line in build.lines))
        out.write('],\n"polledData"' + after)


def test_a_large_log_is_read_and_masked_in_bounded_memory(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    write_log(log)
    assert KINDS["SOCKET_BYTES_RECEIVED"]
    command = [sys.executable, "-c", MEASURE, str(log), str(tmp_path / "spool")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, size, complete, faults, changed, peak, most, read, mask = done.stdout.split()
    megabytes = log.stat().st_size // 1_000_000
    print(f"soak: a log of {megabytes} MB read in {read} s, {peak} MB of memory")
    print(
        f"soak: its {int(size) // 1_000_000} MB of bodies masked in {mask} s, {most} MB of memory"
    )
    assert (int(count), complete, int(faults), int(changed)) == (BODIES, "True", 0, BODIES)
    assert int(peak) < 150
    assert int(most) < 250
