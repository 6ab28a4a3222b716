"""A virtual screen and a person at it: Xvfb, and xdotool for the mouse and the keys."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

PROGRAMS = ("Xvfb", "xdotool")


def need_a_screen() -> None:
    """Skip the test where there is no virtual screen, unless everything is required."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if not missing:
        return
    reason = f"needs {', '.join(missing)} (Debian: apt install xvfb xdotool)"
    if os.environ.get("MARKSEAL_TEST_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def screen() -> Iterator[str]:
    """Run a virtual screen; yield its DISPLAY."""
    reading, writing = os.pipe()
    arguments = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24"]
    server = subprocess.Popen(
        [*arguments, "-nolisten", "tcp"], pass_fds=[writing], stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], 30)
        assert ready, "Xvfb did not start"
        yield ":" + os.read(reading, 20).decode().strip()
    finally:
        os.close(reading)
        server.terminate()
        server.wait()


@dataclass
class Person:
    """Someone at the screen: hears what they are told, types lines, uses mouse and keys."""

    display: str
    words: int
    lines: int
    heard: str = ""
    _at: int = field(default=0)

    def wait_for(self, words: str, seconds: float = 90.0) -> None:
        """Wait until ``words`` have been told, after what was waited for before."""
        end = time.monotonic() + seconds
        while words not in self.heard[self._at :]:
            ready, _, _ = select.select([self.words], [], [], max(0, end - time.monotonic()))
            more = os.read(self.words, 4096) if ready else b""
            assert more, f"not told: {words!r}; told: {self.heard[-2000:]!r}"
            self.heard += more.decode("utf-8", "replace")
        self._at = self.heard.index(words, self._at) + len(words)

    def says(self, line: str) -> None:
        """Type a line at the terminal."""
        os.write(self.lines, f"{line}\n".encode())

    def hangs_up(self) -> None:
        """Close the terminal."""
        if self.lines >= 0:
            os.close(self.lines)
            self.lines = -1

    def does(self, *arguments: str) -> str:
        """Use mouse or keys."""
        done = subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        time.sleep(0.5)
        return done.stdout.strip()

    def takes_the_window(self) -> None:
        """Put the keyboard on the browser's newest window."""
        self.does("search", "--sync", "--onlyvisible", "--class", "chromium")
        windows = self.does("search", "--onlyvisible", "--class", "chromium").split()
        self.does("windowfocus", windows[-1])

    def clicks(self, x: int, y: int) -> None:
        """Click at a place of the screen."""
        self.does("mousemove", str(x), str(y), "click", "1")
