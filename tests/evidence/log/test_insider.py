"""An insider with every file and the log's key: what the audit names.

Each attack rewrites the log consistently, as the key allows; the checkpoint that a dossier, a
witness or a backup has kept (``checkpoints``) is what the insider cannot reach.
"""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import InputError
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.entry import CaseClosed, KeyChange, parse_entry
from evidence.format.entry.keys import KeySignature
from evidence.format.entry.signing import sign_entry
from evidence.format.tiles import pack_entries
from evidence.log import Log, audit
from evidence.log.kept import read_checkpoints
from evidence.log.store import CHECKPOINT, SEEN
from tests.evidence.log.fixtures import START, attempt, hexed, make_log, sealed
from tests.evidence.log.test_audit import begun, story

SIGNER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
SIGNERS = (SIGNER.public_key().public_bytes_raw(),)
Finding = tuple[str, int | None]


def chained(entries: list[bytes]) -> list[bytes]:
    """Name every previous entry anew, as an insider who rewrites the log does."""
    found: list[bytes] = []
    previous = ZERO
    for data in entries:
        found.append(replace(parse_entry(data), prev=previous).to_bytes())
        previous = sha256_hex(found[-1])
    return found


def write(folder: Path, entries: list[bytes]) -> Log:
    """Write a log that holds exactly ``entries``, with sound tiles and a sound checkpoint."""
    shutil.rmtree(folder, ignore_errors=True)
    log = make_log(folder)
    with log.writing() as session:
        session.append(entries)
    return log


def found(folder: Path, *outside: bytes) -> set[Finding]:
    given = [(f"copy {n}", note) for n, note in enumerate(outside)]
    report = audit(folder, signers=SIGNERS, checkpoints=given)
    return {(finding.code, finding.entry) for finding in report.findings}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return write(tmp_path / "log", story(4))


@pytest.fixture
def outside(log: Log) -> bytes:
    return (log.folder / CHECKPOINT).read_bytes()


def closing(attempts: int, previous: str, **counts: int) -> bytes:
    stated = {"sealed": 0, "failed": 0, "nothing_found": 0} | counts
    entry = CaseClosed(hexed("case"), previous, START, attempts, signer="", **stated)
    return sign_entry(replace(entry, signer=ZERO), SIGNER).to_bytes()


def test_nothing_is_found_in_a_sound_log(log: Log, outside: bytes) -> None:
    assert found(log.folder, outside) == set()
    with log.writing() as session:
        session.append([attempt(session.previous(), 5)])
    assert found(log.folder, outside) == set()


def test_a_rewritten_entry_is_found_by_any_older_checkpoint(log: Log, outside: bytes) -> None:
    entries = story(4)
    entries[2] = replace(begun(entries[2]), url_commitment=hexed("another")).to_bytes()
    write(log.folder, chained(entries))
    assert found(log.folder) == set()
    assert found(log.folder, outside) == {("fork", None)}
    log.append(lambda s: attempt(s.previous(), 5))
    assert found(log.folder, outside) == {("fork", 7)}


def test_backdating_is_named_where_the_time_runs_backwards(log: Log) -> None:
    entries = story(4)
    at = begun(entries[6])
    entries[6] = replace(at, time=at.time - timedelta(days=30)).to_bytes()
    write(log.folder, chained(entries))
    assert ("time", 6) in found(log.folder)


def test_the_last_entries_dropped(log: Log, outside: bytes) -> None:
    write(log.folder, story(4)[:6])
    assert found(log.folder) == set()
    assert found(log.folder, outside) == {("rollback", 6)}


@pytest.mark.parametrize("dropped", [0, 2, 4])
def test_an_attempt_in_the_middle_dropped_leaves_a_gap(log: Log, dropped: int) -> None:
    entries = story(4)
    del entries[dropped : dropped + 2]
    write(log.folder, chained(entries))
    assert ("number", dropped) in found(log.folder)


def test_an_outcome_in_the_middle_dropped_leaves_others_without_their_attempt(log: Log) -> None:
    entries = story(4)
    del entries[3]
    write(log.folder, chained(entries))
    assert ("outcome", 4) in found(log.folder)


def test_two_attempts_swapped(log: Log) -> None:
    entries = story(4)
    entries[2], entries[4] = entries[4], entries[2]
    write(log.folder, chained(entries))
    assert {("number", 2), ("number", 4)} <= found(log.folder)


def test_two_entries_swapped_in_the_files_alone(log: Log) -> None:
    entries = story(4)
    entries[2], entries[4] = entries[4], entries[2]
    (log.folder / "tile/entries/000.p/8").write_bytes(pack_entries(entries))
    named = found(log.folder)
    assert {("chain", 2), ("chain", 4), ("leaf", 2), ("leaf", 4), ("root", None)} <= named


def test_an_old_checkpoint_put_back(log: Log, outside: bytes) -> None:
    log.append(lambda s: attempt(s.previous(), 5))
    newer = (log.folder / CHECKPOINT).read_bytes()
    (log.folder / CHECKPOINT).write_bytes(outside)
    assert found(log.folder) == {("rollback", 8)}
    (log.folder / SEEN).write_bytes(outside)
    assert found(log.folder) == set()
    assert found(log.folder, newer) == {("rollback", 8)}


def test_a_second_log_with_the_same_key(log: Log, outside: bytes, tmp_path: Path) -> None:
    other = write(tmp_path / "second", [attempt(ZERO, 1, capture=f"x{n}") for n in range(1)])
    note = (other.folder / CHECKPOINT).read_bytes()
    assert found(log.folder, note) == {("fork", 0)}
    other.append(lambda s: attempt(s.previous(), 2))
    assert found(other.folder, outside) == {("rollback", 2)}


