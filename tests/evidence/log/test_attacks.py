"""What an expert of the other side tried with the log's files and every key of the house."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing as closed
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format.checkpoint import Checkpoint
from evidence.format.digests import sha256_hex
from evidence.format.entry import Erasure, RecoveryChange, Sealed, parse_entry
from evidence.format.entry.keys import KeySignature
from evidence.format.entry.signing import sign_entry
from evidence.format.note import sign_note
from evidence.format.tiles import pack_entries
from evidence.log import Log, audit
from evidence.log.index import INDEX
from evidence.log.staged import STAGED
from evidence.log.store import CHECKPOINT
from tests.evidence.log.fixtures import KEY, ORIGIN, START, attempt, hexed, make_log
from tests.evidence.log.test_audit import begun, story
from tests.evidence.log.test_insider import (
    SIGNER,
    SIGNERS,
    chained,
    closing,
    found,
    key_change,
    write,
)

COUNTS = {"sealed": 1, "failed": 3}


def private(letter: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(letter.encode() * 32)


def public(letter: str) -> bytes:
    return private(letter).public_key().public_bytes_raw()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return write(tmp_path / "log", story(4))


def add(log: Log, *make: Callable[[str], bytes]) -> None:
    """Append what each makes of the SHA-256 of the entry before it."""
    with log.writing() as session:
        for one in make:
            session.append([one(session.previous())])


def test_the_clock_is_set_back_in_many_small_steps(log: Log) -> None:
    entries = story(6)
    for at, data in enumerate(entries):
        entry = parse_entry(data)
        entries[at] = replace(entry, time=START - at * timedelta(minutes=50)).to_bytes()
    write(log.folder, chained(entries))
    assert [one for one in found(log.folder) if one[0] == "time"] != []
    assert min(at for code, at in found(log.folder) if code == "time" and at is not None) == 3


def test_a_closing_is_dated_back(log: Log) -> None:
    def back(previous: str) -> bytes:
        entry = parse_entry(closing(4, previous, **COUNTS))
        return sign_entry(replace(entry, time=START - timedelta(days=3)), SIGNER).to_bytes()  # type: ignore[type-var]

    add(log, back)
    assert found(log.folder) == {("time", 8)}


def erasing(outcome: int, package: str) -> Callable[[str], bytes]:
    """Return what makes the signed erasure of an outcome."""

    def make(previous: str) -> bytes:
        entry = Erasure(
            previous, START, outcome, package, "court-order", hexed("request"),
            (hexed("a"), hexed("b")), signer=hexed("nobody"),
        )  # fmt: skip
        return sign_entry(entry, SIGNER).to_bytes()

    return make


def package_of(log: Log, index: int) -> str:
    entry = parse_entry(log.store.entry(index, log.store.newest().size))
    assert isinstance(entry, Sealed)
    return entry.package.sha256


def test_an_erasure_of_what_is_not_sealed_yet(log: Log) -> None:
    add(log, erasing(9, hexed("p")))
    assert found(log.folder) == {("erasure", 8)}


def test_an_erasure_that_names_another_package(log: Log) -> None:
    add(log, erasing(7, hexed("another")))
    assert found(log.folder) == {("erasure", 8)}


def test_one_exhibit_erased_on_two_requests(log: Log) -> None:
    add(log, erasing(7, package_of(log, 7)))
    assert found(log.folder) == set()
    add(log, erasing(7, package_of(log, 7)))
    assert found(log.folder) == {("erasure", 9)}


def handed(old: str, new: str) -> Callable[[str], bytes]:
    """Return what makes the hand-over of a signing key to another, signed by both."""
    keys = {letter: private(letter) for letter in (old, new)} | {"s": SIGNER}

    def make(previous: str) -> bytes:
        raw = [keys[letter].public_key().public_bytes_raw() for letter in (old, new)]
        return key_change("handover", previous, raw[0], raw[1], keys[old], keys[new])

    return make


def later(hours: float, by: Ed25519PrivateKey) -> Callable[[str], bytes]:
    """Return what makes the closing of the case so long after the hand-over."""

    def make(previous: str) -> bytes:
        entry = parse_entry(closing(4, previous, **COUNTS))
        return sign_entry(replace(entry, time=START + timedelta(hours=hours)), by).to_bytes()  # type: ignore[type-var]

    return make


@pytest.mark.parametrize(("hours", "due"), [(1, set()), (3, {("signature", 9)})])
def test_a_key_that_was_handed_over_signs_on(
    log: Log, hours: float, due: set[tuple[str, int]]
) -> None:
    add(log, handed("s", "n"), later(hours, SIGNER))
    assert found(log.folder) == due


def test_a_key_that_was_handed_over_is_handed_to_a_thief(log: Log) -> None:
    add(log, handed("s", "n"), handed("s", "t"), later(0, private("t")))
    assert found(log.folder) == {("key", 9), ("signature", 10)}


def test_a_rotation_to_a_key_that_was_used_before(log: Log) -> None:
    add(log, handed("s", "n"), handed("n", "s"), later(3, SIGNER))
    assert found(log.folder) == {("key", 9), ("signature", 10)}


def test_a_rotation_to_a_key_that_was_revoked(log: Log) -> None:
    def revoked(previous: str) -> bytes:
        return key_change("revoked", previous, SIGNERS[0], public("n"), private("p"))

    add(log, revoked, handed("n", "s"), later(0, SIGNER))
    report = audit(log.folder, signers=SIGNERS, recovery=(1, (public("p"),)))
    assert [(f.code, f.entry) for f in report.findings] == [("key", 9), ("signature", 10)]


def test_a_statement_of_recovery_keys_is_replayed(log: Log) -> None:
    def to(new: str, old: str) -> Callable[[str], bytes]:
        def make(previous: str) -> bytes:
            bare = RecoveryChange(previous, START, 1, (public(new),))
            signed = (KeySignature(public(old), private(old).sign(bare.signed)),)
            return replace(bare, signatures=signed).to_bytes()

        return make

    add(log, to("b", "a"), to("c", "b"))
    known = {"signers": SIGNERS, "recovery": (1, (public("c"),))}
    before = [(1, (public("a"),)), (1, (public("b"),))]
    assert audit(log.folder, **known, earlier=before).findings == []  # type: ignore[arg-type]
    add(log, to("b", "a"))
    report = audit(log.folder, **known, earlier=before)  # type: ignore[arg-type]
    assert [(f.code, f.entry) for f in report.findings] == [("signature", 10)]


def test_a_hash_tile_is_longer_than_its_width(log: Log) -> None:
    path = log.folder / "tile/0/000.p/8"
    path.write_bytes(path.read_bytes() + b"x" * 32)
    assert found(log.folder) == {("tile", None)}


@pytest.mark.parametrize(("kind", "finding"), [("0", ("tile", None)), ("entries", ("entries", 0))])
def test_a_file_for_readers_of_an_older_checkpoint_is_another(
    log: Log, kind: str, finding: tuple[str, int | None]
) -> None:
    add(log, lambda previous: closing(4, previous, **COUNTS))
    folder = log.folder / "tile" / kind / "000.p"
    older = min(folder.iterdir(), key=lambda path: int(path.name))
    assert (found(log.folder), older.name) == (set(), "8")
    older.write_bytes(older.read_bytes()[:-1] + b"!")
    assert found(log.folder) == {finding}


def test_a_bundle_holds_an_entry_more(log: Log) -> None:
    entries = story(4)
    more = [*entries, attempt(sha256_hex(entries[-1]), 5)]
    (log.folder / "tile/entries/000.p/8").write_bytes(pack_entries(more))
    assert found(log.folder) == {("entries", 8)}


@pytest.mark.parametrize("tiles", [False, True])
def test_a_checkpoint_of_entries_that_are_not_there_yet(log: Log, tiles: bool) -> None:
    """Signed ahead, to have a witness or an authority vouch for what is filled in later."""
    root = bytes(32)
    if tiles:
        for kind, data in (("0", b"y" * 32), ("entries", pack_entries([b"{}"]))):
            place = log.folder / "tile" / kind / "000.p"
            (place / "9").write_bytes((place / "8").read_bytes() + data)
    note = sign_note(Checkpoint(ORIGIN, 9, root).text(), ORIGIN, KEY).to_bytes()
    (log.folder / CHECKPOINT).write_bytes(note)
    codes = {code for code, _ in found(log.folder)}
    assert codes & {"entries", "root"}
    assert not codes & {"time", "number"}


def test_two_houses_go_on_from_one_copy_with_one_key(log: Log, tmp_path: Path) -> None:
    """Each is sound by itself; any dossier of the one is the proof against the other."""
    shutil.copytree(log.folder, tmp_path / "copy")
    other = make_log(tmp_path / "copy")
    notes = []
    for house, case in ((log, "here"), (other, "there")):
        add(house, lambda previous, case=case: attempt(previous, 1, case=case))  # type: ignore[misc]
        assert found(house.folder) == set()
        notes.append((house.folder / CHECKPOINT).read_bytes())
    assert found(log.folder, notes[1]) == {("fork", None)}
    add(log, lambda previous: attempt(previous, 2, case="here"))
    assert found(log.folder, notes[1]) == {("fork", 8)}
    assert found(other.folder, (log.folder / CHECKPOINT).read_bytes()) == {("rollback", 9)}


def test_an_index_that_lies_doubles_a_number_and_the_audit_says_so(log: Log) -> None:
    tag = hexed("case")
    with log.writing() as session:
        assert session.index.last_number(tag) == 4
    with closed(sqlite3.connect(log.folder / INDEX)) as base:
        base.execute("DELETE FROM entry WHERE number = 4")
        base.commit()
    with log.writing() as session:
        number = session.index.last_number(tag) + 1
        session.append([attempt(session.previous(), number, capture="again")])
    assert found(log.folder) == {("number", 8)}
    assert log.rebuild_index() == 9
    with log.writing() as session:
        assert session.index.of_case(tag) == list(range(9))


def test_a_waiting_list_that_is_put_back_adds_nothing(log: Log) -> None:
    held = []
    for number in (5, 6):
        with log.grouped() as session:
            session.append([attempt(session.previous(), number)])
        held.append((log.folder / STAGED).read_bytes())
    for data in held:
        (log.folder / STAGED).write_bytes(data)
        with log.writing() as session:
            assert session.size == 10
        assert found(log.folder) == set()


def test_an_attempt_is_logged_under_another_case_of_the_same_salt(log: Log) -> None:
    """Two cases share their salt, so that one attempt might pass for either: numbers tell."""
    add(log, lambda previous: attempt(previous, 1, case="other"))
    add(log, lambda previous: attempt(previous, 2, case="case", capture="other2"))
    assert found(log.folder) == {("number", 9)}


def test_a_capture_is_taken_over_into_another_case(log: Log) -> None:
    add(log, lambda previous: attempt(previous, 1, case="other"))
    first = begun(log.store.entry(8, 9))

    def outcome(previous: str) -> bytes:
        sealed = parse_entry(log.store.entry(7, 9))
        assert isinstance(sealed, Sealed)
        own = replace(sealed, capture_id=first.capture_id, attempt=8, prev=previous)
        return replace(own, number=first.number).to_bytes()

    add(log, outcome)
    assert found(log.folder) == {("outcome", 9)}


def test_another_log_of_the_same_key_under_another_name(log: Log) -> None:
    note = sign_note(Checkpoint("other/log", 8, log.store.root(8)).text(), "other/log", KEY)
    assert found(log.folder, note.to_bytes()) == {("given", None)}
    (log.folder / CHECKPOINT).write_bytes(note.to_bytes())
    assert {code for code, _ in found(log.folder)} == {"checkpoint"}
    with log.writing():
        pass  # its own copy is put back
    assert found(log.folder) == set()
