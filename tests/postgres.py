"""A throwaway PostgreSQL from the system's own programs, run as an ordinary user.

Root may not run PostgreSQL, so the processes of the server become ``postgres`` or
``nobody`` first. Data and socket lie in a temporary folder that goes with the server.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
USER = "markseal"
NAME = "markseal"


class NoPostgres(Exception):
    """The programs of PostgreSQL are not on this machine."""


def programs() -> Path:
    """Return the folder with initdb and postgres, the newest; raises NoPostgres."""
    for place in PLACES:
        found = sorted(
            (path.parent for path in Path(place).glob("*/bin/initdb")),
            key=lambda path: [int(part) for part in path.parent.name.split(".") if part.isdigit()],
        )
        if found:
            return found[-1]
    path = shutil.which("initdb")
    if path is None:
        raise NoPostgres
    return Path(path).resolve().parent


def _ordinary() -> dict[str, object]:
    """Return what makes a child process an ordinary user; nothing when we are one."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoPostgres


@contextmanager
def server() -> Iterator[str]:
    """Run a PostgreSQL for the length of a ``with`` block; yields its URL."""
    binaries = programs()
    who = _ordinary()
    folder = Path(tempfile.mkdtemp(prefix="mspg-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])  # type: ignore[arg-type]
        with _running(binaries, folder, who):
            yield f"postgres://{USER}@/{NAME}?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(binaries: Path, folder: Path, who: dict[str, object]) -> Iterator[None]:
    data = folder / "data"
    options: dict[str, object] = {**who, "cwd": folder, "env": {**os.environ, "LC_ALL": "C.UTF-8"}}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    initdb = [binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "-N"]
    _run([str(part) for part in initdb], {**options, **quiet})
    command = [binaries / "postgres", "-D", data, "-k", folder]
    for setting in ("listen_addresses=", "fsync=off", "max_connections=60"):
        command += ["-c", setting]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # type: ignore[call-overload]
            [str(part) for part in command], stdout=log, stderr=log, **options
        )
    try:
        _create_database(binaries, folder, {**options, **quiet}, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: list[str], options: dict[str, object]) -> None:
    done = subprocess.run(command, check=False, **options)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))


def _create_database(
    binaries: Path, folder: Path, options: dict[str, object], process: subprocess.Popen[bytes]
) -> None:
    command = [str(binaries / "createdb"), "-h", str(folder), "-U", USER, NAME]
    until = time.monotonic() + 30
    while True:
        try:
            return _run(command, options)
        except RuntimeError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.2)
