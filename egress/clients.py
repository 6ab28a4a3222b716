"""Whose client it is: the user who owns the other end of a connection (proc(5), net/tcp).

Chromium cannot authenticate to a SOCKS proxy, so this is what keeps other users of the
same machine from going out through our guard. Not checked: which program of the user it is.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TRIES = 2  # the kernel's table may be changed while it is read


@dataclass(frozen=True)
class Clients:
    """The users whose connections are served; ``tables`` is empty where nothing can be checked."""

    users: frozenset[int]
    tables: tuple[Path, ...]

    def __str__(self) -> str:
        if not self.tables:
            return "not checked"
        return "uid " + ", ".join(str(user) for user in sorted(self.users))

    def foreign(self, client: tuple[str, int], guard: tuple[str, int]) -> bool:
        """Say whether a connection from ``client`` to ``guard`` (both IPv4) is somebody else's.

        A connection that stands in no table, or that nobody holds any more, is foreign. Where
        there are no tables nothing is.
        """
        return bool(self.tables) and self.owner(client, guard) not in self.users

    def owner(self, client: tuple[str, int], guard: tuple[str, int]) -> int | None:
        """Return the user who holds the client's end, or None if nobody is found."""
        for _ in range(TRIES):
            for table, known in zip(self.tables, (_end, _mapped_end), strict=False):
                user = _find(table, known(*client), known(*guard))
                if user is not None:
                    return user
        return None


def our_clients(further: Iterable[int] = (), *, folder: Path = Path("/proc/self/net")) -> Clients:
    """Return this process's own user and ``further`` ones (numbers of users).

    Checked where the system has the tables (Linux).
    """
    tables = tuple(path for path in (folder / "tcp", folder / "tcp6") if path.exists())
    if not (folder / "tcp").exists():
        tables = ()
    return Clients(frozenset({os.geteuid(), *further}), tables)


def _find(table: Path, local: str, remote: str) -> int | None:
    for words in _rows(table):
        if words[1] == local and words[2] == remote:
            user, inode = int(words[7]), int(words[9])
            return user if inode else None  # inode 0: its owner has closed it
    return None


def _rows(table: Path) -> Iterator[list[str]]:
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 9:
            yield words


def _native(data: bytes) -> str:
    return f"{int.from_bytes(data, sys.byteorder):0{2 * len(data)}X}"


def _end(address: str, port: int) -> str:
    """Return an IPv4 end as the kernel prints it: a number in the machine's own byte order."""
    return f"{_native(socket.inet_aton(address))}:{port:04X}"


def _mapped_end(address: str, port: int) -> str:
    """Return the same end as an IPv6 socket has it (IPv4-mapped, four numbers)."""
    return f"{'0' * 16}{_native(bytes(2) + bytes([255, 255]))}{_end(address, port)}"
