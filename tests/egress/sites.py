"""A site on the loopback that answers what it is told, and raw clients of the guard."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egress.clients import Clients
from egress.gate import Gate
from egress.journal import Journal
from egress.opinions import Opinions
from egress.resolver import Resolver, ScriptedResolver
from egress.server import Limits, Server
from tests.egress.names import Names

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Markseal-Refused: forged\r\n\r\nhello"


@dataclass
class Site:
    """What a site on the loopback was sent, and what it answers."""

    port: int = 0
    seen: list[bytes] = field(default_factory=list)
    opened: int = 0


@asynccontextmanager
async def site(answer: bytes = OK, *, wait: float = 0.05) -> AsyncIterator[Site]:
    """Run a site that collects what comes in for a moment, answers, and closes."""
    told = Site()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.opened += 1
        if (task := asyncio.current_task()) is not None:
            tasks.add(task)
        data = b""
        try:
            while True:
                data += await asyncio.wait_for(reader.read(65536), wait if data else 5)
                if reader.at_eof():
                    break
        except (TimeoutError, asyncio.CancelledError):
            pass
        told.seen.append(data)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    told.port = server.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.close()
        for task in tasks:
            task.cancel()


@dataclass
class Running:
    """A guard inside the test's own loop."""

    port: int
    path: Path
    names: Names | None = None

    async def talk(self, data: bytes) -> bytes:
        """Send bytes to the guard and return what it says until it closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        except ConnectionResetError:
            return b""  # turned away with bytes still unread
        finally:
            writer.transport.abort()

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]

    def decisions(self) -> list[dict[str, Any]]:
        return [row for row in self.rows() if row["event"] == "connection"]


def run_guard(
    folder: Path,
    scene: Callable[[Running], Any],
    *,
    loopback: bool = True,
    resolver: Resolver | None = None,
    limits: Limits | None = None,
    opinions: Opinions | None = None,
    clients: Clients | None = None,
) -> Running:
    """Run a scene with a guard in one event loop; return the guard for its journal."""

    async def play() -> Running:
        gate = Gate(
            allow_loopback=loopback,
            resolver=resolver or ScriptedResolver({}),
            opinions=opinions or Opinions(),
            connect_seconds=2,
        )
        path = folder / "journal.jsonl"
        server = Server(gate, Journal(path, allow_loopback=loopback), limits or Limits())
        server.clients = clients or server.clients
        address = await server.start()
        running = Running(int(address.split(":")[1]), path)
        try:
            await scene(running)
        finally:
            await server.stop()
            await asyncio.sleep(0.05)  # transports close in the loop's next rounds
        return running

    return asyncio.run(play())


def socks(host: str, port: int) -> bytes:
    """Return the bytes of a whole SOCKS5 opening for a name."""
    name = host.encode()
    return b"\x05\x01\x00\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2)
