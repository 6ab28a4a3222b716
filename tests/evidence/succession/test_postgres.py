"""The records of the desk on PostgreSQL go with a backup (pg_dump) and come back (pg_restore)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.succession.rig import ROOT, home_at, seal
from tests.postgres import USER, NoPostgres, programs, server

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]
PASSPHRASE = "twelve characters and more\n"


def markseal(home: Path, url: str, *words: str | Path, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "desk.cli", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "MARKSEAL_HOME": str(home), "MARKSEAL_DATABASE_URL": url},
        input=PASSPHRASE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_records_on_postgresql_come_back(tmp_path: Path) -> None:
    try:
        binaries = programs()
    except NoPostgres:
        pytest.skip("PostgreSQL's programs are not here")
    home = home_at(tmp_path / "home")
    seal(home, home.path / "exhibits", 1)
    with server() as url:
        organisation = ("--organisation", "鄞州区市场监管局", "--kind", "bureau")
        markseal(home.path, url, "user", "add", "wang", "--role", "officer", *organisation)
        markseal(home.path, url, "backup", "--out", tmp_path / "day.backup")
        gone = url.replace("/markseal?", "/nosuch?")
        told = markseal(home.path, gone, "backup", "--out", tmp_path / "no.backup", code=64)
        assert "pg_dump failed" in told
        assert not (tmp_path / "no.backup").exists()
        said = markseal(
            tmp_path / "new", "", "restore", tmp_path / "day.backup", "--home", tmp_path / "new"
        )
        assert "database.pgdump" in said
        dump = tmp_path / "new/database.pgdump"
        assert dump.stat().st_mode & 0o777 == 0o600
        folder = url.split("host=")[1]
        there = ["-h", folder, "-U", USER]
        run(binaries / "createdb", *there, "again")
        run(binaries / "pg_restore", *there, "-d", "again", "--no-owner", dump)
        found = run(
            binaries / "psql", *there, "-d", "again", "-Atc", "SELECT username FROM register_user"
        )
        again = url.replace("/markseal?", "/again?")
        markseal(tmp_path / "new", again, "user", "add", "li", "--role", "officer", *organisation)
    assert found.split() == ["wang"]
    print("soak: records on PostgreSQL dumped with a backup and restored into another database")


def run(*words: str | Path) -> str:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
