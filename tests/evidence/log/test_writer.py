"""The writer: what it appends can be proved, read by others, and is never lost or doubled."""

from __future__ import annotations

import base64
import hashlib
import random
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from pymerkle import InmemoryTree

from evidence.errors import FormatError, LogError
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.merkle import leaf_hash, verify_inclusion
from evidence.format.tiles import MAX_ENTRY, tiles_of
from evidence.format.tlogproof import TlogProof
from evidence.log import audit
from evidence.log.store import CHECKPOINT, NEXT, SEEN, open_checkpoint, tiles_from_leaves
from tests.evidence.log.fixtures import add_attempts, add_batch, attempt, make_log


def oracle_root(entries: list[bytes]) -> bytes:
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    return bytes(tree.get_root())


def entries_of(log: object, size: int) -> list[bytes]:
    return [data for _, data in log.store.entries(size)]  # type: ignore[attr-defined]


def test_an_empty_log_gets_a_signed_checkpoint_of_size_zero(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    with log.writing() as session:
        assert session.size == 0
        assert session.previous() == ZERO
    head = log.store.head()
    assert head is not None
    assert head.size == 0
    assert audit(tmp_path).clean


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9])
def test_the_root_is_the_one_another_library_computes(tmp_path: Path, size: int) -> None:
    log = make_log(tmp_path)
    add_attempts(log, size)
    head = log.store.head()
    assert head is not None
    assert head.checkpoint.root == oracle_root(entries_of(log, size))


def test_appends_over_the_edges_of_tiles_agree_with_tiles_made_at_once(tmp_path: Path) -> None:
    """Random group sizes up to beyond two full tiles and a level above."""
    log = make_log(tmp_path)
    rng = random.Random(7)
    number = 1
    with log.writing() as session:
        while session.size < 600:
            group, previous = [], session.previous()
            for _ in range(rng.choice([1, 2, 100, 255, 256, 257])):
                group.append(attempt(previous, number))
                previous, number = sha256_hex(group[-1]), number + 1
            session.append(group)
            size = session.size
            assert session.head.checkpoint.root == oracle_root(entries_of(log, size))
    expected = dict(tiles_from_leaves(log.store.leaves(size)))
    assert set(expected) == set(tiles_of(size))
    assert all(log.store.tile(tile) == data for tile, data in expected.items())
    assert audit(tmp_path).clean


def test_every_entry_has_a_proof_that_leads_to_the_checkpoint(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    with log.writing() as session:
        add_batch(session, 300)
    for index in (0, 1, 127, 255, 256, 299):
        entry, raw = log.proof(index)
        proof = TlogProof.parse(raw)
        head = open_checkpoint(proof.checkpoint, log.key).checkpoint
        verify_inclusion(leaf_hash(entry), proof.index, head.size, proof.hashes, head.root)
    with pytest.raises(LogError, match="no entry 300"):
        log.proof(300)


def test_an_entry_that_is_too_long_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    with log.writing() as session, pytest.raises(FormatError):
        session.append([b"x" * (MAX_ENTRY + 1)])
    head = log.store.head()
    assert head is not None
    assert head.size == 0


def test_old_partial_tiles_do_not_pile_up(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 30)
    assert len(list((tmp_path / "tile/0/000.p").iterdir())) <= 3
    assert len(list((tmp_path / "tile/entries/000.p").iterdir())) <= 3


@pytest.mark.parametrize("damage", ["empty", "half", "gone", "foreign"])
def test_a_torn_checkpoint_is_put_back_from_its_second_copy(tmp_path: Path, damage: str) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 5)
    path = tmp_path / CHECKPOINT
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "half": whole[:40], "foreign": b"x\n1\ny\n\n"}[damage])
    add_attempts(log, 1, first=6)
    head = log.store.head()
    assert head is not None
    assert head.size == 6
    assert audit(tmp_path).clean


def test_a_torn_checkpoint_without_a_second_copy_stops_the_writer(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 2)
    (tmp_path / CHECKPOINT).write_bytes(b"")
    (tmp_path / SEEN).unlink()
    (tmp_path / NEXT).unlink(missing_ok=True)
    with pytest.raises(LogError, match="no readable checkpoint"):
        add_attempts(log, 1, first=3)


