"""The guard's journal: JSON lines, one when a connection is decided, one when it ends.

``{"event":"start","time",…,"allow_loopback":bool,"version"}``
``{"event":"connection","id","time","protocol":"socks5|connect|http","host","port",
"answers":[…],"address","local_port","client_port","verdict":"connected|refused|failed",
"reason":null|code,"loopback":bool}``
``{"event":"close","id","time","bytes_up","bytes_down"}``
``{"event":"stop","time","connections","connected","refused","failed","calls_home"}``

``loopback`` is true on every line of a guard that lets this machine's own address through.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from egress.errors import JournalFailed

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Decision:
    """What became of one request to be let out."""

    protocol: str
    host: str
    port: int
    answers: tuple[str, ...]
    address: str | None
    local_port: int | None
    client_port: int
    verdict: str
    reason: str | None


class Journal:
    """An append-only file of what was let out and what was not."""

    def __init__(self, path: Path, *, allow_loopback: bool, clock: Clock = utc_now) -> None:
        self.path = path
        self._clock = clock
        self._loopback = allow_loopback
        self._next = 0
        self._counts: Counter[str] = Counter()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalFailed(str(path), error.strerror or "OSError") from error
        self._write({"event": "start", "format": "markseal-egress/1"})

    def decided(self, decision: Decision) -> int:
        """Write one decision and return its number, which the closing line repeats."""
        self._next += 1
        self._counts[decision.verdict] += 1
        if decision.reason == "call_home":
            self._counts["calls_home"] += 1
        row = {"event": "connection", "id": self._next, **vars(decision)}
        row["answers"] = list(decision.answers)
        self._write(row)
        return self._next

    def closed(self, number: int, *, up: int, down: int) -> None:
        """Write the end of a connection with the bytes that went each way."""
        self._write({"event": "close", "id": number, "bytes_up": up, "bytes_down": down})

    def stop(self) -> None:
        """Write the totals and close the file."""
        counts = {
            name: self._counts[name] for name in ("connected", "refused", "failed", "calls_home")
        }
        self._write({"event": "stop", "connections": self._next, **counts})
        os.close(self._file)

    def _write(self, row: dict[str, object]) -> None:
        time = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        row = {**row, "time": time, "loopback": self._loopback}
        if row["event"] == "start":
            row["allow_loopback"] = self._loopback
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            os.write(self._file, line.encode())
        except OSError as error:
            raise JournalFailed(str(self.path), error.strerror or "OSError") from error
