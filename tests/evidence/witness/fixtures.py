"""A log and witnesses of its own, over real HTTP on this machine's loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format.cosignature import WitnessKey
from evidence.format.note import NoteKey
from evidence.log import Log
from evidence.witness.asked import AskedWitness
from evidence.witness.keeper import Witness
from evidence.witness.running import run_witness
from evidence.witness.state import WitnessHome

ORIGIN = "markseal/test"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
THE_LOG = NoteKey(ORIGIN, LOG_KEY.public_key().public_bytes_raw())


def noon() -> datetime:
    """The clock of these tests."""
    return NOON


def make_log(folder: Path, entries: int = 0, *, text: str = "entry") -> Log:
    """Return a log with so many entries; every log of these tests has one key and origin."""
    log = Log(folder, ORIGIN, LOG_KEY)
    with log.writing() as session:
        session.append([f"{text} {n}".encode() for n in range(entries)])
    return log


def grow(log: Log, *entries: str) -> None:
    """Append entries, one commit each."""
    for entry in entries:
        data = entry.encode()
        log.append(lambda _, data=data: data)  # type: ignore[misc]


def keeper(
    folder: Path, keys: Sequence[NoteKey] = (), *, clock: Callable[[], datetime] = noon
) -> Witness:
    """Return a witness without a network that knows the test's log."""
    home = WitnessHome(folder)
    key, private = home.prepare("witness.example/test")
    home.learn([THE_LOG, *keys])
    return Witness(key, private, home.logs(), clock)


@dataclass(frozen=True)
class Running:
    """A witness that serves."""

    key: WitnessKey
    address: str

    def asked(self, name: str = "公证处", relation: str = "notary") -> AskedWitness:
        """Return it as a log's configuration names it."""
        return AskedWitness(name, self.key, self.address, relation)


@contextmanager
def serving(
    folder: Path,
    *,
    name: str = "witness.example/test",
    listen: tuple[str, int] = ("127.0.0.1", 0),
    clock: Callable[[], datetime] = noon,
    log: NoteKey = THE_LOG,
) -> Iterator[Running]:
    """Run a witness of a log, the test's unless told, for the length of a ``with`` block."""
    ready, stop, told = threading.Event(), threading.Event(), list[Running]()

    def tell(witness: Witness, address: str) -> None:
        told.append(Running(witness.key, address))
        ready.set()

    def run() -> None:
        run_witness(
            WitnessHome(folder),
            name=name,
            listen=listen,
            logs=[log],
            clock=clock,
            ready=tell,
            stop=stop,
        )

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(20)
        yield told[0]
    finally:
        stop.set()
        thread.join(20)
