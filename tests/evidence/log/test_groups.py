"""Many callers at once, in threads and processes: one commit for many, nothing lost or doubled."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from evidence.errors import LogError
from evidence.format.tiles import MAX_ENTRY
from evidence.log import Log, Session, audit
from evidence.log.commit import Check
from evidence.log.staged import STAGED, read_staged
from tests.evidence.log.fixtures import KEY, ORIGIN, add_attempts, attempt, hexed, make_log

ROOT = Path(__file__).resolve().parents[3]


def next_of(case: str):  # type: ignore[no-untyped-def]
    """Return a maker of the case's next attempt, numbered by the index."""

    def make(session: Session) -> bytes:
        return attempt(session.previous(), session.index.last_number(hexed(case)) + 1, case=case)

    return make


def call_often(log: Log, case: str, times: int, found: list[int]) -> None:
    for _ in range(times):
        found.append(log.append(next_of(case)))


def test_threads_share_commits_and_each_gets_its_own_index(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    found: list[int] = []
    threads = [
        threading.Thread(target=call_often, args=(log, f"case {n % 3}", 5, found))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(60))
    assert audit(tmp_path).clean


def test_processes_share_the_log_and_a_case(tmp_path: Path) -> None:
    with make_log(tmp_path).writing():
        pass
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.evidence.log.test_groups import call_often, make_log\n"
        "found = []\n"
        "call_often(make_log(Path(sys.argv[1])), 'shared', 10, found)\n"
        "print(*found)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    children = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    found = [int(word) for child in children for word in child.communicate(timeout=120)[0].split()]
    assert sorted(found) == list(range(30))
    report = audit(tmp_path)
    assert report.clean, report.to_json()
    assert make_log(tmp_path).append(next_of("shared")) == 30


def test_a_block_that_fails_appends_nothing(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 1)
    with pytest.raises(ZeroDivisionError), log.grouped() as session:  # noqa: PT012
        session.append([attempt(session.previous(), 2)])
        _ = 1 / 0
    assert log.store.newest().size == 1
    add_attempts(log, 1, first=2)
    assert audit(tmp_path).clean


def test_one_callers_error_is_its_own(tmp_path: Path) -> None:
    log = make_log(tmp_path)

    def fails(session: Session) -> bytes:
        raise KeyError(session.size)

    with pytest.raises(KeyError):
        log.append(fails)
    with pytest.raises(Exception, match="at most"):
        log.append(lambda _: b"x" * (MAX_ENTRY + 1))
    assert log.append(next_of("a")) == 0


def test_what_a_killed_process_lined_up_is_committed_once_by_the_next(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 1)
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.evidence.log.fixtures import make_log\n"
        "from tests.evidence.log.test_groups import next_of\n"
        "def fault(point):\n"
        "    if point == 'log: staged': os.kill(os.getpid(), signal.SIGKILL)\n"
        "make_log(Path(sys.argv[1]), fault).append(next_of('case'))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert [frame.at for frame in read_staged(tmp_path)] == [0, 1]
    with log.writing() as session:
        assert session.size == 2
        assert session.index.last_number(hexed("case")) == 2
    add_attempts(log, 1, first=3)
    assert audit(tmp_path).clean


@pytest.mark.parametrize("damage", ["torn", "foreign", "empty", "gone"])
def test_a_damaged_staged_file_costs_nothing(tmp_path: Path, damage: str) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 3)
    path = tmp_path / STAGED
    if damage == "gone":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes({"torn": data[:-7], "foreign": b"x" * 900, "empty": b""}[damage])
    add_attempts(log, 2, first=4)
    report = audit(tmp_path)
    assert report.clean
    assert report.size == 5


def test_a_refused_commit_is_told_to_every_caller_and_leaves_nothing_waiting(
    tmp_path: Path,
) -> None:
    log = make_log(tmp_path)
    add_attempts(log, 3)
    path = tmp_path / "tile/entries/000.p/3"
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b'"number":2', b'"number":9'))
    with pytest.raises(LogError, match="changed"):
        add_attempts(log, 1, first=4)
    assert read_staged(tmp_path) == []
    path.write_bytes(sound)
    add_attempts(log, 1, first=4)
    assert audit(tmp_path).clean


def test_a_lock_that_was_lost_stops_the_commit(tmp_path: Path) -> None:
    """A port that says so right before the checkpoint is put in place."""
    from contextlib import contextmanager

    class Losing:
        lost = False

        @contextmanager
        def hold(self, name: str, *, seconds: float):  # type: ignore[no-untyped-def]
            def check() -> None:
                if self.lost:
                    raise LogError("The lock was lost.", "锁已失去。")

            held: Check = check
            yield held

    port = Losing()
    make_log(tmp_path)
    log = Log(tmp_path, ORIGIN, KEY, port=port)
    add_attempts(log, 1)
    port.lost = True
    with pytest.raises(LogError, match="lock was lost"):
        add_attempts(log, 1, first=2)
    port.lost = False
    assert log.store.newest().size == 1
    add_attempts(log, 1, first=2)
    assert audit(tmp_path).clean
