"""Reads the egress guard's journal (JSON lines): who was really spoken to, and what was refused.

Nothing of ``egress`` is imported; the journal's fields are its published form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evidence.errors import CaptureError
from evidence.format.times import parse_time


@dataclass(frozen=True)
class Contact:
    """One connection as the guard decided it; ``client_port`` is the browser's own port."""

    host: str
    port: int
    address: str | None
    verdict: str
    reason: str | None
    answers: tuple[str, ...]
    client_port: int | None = None
    decided: datetime | None = None
    comparison: str = ""
    opinions: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class JournalView:
    """What the journal says from a given place on."""

    allow_loopback: bool | None
    contacts: tuple[Contact, ...]
    calls_home_refused: int

    def peer(self, url: str) -> str | None:
        """Return the address behind a URL if all its connections went to the same one."""
        host, port = host_and_port(url)
        found = {
            c.address
            for c in self.contacts
            if (c.host, c.port) == (host, port) and c.verdict == "connected" and c.address
        }
        return found.pop() if len(found) == 1 else None

    def contact(self, client_port: int, host: str, port: int, opened: datetime) -> Contact | None:
        """Return the connection that came from ``client_port`` for a target, nearest in time."""
        found = [
            c
            for c in self.contacts
            if (c.client_port, c.host, c.port) == (client_port, host.lower(), port)
            and c.verdict == "connected"
        ]
        return min(found, key=lambda c: abs((c.decided or opened) - opened), default=None)

    def refusal(self, url: str) -> Contact | None:
        """Return the latest refused or failed connection for a URL's host and port."""
        host, port = host_and_port(url)
        found = [c for c in self.contacts if (c.host, c.port) == (host, port)]
        return next((c for c in reversed(found) if c.verdict != "connected"), None)

    def refused(self) -> tuple[Contact, ...]:
        """Return every connection the guard refused, calls home left out."""
        return tuple(c for c in self.contacts if c.verdict == "refused" and c.reason != "call_home")


def journal_size(path: Path | None) -> int:
    """Return the bytes in the journal now; reading on from here leaves out what was before."""
    if path is None:
        return 0
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise _unreadable(path, error) from error


def read_journal(path: Path | None, start: int = 0) -> JournalView:
    """Return what the journal holds from byte ``start``; no journal gives an empty view."""
    if path is None:
        return JournalView(None, (), 0)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    rows = [json.loads(line) for line in data[start:].split(b"\n")[:-1] if line]
    first = json.loads(data.split(b"\n")[0]) if b"\n" in data else {}
    contacts = tuple(_contact(row) for row in rows if row.get("event") == "connection")
    home = sum(1 for c in contacts if c.reason == "call_home")
    return JournalView(first.get("allow_loopback"), contacts, home)


def _contact(row: dict[str, object]) -> Contact:
    answers = row.get("answers")
    address = row.get("address")
    reason = row.get("reason")
    said = row.get("resolvers")
    opinions = said if isinstance(said, list) else []
    return Contact(
        host=str(row.get("host", "")).lower(),
        port=int(str(row.get("port", 0))),
        address=str(address) if address else None,
        verdict=str(row.get("verdict", "")),
        reason=str(reason) if reason else None,
        answers=tuple(map(str, answers)) if isinstance(answers, list) else (),
        client_port=int(str(row["client_port"])) if row.get("client_port") else None,
        decided=parse_time(str(row["time"])) if row.get("time") else None,
        comparison=str(row.get("comparison") or ""),
        opinions=tuple(o for o in opinions if isinstance(o, dict)),
    )


def host_and_port(url: str) -> tuple[str, int]:
    """Return the host without brackets and the port, the scheme's own if none is written."""
    parts = urlsplit(url)
    secure = parts.scheme in ("https", "wss")
    return (parts.hostname or "").lower(), parts.port or (443 if secure else 80)


def _unreadable(path: Path, error: OSError) -> CaptureError:
    return CaptureError(
        f"The egress guard's journal {path} cannot be read ({error.strerror}).",
        f"无法读取出口守卫日志 {path}（{error.strerror}）。",
    )
