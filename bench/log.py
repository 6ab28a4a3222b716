"""The log's speed as ratios: appends beside a bare write and fsync, audit beside bare hashes.

``python -m bench.log [--entries 1000000] [--callers 256]``. The entries are real ones, half of
them attempts and half their outcomes; every row names what it is compared with in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format.digests import ZERO, Digests
from evidence.format.entry import Attempt, Fresh, Sealed
from evidence.log import Log, Session, audit

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROCESSES = 4
NAMED = hashlib.sha256(b"bench").hexdigest()


def open_log(folder: Path) -> Log:
    """Return the log in ``folder``, with its public key beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    log = Log(folder, "markseal/bench", KEY)
    (folder / "vkey").write_text(log.key.text() + "\n", encoding="utf-8")
    return log


def attempt(previous: str, case: str, number: int) -> bytes:
    """Return an attempt as an installation without a reachable authority logs it."""
    name = hashlib.sha256(f"{case} {number}".encode()).hexdigest()
    fresh = Fresh(name[:32], no_token="unreachable")
    return Attempt(name[:32], case, number, previous, START, NAMED, fresh).to_bytes()


def bare(folder: Path, seconds: float) -> float:
    """Return how many times a second 500 bytes are appended to a file and synced."""
    handle = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        os.write(handle, bytes(500))
        os.fsync(handle)
        count += 1
    taken = time.perf_counter() - begun
    os.close(handle)
    return count / taken


def call(log: Log, case: str, until: float) -> int:
    """Append one entry after the other until the time has come; return how many."""
    count = 0

    def make(session: Session) -> bytes:
        return attempt(session.previous(), case, session.index.last_number(case) + 1)

    while time.time() < until:
        log.append(make)
        count += 1
    return count


def callers(folder: Path, count: int, until: float) -> int:
    """Append from ``count`` threads of this process; return how many entries in all."""
    done: list[int] = []
    log = open_log(folder)
    threads = []
    for number in range(count):
        case = hashlib.sha256(f"{os.getpid()} {number}".encode()).hexdigest()
        threads.append(
            threading.Thread(target=lambda case=case: done.append(call(log, case, until)))
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done)


def in_groups(folder: Path, processes: int, threads: int, seconds: float) -> float:
    """Return the durable appends a second of all callers together."""
    with open_log(folder).writing() as session:
        before = session.size
    begun = time.time() + 1.0
    code = "import sys; from bench.log import *; "
    code += f"callers(Path({str(folder)!r}), {threads}, {begun + seconds})"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(processes)]
    if any(child.wait() for child in children):
        raise SystemExit("a caller failed")
    taken = time.time() - begun
    return (open_log(folder).store.newest().size - before) / taken


def in_batches(folder: Path, seconds: float) -> float:
    """Return the durable appends a second of one caller that hands over 256 at a time."""
    log, made = open_log(folder), list(entries(1 << 15))
    with log.writing() as session:
        begun, at = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds and at < len(made):
            at += len(session.append(made[at : at + 256]))
        return at / (time.perf_counter() - begun)


