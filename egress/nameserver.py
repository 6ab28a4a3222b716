"""A name server: how its address is written, and which ones the system names (resolv.conf)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from egress.errors import BadNameserver

PORT = 53
SYSTEM_LIMIT = 3  # resolv.conf(5): MAXNS
_WRITTEN = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::(\d{1,5}))?\Z")


@dataclass(frozen=True)
class Nameserver:
    """A name server by its address and port."""

    address: str
    port: int = PORT

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


def read_nameserver(text: str) -> Nameserver:
    """Return the name server written as ``IP``, ``IP:PORT`` or ``[IP6]:PORT``.

    Raises BadNameserver for anything else, names included.
    """
    written = text.strip()
    try:
        if "%" in written:  # a scope: which of the machine's networks, not an address
            raise BadNameserver(text)
        return Nameserver(str(ipaddress.ip_address(written)))
    except ValueError:
        pass
    found = _WRITTEN.match(written)
    try:
        if found is None:
            raise ValueError(written)
        address = ipaddress.ip_address(found[1] or found[2])
        port = int(found[3] or PORT)
        if not 0 < port < 65536 or bool(found[1]) != (address.version == 6):
            raise ValueError(written)
    except ValueError as error:
        raise BadNameserver(text) from error
    return Nameserver(str(address), port)


def system_nameservers(path: Path = Path("/etc/resolv.conf")) -> tuple[Nameserver, ...]:
    """Return the name servers of resolv.conf(5), at most three; none if it cannot be read.

    Scoped (``fe80::1%eth0``) and unreadable addresses are left out.
    """
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    found: list[Nameserver] = []
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(read_nameserver(words[1]))
            except BadNameserver:
                continue
    return tuple(dict.fromkeys(found))[:SYSTEM_LIMIT]
