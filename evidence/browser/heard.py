"""What the browser tells its driver of the network (CDP Network), as the driver hears it.

The driver has the Network domain enabled anyway, for every page, frame and worker. To listen by a
session of our own makes the browser say everything twice and every page load slower; instead
``heard.js``, in the driver's process, writes each event to a file before the driver acts on it.
What the driver knows, say that a page has loaded, therefore never comes before what is read here.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.browser.failure import PageNotCaptured, Reason

_SCRIPT = Path(__file__).with_name("heard.js")
_METHOD = b'{"method":"'

Event = tuple[str, dict[str, Any]]


@contextmanager
def overheard(spool: Path) -> Iterator[Path]:
    """Have a driver that is started in the block overheard; yield the file, in ``spool``.

    The environment of this process names the script for as long (NODE_OPTIONS, node(1)).
    """
    script = spool / _SCRIPT.name
    shutil.copyfile(_SCRIPT, script)
    before = os.environ.get("NODE_OPTIONS")
    quoted = str(script).replace("\\", "\\\\").replace('"', '\\"')
    os.environ["NODE_OPTIONS"] = f'{before or ""} --require "{quoted}"'.strip()
    try:
        yield script.with_suffix(".jsonl")
    finally:
        if before is None:
            del os.environ["NODE_OPTIONS"]
        else:
            os.environ["NODE_OPTIONS"] = before


@dataclass
class Heard:
    """Reads the file as it grows, from ``at`` on (bytes)."""

    path: Path
    at: int = 0

    @classmethod
    def from_now(cls, path: Path) -> Heard:
        """Return one that reads what comes from now on. Raises PageNotCaptured without the file."""
        try:
            return cls(path, path.stat().st_size)
        except OSError as error:
            raise _not_heard() from error

    def read(self, methods: frozenset[str]) -> list[Event]:
        """Return the events that came since the last call and are named in ``methods``, in order.

        Raises PageNotCaptured when the file cannot be read or one of them is not an event.
        """
        try:
            if self.path.stat().st_size == self.at:
                return []
            with self.path.open("rb") as file:
                file.seek(self.at)
                whole, end, _ = file.read().rpartition(b"\n")
            found = [read_event(line) for line in whole.split(b"\n") if method_of(line) in methods]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _not_heard() from error
        self.at += len(whole) + len(end)
        return found


def method_of(line: bytes) -> str:
    """Return the method of an event as the browser writes it, empty when it is none."""
    if not line.startswith(_METHOD):
        return ""
    return line[len(_METHOD) : line.find(b'"', len(_METHOD))].decode("ascii", "replace")


def read_event(line: bytes) -> Event:
    """Return method and parameters of one event; raises ValueError, KeyError or TypeError."""
    event = json.loads(line)
    return str(event["method"]), dict(event["params"])


def _not_heard() -> PageNotCaptured:
    return PageNotCaptured(
        Reason.BROWSER,
        "What the browser tells of the network could not be read; capture again.",
        "无法读取浏览器对网络活动的说明；请重新取证。",
    )
