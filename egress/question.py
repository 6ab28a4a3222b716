"""Asking one name server directly (RFC 1035): over UDP, and over TCP when the answer is cut.

The answers serve as further opinions beside the system's resolver. Not checked: DNSSEC.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode

from egress.address import Address
from egress.errors import Unreachable
from egress.nameserver import Nameserver

_RCODES = {dns.rcode.NXDOMAIN: "nxdomain", dns.rcode.SERVFAIL: "servfail"}


@dataclass(frozen=True)
class Reply:
    """What one name server said of a name.

    ``cname`` is the chain of canonical names from the name on; ``error`` is ``None``,
    ``nxdomain``, ``no_address``, ``timeout``, ``unreachable``, ``servfail``, ``bad_answer``
    or ``rcode_N``.
    """

    addresses: tuple[Address, ...] = ()
    cname: tuple[str, ...] = ()
    error: str | None = None


async def ask(server: Nameserver, name: str, *, seconds: float) -> Reply:
    """Return what a name server says of a name's A and AAAA records within a time."""
    both = await asyncio.gather(
        _ask(server, name, "A", seconds=seconds), _ask(server, name, "AAAA", seconds=seconds)
    )
    addresses = tuple(address for reply in both for address in reply.addresses)
    cname = max((reply.cname for reply in both), key=len)
    hard = [r.error for r in both if r.error not in (None, "no_address", "nxdomain")]
    if hard:
        return Reply(addresses, cname, hard[0])
    if addresses:
        return Reply(addresses, cname)
    return Reply((), cname, "nxdomain" if both[0].error == "nxdomain" else "no_address")


async def _ask(server: Nameserver, name: str, kind: str, *, seconds: float) -> Reply:
    try:
        query = dns.message.make_query(dns.name.from_text(name), kind, use_edns=0, payload=1232)
        answer, _ = await asyncio.wait_for(
            dns.asyncquery.udp_with_fallback(
                query, server.address, seconds, server.port, ignore_unexpected=True
            ),
            seconds,
        )
        if not isinstance(answer, dns.message.QueryMessage):
            return Reply(error="bad_answer")
        chain = answer.resolve_chaining()
    except (TimeoutError, dns.exception.Timeout):
        return Reply(error="timeout")
    except OSError:
        return Reply(error="unreachable")
    except (dns.exception.DNSException, EOFError, ValueError):
        return Reply(error="bad_answer")
    cname = tuple(str(row[0].target).rstrip(".").lower() for row in chain.cnames)
    if answer.rcode() != dns.rcode.NOERROR:
        return Reply((), cname, _RCODES.get(answer.rcode(), f"rcode_{int(answer.rcode())}"))
    if chain.answer is None:
        return Reply((), cname, "no_address")
    return Reply(tuple(ipaddress.ip_address(row.address) for row in chain.answer), cname)


class NameserverResolver:
    """A resolver that decides by one name server instead of the system's resolver."""

    def __init__(self, server: Nameserver, *, seconds: float = 5.0) -> None:
        self._server = server
        self._seconds = seconds

    async def resolve(self, name: str) -> Sequence[Address]:
        """Return the addresses the name server gives; raise Unreachable if there are none."""
        reply = await ask(self._server, name, seconds=self._seconds)
        if not reply.addresses:
            raise Unreachable("name_not_found", name)
        return list(dict.fromkeys(reply.addresses))