def entries(count: int) -> Iterator[bytes]:
    """Yield chained attempts and their outcomes, made from two real ones."""
    chance = random.Random(20261123)
    cases = [chance.randbytes(32).hex() for _ in range(max(1, count // 200))]
    numbers = dict.fromkeys(cases, 0)
    mark = "f" * 32
    first = Attempt(mark, NAMED, 7, ZERO, START, NAMED, Fresh(mark, no_token="unreachable"))
    package = Digests(1234567, NAMED, NAMED)
    second = Sealed(mark, NAMED, 7, ZERO, START, 7, NAMED, NAMED, package)

    def parts(data: bytes) -> bytes:
        data = data.replace(b"%", b"%%").replace(mark.encode(), b"%(id)b", 1)
        data = data.replace(f'"case_tag":"{NAMED}"'.encode(), b'"case_tag":"%(case)b"')
        data = data.replace(b'"number":7', b'"number":%(number)d')
        data = data.replace(b'"attempt":7', b'"attempt":%(at)d')
        data = data.replace(b"2026-01-02T03:04:05", b"%(when)b")
        return data.replace(ZERO.encode(), b"%(prev)b")

    forms = (parts(first.to_bytes()), parts(second.to_bytes()))
    previous = ZERO.encode()
    for at in range(0, count, 2):
        case = chance.choice(cases)
        numbers[case] += 1
        when = (START + timedelta(seconds=at)).isoformat()[:19].encode()
        told = {
            b"when": when,
            b"id": chance.randbytes(16).hex().encode(),
            b"case": case.encode(),
            b"at": at,
        }
        for form in forms:
            data = form % (told | {b"number": numbers[case], b"prev": previous})
            previous = hashlib.sha256(data).hexdigest().encode()
            yield data


def fill(log: Log, count: int) -> None:
    """Append ``count`` entries in large commits."""
    made = entries(count)
    with log.writing() as session:
        while group := [data for _, data in zip(range(16_384), made, strict=False)]:
            session.append(group)


def bare_hashes(held: list[bytes]) -> float:
    """Return the seconds of leaf, node and previous-entry hashes and nothing else."""
    sha256 = hashlib.sha256
    begun = time.perf_counter()
    level = []
    for data in held:
        level.append(sha256(b"\x00" + data).digest())
        sha256(data).hexdigest()
    while len(level) > 1:
        pairs = range(0, len(level) - 1, 2)
        odd = level[len(level) & ~1 :]
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in pairs] + odd
    return time.perf_counter() - begun


def size_of(folder: Path, pattern: str) -> int:
    """Return the bytes of the files that match."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def appends(place: Path, threads: int, seconds: float) -> None:
    """Print the table of appends."""
    print("| way | durable appends/s | ÷ bare write + fsync |")
    print("|---|---|---|")
    base = bare(place, seconds)
    print(f"| bare write + fsync, one after the other | {base:,.0f} | 1.00 |")
    rows = [("one caller", 1, 1), ("callers in one process", 1, threads)]
    rows.append((f"callers in {PROCESSES} processes", PROCESSES, threads // PROCESSES))
    for name, processes, each in rows:
        rate = in_groups(place / name.replace(" ", "-"), processes, each, seconds)
        title = f"{processes * each} {name}" if each > 1 else name
        print(f"| {title} | {rate:,.0f} | {rate / base:.2f} |", flush=True)
    rate = in_batches(place / "batches", seconds)
    print(f"| one caller, 256 entries a commit | {rate:,.0f} | {rate / base:.2f} |", flush=True)


def reading(place: Path, count: int) -> None:
    """Print the table of audit, proofs and size."""
    log = open_log(place / "large")
    fill(log, count)
    held = list(entries(count))
    bare_seconds = min(bare_hashes(held) for _ in range(2))
    del held
    seconds = []
    for _ in range(2):
        begun = time.perf_counter()
        report = audit(log.folder)
        seconds.append(time.perf_counter() - begun)
    taken = min(seconds)
    if not report.clean or report.size != count:
        raise SystemExit(f"the audit found {report.to_json()['findings'][:3]}")
    chance, times = random.Random(1), []
    for _ in range(200):
        begun = time.perf_counter()
        log.proof(chance.randrange(count))
        times.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    log.rebuild_index()
    rebuilt = time.perf_counter() - begun
    times.sort()
    bundles, hashes = (size_of(log.folder / "tile" / name, "*") for name in ("entries", "."))
    print(f"\n| {count:,} entries | ours | compared with | ratio (bar) |")
    print("|---|---|---|---|")
    named = f"bare loop of the same hashes {bare_seconds:.2f} s"
    print(f"| audit | {taken:.2f} s | {named} | {taken / bare_seconds:.2f} (≤ 2) |")
    half, most = times[100] * 1000, times[189] * 1000
    print(f"| proof | {half:.2f} ms, p95 {most:.2f} ms | bar of 10 ms | {half / 10:.2f} (≤ 1) |")
    whole, index = hashes / count, size_of(log.folder, "index*") / count
    print(
        f"| bytes an entry | {whole:.0f} + index {index:.0f} | the entries alone "
        f"{bundles / count - 2:.0f} | {whole / (bundles / count - 2):.2f} |"
    )
    print(f"| index built anew | {rebuilt:.1f} s | audit | {rebuilt / taken:.2f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--callers", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="markseal-bench-"))
    try:
        appends(place, arguments.callers, arguments.seconds)
        if arguments.entries:
            reading(place, arguments.entries)
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
