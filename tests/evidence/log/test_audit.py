"""The audit: every kind of tampering has a finding that names the entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.errors import LogError
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.entry import Attempt, parse_entry
from evidence.format.tiles import pack_entries, unpack_entries
from evidence.log import Log, audit
from evidence.log.audit import read_vkey
from evidence.log.store import CHECKPOINT, SEEN
from tests.evidence.log.fixtures import attempt, failed, hexed, make_log, sealed


def write(log: Log, entries: list[bytes]) -> None:
    with log.writing() as session:
        session.append(entries)


def begun(data: bytes) -> Attempt:
    entry = parse_entry(data)
    assert isinstance(entry, Attempt)
    return entry


def story(count: int) -> list[bytes]:
    """``count`` chained pairs of an attempt and its outcome, the last one sealed."""
    entries: list[bytes] = []
    previous = ZERO
    for number in range(1, count + 1):
        entries.append(attempt(previous, number))
        begin = begun(entries[-1])
        previous = sha256_hex(entries[-1])
        make = sealed if number == count else failed
        entries.append(make(previous, begin, len(entries) - 1))
        previous = sha256_hex(entries[-1])
    return entries


def codes(folder: Path) -> set[tuple[str, int | None]]:
    return {(finding.code, finding.entry) for finding in audit(folder).findings}


def test_a_sound_log_has_no_findings_and_is_counted(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    write(log, story(3))
    log.append(lambda s: attempt(s.previous(), 4))
    report = audit(tmp_path, vkey=log.key.text())
    assert report.clean
    assert (report.attempts, report.sealed, report.failed) == (4, 1, 2)
    assert report.open_attempts == [6]


def test_a_gap_in_a_case_is_named(tmp_path: Path) -> None:
    first = attempt(ZERO, 1)
    write(make_log(tmp_path), [first, attempt(sha256_hex(first), 3)])
    assert codes(tmp_path) == {("number", 1)}


def test_a_number_used_twice_is_named(tmp_path: Path) -> None:
    first = attempt(ZERO, 1)
    write(make_log(tmp_path), [first, attempt(sha256_hex(first), 1, capture="other")])
    assert codes(tmp_path) == {("number", 1)}


def test_two_cases_count_for_themselves(tmp_path: Path) -> None:
    first = attempt(ZERO, 1, case="a")
    write(make_log(tmp_path), [first, attempt(sha256_hex(first), 1, case="b")])
    assert codes(tmp_path) == set()


def test_a_second_outcome_and_a_second_seal_are_named(tmp_path: Path) -> None:
    entries = story(1)
    again = sealed(sha256_hex(entries[-1]), begun(entries[0]), 0)
    write(make_log(tmp_path), [*entries, again])
    assert codes(tmp_path) == {("twice", 2), ("sealed twice", 2)}


def test_an_outcome_of_another_attempt_is_named(tmp_path: Path) -> None:
    first = attempt(ZERO, 1)
    stranger = begun(attempt(ZERO, 1, case="other"))
    write(make_log(tmp_path), [first, failed(sha256_hex(first), stranger, 0)])
    assert codes(tmp_path) == {("outcome", 1)}


def test_a_wrong_previous_hash_is_named(tmp_path: Path) -> None:
    write(make_log(tmp_path), [attempt(ZERO, 1), attempt(hexed("x"), 2)])
    assert codes(tmp_path) == {("chain", 1)}


def test_an_entry_that_is_no_entry_is_named(tmp_path: Path) -> None:
    write(make_log(tmp_path), [b"not json"])
    assert codes(tmp_path) == {("format", 0)}


def _bundle(folder: Path) -> Path:
    return folder / "tile/entries/000.p/6"


def test_a_changed_entry_is_named_by_chain_leaf_and_root(tmp_path: Path) -> None:
    write(make_log(tmp_path), story(3))
    entries = unpack_entries(_bundle(tmp_path).read_bytes())
    entries[2] = entries[2].replace(b"2026-01-02", b"2026-01-01")
    _bundle(tmp_path).write_bytes(pack_entries(entries))
    assert codes(tmp_path) == {
        ("chain", 3), ("tile", None), ("leaf", 2), ("root", None), ("time", 2),
    }  # fmt: skip


def test_swapped_entries_are_named(tmp_path: Path) -> None:
    write(make_log(tmp_path), story(3))
    entries = unpack_entries(_bundle(tmp_path).read_bytes())
    entries[0], entries[2] = entries[2], entries[0]
    _bundle(tmp_path).write_bytes(pack_entries(entries))
    assert {("chain", 0), ("leaf", 0), ("leaf", 2), ("root", None)} <= codes(tmp_path)


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    write(make_log(tmp_path), story(3))
    _bundle(tmp_path).unlink()
    assert codes(tmp_path) == {("entries", 0)}


def test_a_changed_tile_alone_is_named(tmp_path: Path) -> None:
    write(make_log(tmp_path), story(3))
    path = tmp_path / "tile/0/000.p/6"
    path.write_bytes(bytes(32) + path.read_bytes()[32:])
    assert codes(tmp_path) == {("tile", None), ("leaf", 0)}


def test_a_dropped_end_is_named(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    write(log, story(3))
    older = (tmp_path / CHECKPOINT).read_bytes()
    log.append(lambda s: attempt(s.previous(), 4))
    (tmp_path / CHECKPOINT).write_bytes(older)
    assert codes(tmp_path) == {("rollback", 6)}


def test_a_checkpoint_by_another_key_or_a_torn_one_is_named(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    write(log, story(1))
    note = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(note.replace(b"\n2\n", b"\n1\n"))
    assert codes(tmp_path) == {("checkpoint", None)}
    (tmp_path / CHECKPOINT).unlink()
    assert codes(tmp_path) == {("checkpoint", None)}


def test_two_roots_of_one_size_are_a_fork(tmp_path: Path) -> None:
    one, other = make_log(tmp_path / "a"), make_log(tmp_path / "b")
    write(one, [attempt(ZERO, 1)])
    write(other, [attempt(ZERO, 1, capture="x")])
    (one.folder / SEEN).write_bytes((other.folder / CHECKPOINT).read_bytes())
    assert codes(one.folder) == {("fork", None)}


def test_no_log_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no log"):
        audit(tmp_path)


def test_a_log_that_is_gone_altogether_is_a_finding(tmp_path: Path) -> None:
    key = make_log(tmp_path / "log").key.text()
    report = audit(tmp_path / "nothing", vkey=key)
    assert [f.code for f in report.findings] == ["checkpoint"]


def test_a_broken_key_file_is_one_sentence(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    for content in (b"\xff", b"nonsense", b""):
        (log.folder / "vkey").write_bytes(content)
        with pytest.raises(LogError, match="vkey does not hold"):
            audit(tmp_path)


def test_a_key_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    class Locked(type(tmp_path)):  # type: ignore[misc]
        def read_text(self, *_: object, **__: object) -> str:
            raise PermissionError(13, "Permission denied")

    with pytest.raises(LogError, match="Permission denied"):
        read_vkey(Locked(tmp_path / "vkey"))
