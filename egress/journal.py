"""The guard's journal: JSON lines, one when a connection is decided, one when it ends.

``{"event":"start","format","time",…,"allow_loopback":bool,"clients","resolvers":[…]}``
``{"event":"connection","id","time","protocol":"socks5|connect|http","host","port",
"answers":[…],"withheld":[{"address","reason"}],"address","local_port","client_port",
"verdict":"connected|refused|failed","reason":null|code,"loopback":bool,
"comparison":"agrees|differs|not_checked|not_needed",
"resolvers":[{"server","answers":[…],"cname":[…],"error":null|code,"agrees":bool|null}]}``
``{"event":"close","id","time","bytes_up","bytes_down"}``
``{"event":"turned_away","time","client_port","reason":"foreign_client|too_many"}``
``{"event":"stop","time","connections","connected","refused","failed","calls_home",
"foreign_client","too_many","bytes_up","bytes_down"}``

``loopback`` is true on every line of a guard that lets this machine's own address through.
The form is told in docs/formats.md.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from egress.clients import Clients
from egress.errors import JournalFailed
from egress.opinions import Comparison

TURNED_AWAY_LINES = 1000
TOTALS = ("connected", "refused", "failed", "calls_home", "foreign_client", "too_many")
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
    withheld: tuple[tuple[str, str], ...]
    address: str | None
    local_port: int | None
    client_port: int
    verdict: str
    reason: str | None
    comparison: Comparison

    def to_json(self) -> dict[str, object]:
        """Return the fields of the journal's line."""
        return {
            **vars(self),
            "withheld": [{"address": one, "reason": reason} for one, reason in self.withheld],
            "comparison": self.comparison.result,
            "resolvers": [vars(opinion) for opinion in self.comparison.opinions],
        }


class Journal:
    """An append-only file of what was let out and what was not."""

    def __init__(
        self,
        path: Path,
        *,
        allow_loopback: bool,
        clients: Clients | None = None,
        resolvers: tuple[str, ...] = (),
        clock: Clock = utc_now,
    ) -> None:
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
        self._write(
            {
                "event": "start",
                "format": "markseal-egress/1",
                "allow_loopback": allow_loopback,
                "clients": str(clients) if clients else "not checked",
                "resolvers": list(resolvers),
            }
        )

    def decided(self, decision: Decision) -> int:
        """Write one decision and return its number, which the closing line repeats."""
        self._next += 1
        self._counts[decision.verdict] += 1
        if decision.reason == "call_home":
            self._counts["calls_home"] += 1
        self._write({"event": "connection", "id": self._next, **decision.to_json()})
        return self._next

    def turned_away(self, reason: str, client_port: int) -> None:
        """Count a connection that was closed unread; the first thousand get a line each."""
        self._counts[reason] += 1
        self._counts["turned_away"] += 1
        if self._counts["turned_away"] <= TURNED_AWAY_LINES:
            row = {"event": "turned_away", "client_port": client_port, "reason": reason}
            self._write(row)

    def closed(self, number: int, *, up: int, down: int) -> None:
        """Write the end of a connection with the bytes that went each way."""
        self._counts["bytes_up"] += up
        self._counts["bytes_down"] += down
        self._write({"event": "close", "id": number, "bytes_up": up, "bytes_down": down})

    def stop(self) -> None:
        """Write the totals and close the file."""
        counts = {name: self._counts[name] for name in (*TOTALS, "bytes_up", "bytes_down")}
        self._write({"event": "stop", "connections": self._next, **counts})
        os.close(self._file)

    def _write(self, row: dict[str, object]) -> None:
        time = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        row = {**row, "time": time, "loopback": self._loopback}
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
        data = line.encode("utf-8", "backslashreplace")
        try:
            written = os.write(self._file, data)
        except OSError as error:
            raise JournalFailed(str(self.path), error.strerror or "OSError") from error
        if written != len(data):
            raise JournalFailed(str(self.path), "short write")
