"""The case index: derived from the entries, right after every accident, thrown away when not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from evidence.format.digests import ZERO, sha256_hex
from evidence.log import Log
from evidence.log.index import INDEX, CaseIndex
from tests.evidence.log.fixtures import add_attempts, attempt, hexed, make_log
from tests.evidence.log.test_audit import begun, failed, story


def opened(log: Log) -> CaseIndex:
    index = CaseIndex(log.folder / INDEX)
    index.catch_up(log.store, log.store.newest().size)
    return index


def test_entries_are_found_by_case_and_by_capture(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    with log.writing() as session:
        session.append(story(3))
        session.append([attempt(session.previous(), 1, case="other")])
        assert session.index.of_case(hexed("case")) == [0, 1, 2, 3, 4, 5]
        assert session.index.of_case(hexed("other")) == [6]
        assert session.index.of_case(hexed("none")) == []
        assert session.index.of_capture(hexed("case2")[:32]) == [2, 3]
        assert session.index.last_number(hexed("case")) == 3
        assert session.index.closed_at(hexed("case")) is None
        assert session.entry(6) == log.store.entry(6, 7)


def test_what_is_lined_up_is_found_too(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 2)
    with log.grouped() as session:
        session.append([attempt(session.previous(), 3)])
        tag = hexed("case")
        assert session.index.of_case(tag) == [0, 1, 2]
        assert session.index.last_number(tag) == 3
        assert begun(session.entry(2)).number == 3
        assert [at for at, _ in session.entries(1)] == [1, 2]


@pytest.mark.parametrize("damage", ["gone", "noise", "torn", "other form", "another log", "rows"])
def test_a_damaged_index_is_built_again(tmp_path: Path, damage: str) -> None:
    log = make_log(tmp_path / "log")
    with log.writing() as session:
        session.append(story(3))
    opened(log).close()
    path = log.folder / INDEX
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    if damage == "gone":
        path.unlink()
    elif damage == "noise":
        path.write_bytes(b"noise" * 400)
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "other form":
        with sqlite3.connect(path) as base:
            base.execute("PRAGMA user_version = 77")
        base.close()
    elif damage == "rows":
        with sqlite3.connect(path) as base:
            base.execute("DROP TABLE entry")
        base.close()
    else:
        other = make_log(tmp_path / "other")
        add_attempts(other, 9, case="another")
        opened(other).close()
        path.write_bytes((other.folder / INDEX).read_bytes())
    index = opened(log)
    assert index.of_case(hexed("case")) == [0, 1, 2, 3, 4, 5]
    assert index.of_case(hexed("another")) == []
    index.close()


def test_it_is_caught_up_over_the_edge_of_a_bundle(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    entries, previous = [], ZERO
    for number in range(1, 301):
        entries.append(attempt(previous, number))
        previous = sha256_hex(entries[-1])
    for group in (entries[:10], entries[10:256], entries[256:]):
        with log.writing() as session:
            session.append(group)
            assert session.index.last_number(hexed("case")) == session.size
    assert log.rebuild_index() == 300
    assert opened(log).of_case(hexed("case")) == list(range(300))


def test_entries_that_are_none_are_passed_over(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    first = attempt(ZERO, 1)
    with log.writing() as session:
        session.append([first, b"no entry", failed(sha256_hex(b"no entry"), begun(first), 0)])
        assert session.index.of_case(hexed("case")) == [0, 2]
