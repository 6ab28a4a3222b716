"""The log's writer lock in the database, with real connections and real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from desk.cases.writerlock import DatabaseLock, evidence_home
from evidence.errors import LogError
from evidence.log import Log, audit
from tests.evidence.log.fixtures import KEY, ORIGIN, add_attempts, make_log

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif(
    "postgres" not in settings.DATABASES["default"]["ENGINE"], reason="needs PostgreSQL"
)
CHILD = """
import sys; from pathlib import Path
import django; django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[2]
from desk.cases.writerlock import DatabaseLock
from evidence.log import Log
from tests.evidence.log.fixtures import KEY, ORIGIN, add_attempts
locks = Path(sys.argv[4])
log = Log(Path(sys.argv[1]), ORIGIN, KEY, port=DatabaseLock("shared"), locks=locks)
add_attempts(log, 8, case=sys.argv[3])
"""


def locked(folder: Path) -> Log:
    make_log(folder)
    return Log(folder, ORIGIN, KEY, port=DatabaseLock("shared"))


def test_the_home_has_a_database_lock_only_where_there_is_a_database_for_many() -> None:
    held = evidence_home().lock
    assert (held is not None) == (connection.vendor == "postgresql")


@on_postgres
def test_one_waits_for_the_other_and_says_so_in_the_end() -> None:
    one, other = DatabaseLock("a"), DatabaseLock("a")
    with one.hold("lock", seconds=5) as check:
        check()
        with pytest.raises(LogError, match="Another machine"), other.hold("lock", seconds=0.1):
            pass
        with other.hold("commit.lock", seconds=1), DatabaseLock("b").hold("lock", seconds=1):
            pass
    with other.hold("lock", seconds=1):
        pass


@on_postgres
def test_a_connection_that_is_cut_is_noticed_before_the_commit() -> None:
    with DatabaseLock("cut").hold("lock", seconds=5) as check:
        check()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        with pytest.raises(LogError, match="does not answer"):
            check()


@on_postgres
def test_two_writers_with_lock_files_that_do_not_work_make_no_fork(tmp_path: Path) -> None:
    """Each process sees lock files of its own, as on a shared folder without file locks."""
    log = locked(tmp_path / "log")
    add_attempts(log, 1)
    base = connection.settings_dict["NAME"]
    command = [sys.executable, "-c", CHILD, str(log.folder), str(base)]
    children = [
        subprocess.Popen([*command, f"case {n}", str(tmp_path / f"machine {n}")], cwd=ROOT)
        for n in range(2)
    ]
    assert [child.wait(120) for child in children] == [0, 0]
    report = audit(log.folder)
    assert report.clean, report.to_json()
    assert report.size == 17
