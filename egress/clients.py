"""Whose client it is: the user who owns the other end of a connection to the guard.

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
from typing import Protocol

from egress.sockdiag import End, SockDiag

TRIES = 2  # the kernel's table may be changed while it is read
PROC = Path("/proc/self/net")


class Ends(Protocol):
    """Whoever knows who holds the ends of connections."""

    def owner(self, local: End, remote: End) -> int | None:
        """Return the user who holds the socket with these ends (IPv4), None if nobody does."""
        ...


@dataclass(frozen=True)
class Tables:
    """The kernel's tables as text (proc(5), net/tcp): read whole for every question."""

    folder: Path = PROC

    def owner(self, local: End, remote: End) -> int | None:
        """Return the user who holds the socket with these ends, None if nobody does."""
        for _ in range(TRIES):
            for name, written in (("tcp", _end), ("tcp6", _mapped_end)):
                user = _find(self.folder / name, written(*local), written(*remote))
                if user is not None:
                    return user
        return None


@dataclass(frozen=True)
class Clients:
    """The users whose connections are served; without ``ends`` nothing can be checked."""

    users: frozenset[int]
    ends: Ends | None

    def __str__(self) -> str:
        if self.ends is None:
            return "not checked"
        return "uid " + ", ".join(str(user) for user in sorted(self.users))

    def foreign(self, client: End, guard: End) -> bool:
        """Say whether a connection from ``client`` to ``guard`` is somebody else's.

        One that is not found, that nobody holds any more, or that the kernel tells nothing of,
        is foreign. Where nothing can be checked none is.
        """
        if self.ends is None:
            return False
        try:
            return self.ends.owner(client, guard) not in self.users
        except OSError:
            return True


def our_clients(further: Iterable[int] = (), *, folder: Path = PROC) -> Clients:
    """Return this process's own user and ``further`` ones (numbers of users).

    Checked by sock_diag, else by the tables in ``folder`` (Linux), else not at all.
    """
    users = frozenset({os.geteuid(), *further})
    if not (folder / "tcp").exists():
        return Clients(users, None)
    try:
        return Clients(users, SockDiag())
    except OSError:
        return Clients(users, Tables(folder))


def _find(table: Path, local: str, remote: str) -> int | None:
    for words in _rows(table, f" {local} {remote} "):
        user, inode = int(words[7]), int(words[9])
        return user if inode else None  # inode 0: its owner has closed it
    return None


def _rows(table: Path, ends: str) -> Iterator[list[str]]:
    try:
        text = table.read_text("ascii")
    except OSError:
        return
    for line in text.splitlines() if ends in text else ():
        words = line.split()
        if ends in line and len(words) > 9:
            yield words


def _native(data: bytes) -> str:
    return f"{int.from_bytes(data, sys.byteorder):0{2 * len(data)}X}"


def _end(address: str, port: int) -> str:
    """Return an IPv4 end as the kernel prints it: a number in the machine's own byte order."""
    return f"{_native(socket.inet_aton(address))}:{port:04X}"


def _mapped_end(address: str, port: int) -> str:
    """Return the same end as an IPv6 socket has it (IPv4-mapped, four numbers)."""
    return f"{'0' * 16}{_native(bytes(2) + bytes([255, 255]))}{_end(address, port)}"
