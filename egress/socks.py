"""SOCKS version 5 (RFC 1928), the part a browser needs: no authentication, CONNECT only."""

from __future__ import annotations

import asyncio
import ipaddress

from egress.errors import BadRequest

VERSION = 5
SUCCEEDED, NOT_ALLOWED, UNREACHABLE, COMMAND_UNKNOWN, ADDRESS_UNKNOWN = 0, 2, 4, 7, 8


class SocksError(BadRequest):
    """A request that is answered with a reply code (``code``)."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(what)
        self.code = code


def reply(code: int) -> bytes:
    """Return a reply with an unspecified bound address (clients do not use it)."""
    return bytes([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0])


async def greet(reader: asyncio.StreamReader) -> bytes:
    """Read the method list (after the version byte) and return the answer to send."""
    count = (await reader.readexactly(1))[0]
    methods = await reader.readexactly(count)
    return bytes([VERSION, 0]) if 0 in methods else bytes([VERSION, 0xFF])


async def read_request(reader: asyncio.StreamReader) -> tuple[str, int]:
    """Read a CONNECT request and return host and port; raise SocksError for any other."""
    version, command, reserved, kind = await reader.readexactly(4)
    if version != VERSION or reserved != 0:
        raise SocksError("SOCKS request malformed", 1)
    if kind == 1:
        host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
    elif kind == 4:
        host = str(ipaddress.IPv6Address(await reader.readexactly(16)))
    elif kind == 3:
        length = (await reader.readexactly(1))[0]
        host = (await reader.readexactly(length)).decode("utf-8", "replace")
    else:
        raise SocksError("SOCKS address type unknown", ADDRESS_UNKNOWN)
    port = int.from_bytes(await reader.readexactly(2))
    if command != 1:
        raise SocksError("SOCKS command other than CONNECT", COMMAND_UNKNOWN)
    return host, port
