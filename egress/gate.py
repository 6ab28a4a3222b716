"""The gate: one name is resolved once, checked, and connected to at the very address checked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from importlib.resources import files

from egress.address import Address, plain, read_host, refusal
from egress.errors import Refused, Unreachable
from egress.resolver import Resolver, SystemResolver


def load_calls_home() -> frozenset[str]:
    """Return the hosts a browser asks on its own account (a leading dot: and all below)."""
    lines = (files("egress") / "calls_home.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and line[0] != "#")


@dataclass(frozen=True)
class Opened:
    """A connection to a checked address."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: str
    local_port: int
    answers: tuple[str, ...]


@dataclass
class Gate:
    """Decides who is let out. ``own_port`` is the guard's own, never to be reached through it."""

    allow_loopback: bool
    resolver: Resolver = field(default_factory=SystemResolver)
    calls_home: frozenset[str] = field(default_factory=load_calls_home)
    connect_seconds: float = 15.0
    own_port: int | None = None

    async def open(self, host: str, port: int) -> Opened:
        """Return a connection to a public address of the host.

        Raises Refused with a reason code if no address of the host is public, Unreachable
        if the name has no address or nobody answers within the time-out.
        """
        answers, checked = await self._check(host, port)
        texts = tuple(str(answer) for answer in answers)
        reason = "connect_failed"
        for address in checked:
            try:
                reader, writer = await asyncio.wait_for(
                    asyncio.open_connection(str(address), port, limit=2**16),
                    self.connect_seconds,
                )
            except TimeoutError:
                reason = "connect_timed_out"
                continue
            except OSError:
                continue
            local = int(writer.get_extra_info("sockname")[1])
            return Opened(reader, writer, str(address), local, texts)
        raise Unreachable(reason, host, texts)

    async def _check(self, host: str, port: int) -> tuple[list[Address], list[Address]]:
        read = read_host(host)
        if read is None or not 0 < port < 65536:
            raise Refused("bad_host", host)
        if isinstance(read, str):
            if self._is_call_home(read):
                raise Refused("call_home", host)
            answers = list(await self.resolver.resolve(read))
        else:
            answers = [read]
        texts = tuple(str(answer) for answer in answers)
        reasons = [refusal(answer, allow_loopback=self.allow_loopback) for answer in answers]
        pairs = zip(answers, reasons, strict=True)
        checked = [plain(answer) for answer, reason in pairs if reason is None]
        if not checked:
            raise Refused(next((r for r in reasons if r), "bad_host"), host, texts)
        if port == self.own_port and any(address.is_loopback for address in checked):
            raise Refused("guard_itself", host, texts)
        return answers, checked

    def _is_call_home(self, name: str) -> bool:
        parts = name.split(".")
        below = ("." + ".".join(parts[i:]) for i in range(len(parts)))
        return name in self.calls_home or any(suffix in self.calls_home for suffix in below)
