"""Names to addresses: the one seam through which the guard asks, so that tests can answer."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from egress.address import Address
from egress.errors import Unreachable

QUESTIONS_AT_ONCE = 32


class Resolver(Protocol):
    """Whoever turns a name into addresses."""

    async def resolve(self, name: str) -> Sequence[Address]:
        """Return the addresses of a name, best first; raise Unreachable if there are none."""
        ...


class SystemResolver:
    """Asks the system's resolver (which follows CNAMEs and reads the hosts file)."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(QUESTIONS_AT_ONCE, "resolver")

    async def resolve(self, name: str) -> Sequence[Address]:
        """Return the addresses of a name in the system's order; nothing is cached here."""
        loop = asyncio.get_running_loop()
        try:
            rows = await loop.run_in_executor(self._threads, _ask_system, name)
        except (socket.gaierror, UnicodeError) as error:
            raise Unreachable("name_not_found", name) from error
        seen = dict.fromkeys(row.split("%")[0] for row in rows)
        return [ipaddress.ip_address(text) for text in seen]


def _ask_system(name: str) -> list[str]:
    return [str(row[4][0]) for row in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


class ScriptedResolver:
    """Answers from a script: each name has a list of answers, given one after another.

    The last answer repeats. For rehearsing names that change between check and use.
    """

    def __init__(self, script: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._script = {name: list(answers) for name, answers in script.items()}
        self.asked: list[str] = []

    async def resolve(self, name: str) -> Sequence[Address]:
        """Return the next answer of the script; raise Unreachable for an unknown name."""
        self.asked.append(name)
        answers = self._script.get(name)
        if not answers:
            raise Unreachable("name_not_found", name)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ipaddress.ip_address(text) for text in answer]
