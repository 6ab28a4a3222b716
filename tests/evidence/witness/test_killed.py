"""A witness that is killed again and again never goes backwards and never signs two histories."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidence.errors import WitnessError
from evidence.format.addcheckpoint import AddCheckpoint, parse_size
from evidence.format.checkpoint import Checkpoint
from evidence.format.cosignature import WitnessKey
from evidence.log.store import Head
from evidence.witness.asked import AskedWitness
from evidence.witness.client import fetch_newest
from evidence.witness.gather import Patience, gather_cosignatures
from evidence.witness.post import exchange
from tests.evidence.witness.fixtures import grow, make_log, noon

ROOT = Path(__file__).resolve().parents[3]
QUICK = Patience(5.0, 1, 8.0)


@contextmanager
def victim(folder: Path, kill_at: int) -> Iterator[tuple[AskedWitness, subprocess.Popen[str]]]:
    """Run a witness that is killed at its ``kill_at``-th fault point, or at the end."""
    command = [sys.executable, "-m", "tests.evidence.witness.victim", str(folder), str(kill_at)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        address = child.stdout.readline().strip()
        key = WitnessKey.parse((folder / "vkey").read_text())
        yield AskedWitness("公证处", key, address), child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def killing(tmp_path: Path, rounds: int) -> tuple[int, int]:
    """Kill a witness ``rounds`` times as its log grows; return kills and cosignatures heard."""
    log, acknowledged, kills = make_log(tmp_path / "log", 1), 0, 0
    first = log.store.newest()
    heads: list[Head] = []
    for number in range(rounds):
        with victim(tmp_path / "witness", random.randint(1, 8)) as (witness, child):
            if heads:
                kept = fetch_newest(witness, log.key, proxy=None, seconds=5)
                assert kept is not None
                assert kept.size >= heads[-1].size
                assert log.store.root(kept.size) == kept.checkpoint.root
            for turn in range(8):
                grow(log, f"{number} {turn}")
                asked = gather_cosignatures(
                    log.store, [witness], folder=tmp_path / f"memory {number}", proxy=None,
                    clock=noon, patience=QUICK,
                )  # fmt: skip
                if not asked.witnessed:
                    break
                acknowledged += 1
                heads.append(asked.head)
                assert refuses(witness, first, heads[-1].checkpoint)
            kills += child.poll() is not None or child.wait(5) != 0
    return kills, acknowledged


def refuses(witness: AskedWitness, old: Head, newest: Checkpoint) -> bool:
    """Whether an older checkpoint is answered with the newer size (or by a dead witness)."""
    body = AddCheckpoint(0, (), old.note).to_bytes()
    try:
        reply = exchange(witness, f"{witness.url}/add-checkpoint", body, proxy=None, seconds=5)
    except WitnessError:
        return True
    return reply.status == 409 and parse_size(reply.body) >= newest.size


def test_killed_before_and_after_its_record(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 1)
    for kill_at in (1, 2):
        with victim(tmp_path / "witness", kill_at) as (witness, child):
            gather_cosignatures(
                log.store, [witness], folder=tmp_path / f"memory {kill_at}", proxy=None,
                clock=noon, patience=QUICK,
            )  # fmt: skip
            assert child.wait(10) == -9
    with victim(tmp_path / "witness", 0) as (witness, _):
        kept = fetch_newest(witness, log.key, proxy=None, seconds=5)
        assert kept is not None
        assert kept.size == 1


@pytest.mark.soak
def test_killed_again_and_again(tmp_path: Path) -> None:
    kills, acknowledged = killing(tmp_path, 60)
    assert kills == 60
    assert acknowledged > 30
    sys.stdout.write(
        f"soak: witness killed {kills}, cosignatures heard {acknowledged}, none lost\n"
    )
