"""``markseal ots`` with a calendar on this machine: pending, then in a block, and each failure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from desk.cli import main
from evidence.errors import AuthorityError
from evidence.format.opentimestamps import (
    APPEND,
    PREPEND,
    SHA256,
    Attestation,
    Bitcoin,
    Fork,
    Pending,
    Proof,
    Step,
)
from evidence.keeping.opentimestamps import Calendars, submit, upgrade
from evidence.verify.opentimestamps import State, check_proof
from tests.evidence.authority.places import Answer, Asked, serving
from tests.evidence.verify.test_opentimestamps import WHEN, mined

OCTETS = "application/octet-stream"
DIGEST = hashlib.sha256(b"an exhibit").digest()
HEIGHT = 900_000


def chained(message: bytes, end: Attestation, *steps: Step) -> tuple[bytes, Fork]:
    """Return where the steps lead from ``message``, and the fork that says so."""
    made = message
    for step in steps:
        made = step.apply(made)
    fork = Fork((end,))
    for step in reversed(steps):
        fork = Fork(((step, fork),))
    return made, fork


@dataclass
class Calendar:
    """A calendar: it promises at once, and has it in a block when ``mined_`` says so."""

    address: str = ""
    promised: set[bytes] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)
    in_block: bool = False
    root: bytes = b""

    def __call__(self, asked: Asked) -> Answer:
        self.seen.append(asked.path)
        if asked.path == "/digest":
            steps = Step(PREPEND, b"salt"), Step(SHA256)
            made, fork = chained(asked.body, Pending(self.address), *steps)
            self.promised.add(made)
            return 200, OCTETS, fork.to_bytes()
        wanted = bytes.fromhex(asked.path.removeprefix("/timestamp/"))
        if wanted not in self.promised or not self.in_block:
            return 404, "text/plain", b"Not found"
        self.root, fork = chained(wanted, Bitcoin(HEIGHT), Step(APPEND, b"block"), Step(SHA256))
        return 200, OCTETS, fork.to_bytes()


def test_from_pending_to_confirmed(tmp_path: Path) -> None:
    calendar = Calendar()
    with serving(calendar) as url:
        calendar.address = url
        asked = submit(DIGEST, [url], Calendars(None))
        assert (asked.gained, asked.failed) == (1, ())
        assert DIGEST not in calendar.promised
        assert check_proof(asked.proof, DIGEST, {}).state is State.PENDING
        waiting = upgrade(asked.proof, Calendars(None))
        assert waiting.proof == asked.proof
        assert [error.reason for error in waiting.failed] == ["pending"]
        calendar.in_block = True
        done = upgrade(asked.proof, Calendars(None))
        assert (done.gained, done.failed) == (1, ())
        count = len(calendar.seen)
        assert upgrade(done.proof, Calendars(None)).proof == done.proof
        assert len(calendar.seen) == count
    assert Proof.parse(done.proof.to_bytes()) == done.proof
    assert check_proof(done.proof, DIGEST, {}).state is State.NOT_CHECKED
    told = check_proof(done.proof, DIGEST, {HEIGHT: mined(calendar.root)}, least=0)
    assert (told.state, told.time) == (State.CONFIRMED, WHEN)


def test_one_calendar_of_two_is_enough_and_the_other_is_told() -> None:
    calendar = Calendar("http://127.0.0.1")
    with serving(calendar) as url, serving(lambda asked: (500, "text/plain", b"")) as broken:
        asked = submit(DIGEST, [broken, url], Calendars(None))
    assert (asked.gained, len(asked.failed)) == (1, 1)
    assert "HTTP 500" in asked.failed[0].en


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (lambda asked: (200, "text/html", b"<html>"), "operation"),
        (lambda asked: (200, OCTETS, b""), "ends too early"),
        (lambda asked: (200, OCTETS, bytes(20_000)), "more than 10000 bytes"),
        (lambda asked: (302, OCTETS, b""), "HTTP 302"),
    ],
)
def test_what_is_no_answer(reply: Callable[[Asked], Answer], why: str) -> None:
    with serving(reply) as url, pytest.raises(AuthorityError) as caught:
        submit(DIGEST, [url], Calendars(None))
    assert why in caught.value.en
    with pytest.raises(AuthorityError, match="no usable answer"):
        submit(DIGEST, ["http://127.0.0.1:1"], Calendars(None))


def test_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MARKSEAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MARKSEAL_ALLOW_LOOPBACK", "1")
    exhibit, proof = tmp_path / "A.dossier.zip", tmp_path / "A.dossier.zip.ots"
    exhibit.write_bytes(b"an exhibit")
    calendar = Calendar()
    with serving(calendar) as url:
        calendar.address = url
        assert main(["ots", "stamp", str(exhibit), "--calendar", url]) == 0
        assert main(["ots", "stamp", str(exhibit), "--calendar", url]) == 64
        assert main(["ots", "verify", str(proof)]) == 3
        assert "it proves no time so far" in capsys.readouterr().out
        assert main(["ots", "upgrade", str(proof)]) == 3
        calendar.in_block = True
        assert main(["ots", "upgrade", str(proof)]) == 0
    headers = tmp_path / "headers.txt"
    headers.write_text(f"{HEIGHT} {mined(calendar.root).data.hex()}\n")
    capsys.readouterr()
    assert main(["ots", "verify", str(proof), "--headers", str(headers), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["time"]) == ("not checked", None)
    assert "enough work" in told["en"]
    headers.write_text(f"{HEIGHT} {mined(DIGEST).data.hex()}\n")
    assert main(["ots", "verify", str(proof), "--headers", str(headers)]) == 1
    exhibit.write_bytes(b"another")
    assert main(["ots", "verify", str(proof)]) == 1
    assert main(["ots", "verify", str(exhibit)]) == 1
    assert main(["ots", "verify", str(tmp_path / "none.ots")]) == 64
