"""A log in a folder and entries that chain, for the tests of this room."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format.digests import Digests
from evidence.format.entry import Attempt, Failed, Sealed
from evidence.log import Fault, Log, Session, no_fault

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "markseal/test"


def make_log(folder: Path, fault: Fault = no_fault) -> Log:
    folder.mkdir(parents=True, exist_ok=True)
    log = Log(folder, ORIGIN, KEY, fault)
    (folder / "vkey").write_text(log.key.text() + "\n", encoding="utf-8")
    return log


def hexed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def attempt(
    prev: str, number: int, *, case: str = "case", capture: str | None = None, minute: int = 0
) -> bytes:
    return Attempt(
        capture_id=hexed(capture or f"{case}{number}")[:32],
        case_tag=hexed(case),
        number=number,
        prev=prev,
        time=START + timedelta(minutes=minute),
        url_commitment=hexed("url"),
    ).to_bytes()


def failed(prev: str, begun: Attempt, index: int, reason: str = "unreachable") -> bytes:
    return Failed(
        capture_id=begun.capture_id,
        case_tag=begun.case_tag,
        number=begun.number,
        prev=prev,
        time=begun.time,
        attempt=index,
        reason=reason,
    ).to_bytes()


def sealed(prev: str, begun: Attempt, index: int) -> bytes:
    return Sealed(
        capture_id=begun.capture_id,
        case_tag=begun.case_tag,
        number=begun.number,
        prev=prev,
        time=begun.time,
        attempt=index,
        manifest_sha256=hexed("m"),
        manifest_sm3=hexed("n"),
        package=Digests(10, hexed("p"), hexed("q")),
    ).to_bytes()


def add_attempts(log: Log, count: int, *, case: str = "case", first: int = 1) -> None:
    """Append ``count`` attempts of one case, one commit each."""
    for number in range(first, first + count):
        log.append(lambda s, n=number: attempt(s.previous(), n, case=case))  # type: ignore[misc]


def add_batch(session: Session, count: int, *, case: str = "case") -> None:
    """Append ``count`` chained attempts in one commit."""
    entries: list[bytes] = []
    previous = session.previous()
    for number in range(1, count + 1):
        entries.append(attempt(previous, number, case=case))
        previous = hashlib.sha256(entries[-1]).hexdigest()
    session.append(entries)
