"""A really running service with a data folder of its own, and the demo shop beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from demo.processes import ROOT, Child, Household, free_port

Found = TypeVar("Found")
NOT_INHERITED = ("MARKSEAL_DATABASE_URL", "MARKSEAL_PUBLIC_URL", "MARKSEAL_SECRET_KEY_FILE")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class House:
    """One installation: its data folder, its address, its processes."""

    home: Path
    household: Household
    port: int = field(default_factory=free_port)
    child: Child | None = None

    @property
    def address(self) -> str:
        """Where the console answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the service and of its commands."""
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        sandbox = {"MARKSEAL_NO_SANDBOX": "1"} if os.geteuid() == 0 else {}
        return (
            kept
            | sandbox
            | {
                "MARKSEAL_HOME": str(self.home),
                "MARKSEAL_ALLOW_LOOPBACK": "1",
                "MARKSEAL_PORT": str(self.port),
                "PYTHONPATH": str(ROOT),
            }
        )

    def command(self, *arguments: str, expect: int = 0) -> str:
        """Run one command of markseal and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "desk.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expect, (arguments, done.stdout, done.stderr)
        return done.stdout

    def account(self, name: str, role: str, organisation: str) -> str:
        """Make an account and return its password."""
        said = self.command(
            "user", "add", name, "--role", role, "--organisation", organisation, "--json"
        )
        return str(json.loads(said)["password"])

    def start(self) -> None:
        """Start the service and wait until it answers."""
        command = [sys.executable, "-m", "desk.cli", "run"]
        self.child = self.household.start("服务", "service", command, environment=self.environment)
        self.household.await_answer(self.child, f"{self.address}/sign-in/", seconds=90)

    def kill(self) -> None:
        """End the service outright, as a power cut would; what it started ends with it."""
        assert self.child is not None
        self.child.process.send_signal(signal.SIGKILL)
        self.child.process.wait()
        self.household.children.remove(self.child)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the service's database, read beside it."""
        address = f"file:{self.home / 'markseal.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
            return database.execute(sql).fetchall()


def until(look: Callable[[], Found | None], *, seconds: float, what: str) -> Found:
    """Return what is found as soon as it is; fails the test with ``what`` when too late."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def browser_path() -> str:
    """Return a Chromium of this machine; fails the test when there is none."""
    for name in (os.environ.get("MARKSEAL_BROWSER", ""), *BROWSERS):
        path = shutil.which(name) if name else None
        if path is not None:
            return path
    raise AssertionError("no Chromium on this machine; install chromium")
