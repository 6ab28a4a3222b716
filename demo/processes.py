"""The processes a demo run starts: each with a log of its own, all ended with it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.errors import ChildEnded, TooLong

ROOT = Path(__file__).resolve().parent.parent
GRACE = 15.0
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """Return a port of this machine's own address that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Child:
    """One started process, its name in both languages and where its words go."""

    zh: str
    en: str
    log: Path
    process: subprocess.Popen[bytes]

    def check(self) -> None:
        """Raise ChildEnded with its last words if it no longer runs."""
        code = self.process.poll()
        if code is None:
            return
        words = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = words[-1] if words else "-"
        raise ChildEnded(
            f"The {self.en} ended by itself (exit {code}: {last}); see {self.log}.",
            f"{self.zh}意外退出（{code}：{last}），详见 {self.log}。",
        )


@dataclass
class Household:
    """Starts children and ends them all, the last one first."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def start(
        self, zh: str, en: str, command: Sequence[str], *, environment: Mapping[str, str]
    ) -> Child:
        """Start a process that ends with this one, whatever way this one ends."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{en.rpartition(' ')[2]}.log"
        leash = [sys.executable, "-m", "desk.jobs.leash", str(os.getpid())]
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*leash, *command],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(zh, en, log, process)
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raise ChildEnded if any of them has ended."""
        for child in self.children:
            child.check()

    def await_answer(self, child: Child, url: str, *, seconds: float) -> None:
        """Return as soon as the address answers; raises ChildEnded or TooLong."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            child.check()
            try:
                with DIRECT.open(url, timeout=10):
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.2)
        raise TooLong(
            f"The {child.en} did not answer at {url} within {seconds:.0f} s; see {child.log}.",
            f"{child.zh}在 {seconds:.0f} 秒内没有响应（{url}），详见 {child.log}。",
        )

    def stop(self) -> None:
        """Ask each to end, and end what does not within a few seconds with all it started."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + GRACE
        for child in reversed(self.children):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, end - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self.children.clear()
