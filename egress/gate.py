"""The gate: one name is resolved once, checked, and connected to at the very address checked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files

from egress.address import Address, plain, read_host, refusal
from egress.errors import Refused, Unreachable
from egress.opinions import Comparison, Opinions
from egress.resolver import Resolver, SystemResolver


def load_calls_home() -> frozenset[str]:
    """Return the hosts a browser asks on its own account (a leading dot: and all below)."""
    lines = (files("egress") / "calls_home.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and line[0] != "#")


def is_own(address: Address) -> bool:
    """Say whether an address is one of this machine's own, whatever range it is in.

    Asks the routing table (a datagram socket is connected, nothing is sent): only from an own
    address does the way to it begin at itself.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return str(probe.getsockname()[0]) == str(address)
    except OSError:
        return False


@dataclass(frozen=True)
class Target:
    """What was found of a host: ``checked`` may be connected to, ``withheld`` may not.

    ``answers`` is all that the resolver said; ``asked`` the name that other name servers
    were asked of, None if there was none to ask; ``refused`` the reason code for which
    nothing may be connected to.
    """

    host: str
    port: int
    asked: str | None = None
    answers: tuple[Address, ...] = ()
    checked: tuple[Address, ...] = ()
    withheld: tuple[tuple[Address, str], ...] = ()
    refused: str | None = None
    unreachable: str | None = None


@dataclass(frozen=True)
class Opened:
    """A connection to a checked address."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: Address
    local_port: int


@dataclass
class Gate:
    """Decides who is let out. ``own_port`` is the guard's own, never to be reached through it."""

    allow_loopback: bool
    resolver: Resolver = field(default_factory=SystemResolver)
    opinions: Opinions = field(default_factory=Opinions)
    calls_home: frozenset[str] = field(default_factory=load_calls_home)
    is_own: Callable[[Address], bool] = is_own
    resolve_seconds: float = 15.0
    connect_seconds: float = 15.0
    own_port: int | None = None

    async def look_up(self, host: str, port: int) -> Target:
        """Return what is found of a host; a refusal is its ``refused``, not an error.

        The name is resolved here and never again. Addresses that are not public are
        withheld, so a name with public and private answers is reached at a public one only.
        """
        read = read_host(host)
        if read is None or not 0 < port < 65536:
            return Target(host, port, refused="bad_host")
        if not isinstance(read, str):
            return self._sift(host, port, None, (read,))
        if self._is_call_home(read):
            return Target(host, port, refused="call_home")
        asked = None if _is_local(read) else read
        if asked is not None:
            self.opinions.begin(asked)
        try:
            async with asyncio.timeout(self.resolve_seconds):
                answers = tuple(await self.resolver.resolve(read))
        except Unreachable as error:
            return Target(host, port, asked, unreachable=error.reason)
        except TimeoutError:
            return Target(host, port, asked, unreachable="name_timed_out")
        return self._sift(host, port, asked, answers)

    async def connect(self, target: Target) -> Opened:
        """Return a connection to one of the target's checked addresses, tried in order.

        Raises Refused if the target has a refusal, Unreachable if the name has no address
        or nobody answers within the time-out of each.
        """
        if target.refused is not None:
            raise Refused(target.refused, target.host)
        reason = target.unreachable or "connect_failed"
        for address in target.checked:
            try:
                reader, writer = await asyncio.wait_for(
                    asyncio.open_connection(str(address), target.port, limit=2**16),
                    self.connect_seconds,
                )
            except TimeoutError:
                reason = "connect_timed_out"
                continue
            except OSError:
                continue
            local = int(writer.get_extra_info("sockname")[1])
            return Opened(reader, writer, address, local)
        raise Unreachable(reason, target.host)

    async def compare(self, target: Target, opened: Opened | None) -> Comparison:
        """Return what other name servers say of the target, after a bounded wait."""
        used = target.answers if opened is None else (opened.address,)
        return await self.opinions.heard(target.asked, used)

    def _sift(
        self, host: str, port: int, asked: str | None, answers: tuple[Address, ...]
    ) -> Target:
        verdicts = [(answer, self._reason(answer, port)) for answer in answers]
        checked = tuple(plain(answer) for answer, reason in verdicts if reason is None)
        withheld = tuple((answer, reason) for answer, reason in verdicts if reason is not None)
        refused = None
        if not checked:
            refused = withheld[0][1] if withheld else "bad_host"
        return Target(host, port, asked, answers, checked, withheld, refused)

    def _reason(self, answer: Address, port: int) -> str | None:
        reason = refusal(answer, allow_loopback=self.allow_loopback)
        if reason is not None:
            return reason
        address = plain(answer)
        if address.is_loopback:
            return "guard_itself" if port == self.own_port else None
        return "own_address" if self.is_own(address) else None

    def _is_call_home(self, name: str) -> bool:
        parts = name.split(".")
        below = ("." + ".".join(parts[i:]) for i in range(len(parts)))
        return name in self.calls_home or any(suffix in self.calls_home for suffix in below)


def _is_local(name: str) -> bool:
    """Say whether a name never goes to a name server (RFC 6761 section 6.3)."""
    return name == "localhost" or name.endswith(".localhost")