def test_torn_hash_tiles_are_computed_again_from_the_entries(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    with log.writing() as session:
        add_batch(session, 260)
    (tmp_path / "tile/0/000").write_bytes(b"torn")
    (tmp_path / "tile/1/000.p/1").unlink()
    add_attempts(log, 1, first=261)
    assert audit(tmp_path).clean


def test_what_lies_beyond_the_checkpoint_is_ignored_and_written_over(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 3)
    (tmp_path / "tile/entries/000.p/4").write_bytes(b"\x00\x05torn")
    (tmp_path / "tile/0/000.p/4").write_bytes(b"torn")
    (tmp_path / NEXT).write_bytes(b"torn")
    add_attempts(log, 1, first=4)
    head = log.store.head()
    assert head is not None
    assert head.size == 4
    assert audit(tmp_path).clean


def test_a_log_that_was_rolled_back_is_not_written_to(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 2)
    older = (tmp_path / CHECKPOINT).read_bytes()
    add_attempts(log, 1, first=3)
    (tmp_path / CHECKPOINT).write_bytes(older)
    with pytest.raises(LogError, match="rolled back"):
        add_attempts(log, 1, first=4)
    assert [f.code for f in audit(tmp_path).findings] == ["rollback"]


def test_a_changed_entry_stops_the_writer(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 3)
    path = tmp_path / "tile/entries/000.p/3"
    path.write_bytes(path.read_bytes().replace(b'"number":2', b'"number":9'))
    with pytest.raises(LogError, match="changed"):
        add_attempts(log, 1, first=4)


def test_a_log_put_back_from_an_older_copy_is_found_by_its_witness(tmp_path: Path) -> None:
    log = replace(make_log(tmp_path / "log"), witness=tmp_path / "witness")
    add_attempts(log, 2)
    shutil.copytree(tmp_path / "log", tmp_path / "older")
    add_attempts(log, 1, first=3)
    shutil.rmtree(tmp_path / "log")
    (tmp_path / "older").rename(tmp_path / "log")
    assert audit(log.folder).clean
    assert [f.code for f in audit(log.folder, witness=log.witness).findings] == ["rollback"]
    with pytest.raises(LogError, match="rolled back"):
        add_attempts(log, 1, first=3)


def test_a_log_that_was_emptied_is_not_begun_anew(tmp_path: Path) -> None:
    log = replace(make_log(tmp_path / "log"), witness=tmp_path / "witness")
    add_attempts(log, 2)
    for name in (CHECKPOINT, SEEN):
        (log.folder / name).unlink()
    shutil.rmtree(log.folder / "tile")
    assert [f.code for f in audit(log.folder, witness=log.witness).findings] == ["checkpoint"]
    with pytest.raises(LogError, match="missing"):
        add_attempts(log, 1, first=1)


def test_a_log_without_a_checkpoint_has_no_newest(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no checkpoint"):
        make_log(tmp_path).store.newest()


def test_another_library_reads_the_folder_and_finds_the_same_root(tmp_path: Path) -> None:
    """Nothing of ours reads here: the files as c2sp.org/tlog-tiles says, pymerkle for the tree."""
    log = make_log(tmp_path)
    with log.writing() as session:
        add_batch(session, 700)
    origin, size, root = (tmp_path / "checkpoint").read_text("utf-8").split("\n")[:3]
    tree, leaves = InmemoryTree(algorithm="sha256"), b""
    for number in range(-(-int(size) // 256)):
        width = min(256, int(size) - number * 256)
        name = f"{number:03d}" + ("" if width == 256 else f".p/{width}")
        data = (tmp_path / "tile/entries" / name).read_bytes()
        while data:
            (length,) = struct.unpack(">H", data[:2])
            index = tree.append_entry(data[2 : 2 + length])
            leaves += tree.get_leaf(index)
            data = data[2 + length :]
        assert (tmp_path / "tile/0" / name).read_bytes() == leaves[number * 256 * 32 :]
    assert tree.get_size() == int(size) == 700
    assert tree.get_root() == base64.b64decode(root)
    assert origin == "markseal/test"
    full = [tree.get_root(256 * n) for n in (1, 2)]
    upper = (tmp_path / "tile/1/000.p/2").read_bytes()
    assert upper[:32] == full[0]
    assert hashlib.sha256(b"\x01" + upper[:32] + upper[32:]).digest() == full[1]
