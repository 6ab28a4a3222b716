"""A desk of its own for tests that start and kill real processes.

It has its own data folder and, on PostgreSQL, its own database on the test server.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class House:
    """A data folder with its environment and the processes started in it."""

    home: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command of markseal in the house."""
        with (self.home / "stderr").open("a") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "desk.cli", *command],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        self.started.append(process)
        return process

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of markseal in the house to its end."""
        return subprocess.run(
            [sys.executable, "-m", "desk.cli", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def ask(self, code: str) -> Any:
        """Run Python with Django set up; return what it assigns to ``answer``."""
        program = (
            "import json, os, django; django.setup()\n"
            f"{code}\nprint(json.dumps(answer, ensure_ascii=False, default=str))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)

    def residents(self) -> list[int]:
        """Return the ids of all living processes of this house."""
        wanted = f"MARKSEAL_HOME={self.home}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                alive = entry.name.isdigit() and b") Z " not in (entry / "stat").read_bytes()
                if alive and wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def end(self) -> None:
        """Kill what is left."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        for pid in self.residents():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def until(true: Callable[[], Any], *, seconds: float = 40) -> Any:
    """Return the first true answer; fail when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        answer = true()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("did not happen in time")
        time.sleep(0.1)


@contextmanager
def house(home: Path, **environment: str) -> Iterator[House]:
    """Open a house, with a database of its own, and leave nothing behind."""
    home.mkdir(parents=True, exist_ok=True)
    values = {**os.environ, "MARKSEAL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings"}
    values.pop("MARKSEAL_SECRET_KEY_FILE", None)
    url = os.environ.get("MARKSEAL_DATABASE_URL")
    with _database(url) as own:
        if own:
            values["MARKSEAL_DATABASE_URL"] = own
        place = House(home, {**values, **environment})
        try:
            yield place
        finally:
            place.end()


@contextmanager
def _database(url: str | None) -> Iterator[str | None]:
    if not url:
        yield None
        return
    name = f"house_{secrets.token_hex(6)}"
    with psycopg.connect(url.replace("@/", "@localhost/", 1), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            before, _, options = url.partition("?")
            yield f"{before.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
