"""A consistent dump of the desk's records, for a backup; no Django is needed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from config.database import database
from evidence.errors import InputError

SQLITE = "markseal.sqlite3"
POSTGRES = "database.pgdump"


def database_dump(home: Path, url: str) -> Callable[[Path], str] | None:
    """Return what dumps the database into a folder; None when there are no records.

    SQLite by its own backup (a file that can be used as it is), PostgreSQL by ``pg_dump`` in its
    custom form (``pg_restore`` reads it).
    """
    if url:
        return lambda folder: _postgres(url, folder)
    path = home / SQLITE
    return (lambda folder: _sqlite(path, folder)) if path.exists() else None


def _sqlite(path: Path, folder: Path) -> str:
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(folder / SQLITE)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as error:
        raise InputError(
            f"The database {path} cannot be read ({error}).", f"无法读取数据库 {path}（{error}）。"
        ) from error
    (folder / SQLITE).chmod(0o600)
    return SQLITE


def _libpq(url: str) -> dict[str, str]:
    """Return the database as libpq's variables: a password is nothing for the command line."""
    held = database(url, Path())
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    variables = ("PGDATABASE", "PGUSER", "PGPASSWORD", "PGHOST", "PGPORT")
    found = {v: str(held[n]) for n, v in zip(names, variables, strict=True) if held[n]}
    modes = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    return found | {v: held["OPTIONS"][n] for n, v in modes.items() if n in held["OPTIONS"]}


def _postgres(url: str, folder: Path) -> str:
    target = folder / POSTGRES
    command = ["pg_dump", "--format=custom", f"--file={target}"]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **_libpq(url)},
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise InputError(
            "The program pg_dump is missing; install it (Debian: apt install postgresql-client).",
            "缺少 pg_dump 程序；请先安装（Debian：apt install postgresql-client）。",
        ) from error
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise InputError(f"pg_dump failed ({why}).", f"pg_dump 失败（{why}）。")
    target.chmod(0o600)
    return POSTGRES
