"""What a server received and sent, to the byte, per connection and split into exchanges."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit


class Ending(StrEnum):
    """What became of the connection after an answer."""

    KEEP = "kept open"
    CLOSE = "closed after the answer"
    RESET = "reset half way"
    SILENT = "closed without an answer"
    UPGRADE = "handed to WebSocket"
    GONE = "the client went away"


@dataclass(frozen=True)
class Request:
    """One request as received; ``raw`` is all of it, the body included."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def header(self, name: str) -> str:
        """Return the first value of ``name``, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True)
class Exchange:
    """A request and what was sent for it; ``surplus`` is what followed the answer unasked."""

    connection: int
    number: int
    method: str
    target: str
    request: bytes
    response: bytes
    interim: tuple[bytes, ...]
    ending: Ending
    surplus: bytes = b""

    @property
    def cut(self) -> bool:
        return self.ending in (Ending.RESET, Ending.GONE)


@dataclass
class Connection:
    """Every application byte of one connection."""

    number: int
    peer_port: int
    received: bytearray = field(default_factory=bytearray)
    sent: bytearray = field(default_factory=bytearray)


class Ledger:
    """Collects connections and exchanges from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self.connections: list[Connection] = []
        self.exchanges: list[Exchange] = []
        self.handshakes_failed = 0

    def connect(self, peer_port: int) -> Connection:
        with self._lock:
            connection = Connection(len(self.connections), peer_port)
            self.connections.append(connection)
            return connection

    def begin(self) -> None:
        with self._lock:
            self._busy += 1

    def end(self, exchange: Exchange) -> None:
        with self._lock:
            self._busy -= 1
            self.exchanges.append(exchange)

    def handshake_failed(self) -> None:
        with self._lock:
            self.handshakes_failed += 1

    def clear(self) -> None:
        with self._lock:
            self.connections.clear()
            self.exchanges.clear()
            self.handshakes_failed = 0

    def settled(self, patience: float = 10.0) -> tuple[Exchange, ...]:
        """Return the exchanges once none is under way, or after ``patience`` seconds."""
        end = time.monotonic() + patience
        while self._busy and time.monotonic() < end:
            time.sleep(0.05)
        with self._lock:
            return tuple(sorted(self.exchanges, key=lambda e: (e.connection, e.number)))