def test_a_checkpoint_of_another_key_is_not_taken(log: Log, outside: bytes) -> None:
    assert found(log.folder, outside[:-9] + b"AAAAAAA=\n") == {("given", None)}


def test_a_closed_case_states_its_count_and_takes_no_more(log: Log) -> None:
    with log.writing() as session:
        session.append([closing(4, session.previous(), sealed=1, failed=3)])
        assert session.index.closed_at(hexed("case")) == 8
    assert found(log.folder) == set()
    report = audit(log.folder)
    assert (report.closed, report.attempts) == (1, 4)
    with log.writing() as session:
        session.append([attempt(session.previous(), 5)])
    assert found(log.folder) == {("closed", 9)}
    with log.writing() as session:
        session.append([sealed(session.previous(), begun(session.entry(9)), 9)])
        session.append([closing(5, session.previous(), sealed=2, failed=3)])
    assert found(log.folder) == {("closed", 9), ("closed", 10), ("closed", 11)}


def test_a_closing_with_another_count_or_by_another_key_is_named(log: Log) -> None:
    with log.writing() as session:
        wrong = closing(3, session.previous(), sealed=1, failed=2)
        stranger = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
        entry = parse_entry(wrong)
        assert isinstance(entry, CaseClosed)
        session.append([sign_entry(entry, stranger).to_bytes()])
    assert found(log.folder) == {("count", 8), ("signature", 8)}
    entries = story(4)
    entries.append(replace(entry, signature=b"\1" * 64).to_bytes())
    write(log.folder, chained(entries))
    assert ("signature", 8) in found(log.folder)


def key_change(event: str, previous: str, old: bytes, new: bytes, *by: Ed25519PrivateKey) -> bytes:
    """Return the entry that changes the signer's key, signed by ``by``."""
    bare = KeyChange(
        event=event, role="signer", prev=previous, time=START, old=old, new=new, effective=START
    )
    found = sorted((key.public_key().public_bytes_raw(), key.sign(bare.signed)) for key in by)
    return replace(bare, signatures=tuple(KeySignature(*one) for one in found)).to_bytes()


def test_a_key_that_only_the_thief_named_signs_nothing(log: Log) -> None:
    """He revokes the signer's key in favour of his own: nobody with a recovery key signed that."""
    thief = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
    own, paper = thief.public_key().public_bytes_raw(), frozenset({b"p" * 32})
    with log.writing() as session:
        session.append([key_change("revoked", session.previous(), SIGNERS[0], own, thief)])
        counts = {"sealed": 1, "failed": 3}
        entry = parse_entry(closing(4, session.previous(), **counts))
        assert isinstance(entry, CaseClosed)
        session.append([sign_entry(entry, thief).to_bytes()])
    for recovery, named in (((0, ()), {9}), ((1, tuple(paper)), {8, 9})):
        report = audit(log.folder, signers=SIGNERS, recovery=recovery)
        assert {(f.code, f.entry) for f in report.findings} == {("signature", n) for n in named}
        assert [f.entry for f in report.unchecked] == ([] if recovery[0] else [8])


def test_without_recovery_keys_a_revocation_is_neither_believed_nor_passed_over(log: Log) -> None:
    """Whether the signer's key was revoked decides nothing then, and each place says so."""
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    paper = other.public_key().public_bytes_raw()
    counts = {"sealed": 1, "failed": 3}
    with log.writing() as session:
        session.append([key_change("revoked", session.previous(), SIGNERS[0], paper, other)])
        session.append([closing(4, session.previous(), **counts)])
    report = audit(log.folder, signers=SIGNERS)
    assert (report.findings, report.exit_code) == ([], 3)
    assert [(f.code, f.entry) for f in report.unchecked] == [("recovery", 8), ("revocation", 9)]
    assert "not checked" in report.unchecked[1].en
    assert "未予核查" in report.unchecked[1].zh
    assert len(report.to_json()["not_checked"]) == 2
    known = audit(log.folder, signers=SIGNERS, recovery=(1, (paper,)))
    assert [(f.code, f.entry) for f in known.findings] == [("signature", 9)]
    assert known.unchecked == []


def test_without_the_signers_keys_a_revocation_brings_none(log: Log) -> None:
    """What cannot be checked is not checked against a key that came with it."""
    thief = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
    own = thief.public_key().public_bytes_raw()
    with log.writing() as session:
        session.append([key_change("revoked", session.previous(), own, SIGNERS[0][::-1], thief)])
        session.append([closing(4, session.previous(), sealed=1, failed=3)])
    report = audit(log.folder)
    assert (report.clean, report.exit_code) == (True, 3)


def test_everything_at_once_is_found_by_size_as_well(log: Log) -> None:
    """Attempts that were never logged leave no trace but their missing number."""
    entries = story(4)
    del entries[2:6]
    write(log.folder, chained(entries))
    report = audit(log.folder)
    number = next(f for f in report.findings if f.code == "number")
    assert number.entry == 2
    assert "2 is missing" in number.en
    assert "缺号" in number.zh


def test_checkpoints_are_read_from_notes_proofs_and_dossiers(log: Log, tmp_path: Path) -> None:
    note, proof = log.store.newest().note, log.proof(3)[1]
    (tmp_path / "note").write_bytes(note)
    (tmp_path / "a.attempt.tlog-proof").write_bytes(proof)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as held:
        held.writestr("a.attempt.tlog-proof", proof)
        held.writestr("other", b"x")
    for name in ("note", "a.attempt.tlog-proof", "a.zip"):
        ((_, found_note),) = read_checkpoints(tmp_path / name)
        assert found_note == note
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as held:
        held.writestr("other", b"x")
    for name in ("empty.zip", "missing"):
        with pytest.raises(InputError, match=name):
            read_checkpoints(tmp_path / name)
