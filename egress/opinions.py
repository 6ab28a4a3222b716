"""Further opinions on a name: what other name servers say beside the resolver that decides.

They decide nothing. They are asked at the moment the name is looked up, in parallel, and
waited for no longer than a short bound; what came of it stands in the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from egress.address import Address, plain
from egress.nameserver import Nameserver
from egress.question import Reply, ask

NOT_NEEDED, NOT_CHECKED, AGREES, DIFFERS = "not_needed", "not_checked", "agrees", "differs"


@dataclass(frozen=True)
class Opinion:
    """What one further name server said; ``agrees`` is None when it could not be heard.

    It agrees when it names an address that was also used: the one connected to, or, where
    there was no connection, any of the deciding resolver's answers.
    """

    server: str
    answers: tuple[str, ...]
    cname: tuple[str, ...]
    error: str | None
    agrees: bool | None


@dataclass(frozen=True)
class Comparison:
    """All further opinions on one name; ``result`` is one of the four words above."""

    result: str = NOT_NEEDED
    opinions: tuple[Opinion, ...] = ()


@dataclass
class Opinions:
    """Asks the name servers, each name once in ``fresh_seconds`` however many connections.

    A server that let two names in a row go unanswered is left alone for ``rest_seconds``
    (``error`` is then ``not_asked``), so that a closed port 53 delays nothing.
    """

    servers: tuple[Nameserver, ...] = ()
    seconds: float = 1.0
    fresh_seconds: float = 30.0
    rest_seconds: float = 60.0
    kept_names: int = 1000
    _asked: dict[str, tuple[float, asyncio.Future[list[Reply]]]] = field(default_factory=dict)
    _missed: dict[Nameserver, int] = field(default_factory=dict)
    _rests: dict[Nameserver, float] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """Start asking of a name, unless it was asked a moment ago; returns at once."""
        now = asyncio.get_running_loop().time()
        known = self._asked.get(name)
        if not self.servers or (known and now - known[0] < self.fresh_seconds):
            return
        self._asked.pop(name, None)
        while len(self._asked) >= self.kept_names:
            self._asked.pop(next(iter(self._asked)))
        waiting = asyncio.gather(*(self._ask(server, name) for server in self.servers))
        self._asked[name] = (now, waiting)

    async def heard(self, name: str | None, used: Collection[Address]) -> Comparison:
        """Return what was heard of a name, waiting at most ``seconds`` since it was asked.

        ``used`` are the addresses to compare with; ``name`` None: there was nothing to ask.
        """
        if name is None:
            return Comparison(NOT_NEEDED)
        known = self._asked.get(name)
        if known is None:
            return Comparison(NOT_CHECKED)
        replies = await asyncio.shield(known[1])
        pairs = zip(self.servers, replies, strict=True)
        opinions = tuple(_opinion(server, reply, used) for server, reply in pairs)
        verdicts = {opinion.agrees for opinion in opinions}
        if False in verdicts:
            return Comparison(DIFFERS, opinions)
        return Comparison(AGREES if True in verdicts else NOT_CHECKED, opinions)

    def stop(self) -> None:
        """Forget every question that is still open."""
        for _, waiting in self._asked.values():
            waiting.cancel()
        self._asked.clear()

    async def _ask(self, server: Nameserver, name: str) -> Reply:
        now = asyncio.get_running_loop().time
        if now() < self._rests.get(server, 0.0):
            return Reply(error="not_asked")
        reply = await ask(server, name, seconds=self.seconds)
        if reply.error in ("timeout", "unreachable"):
            self._missed[server] = self._missed.get(server, 0) + 1
            if self._missed[server] >= 2:
                self._rests[server] = now() + self.rest_seconds
        else:
            self._missed[server] = 0
        return reply


def _opinion(server: Nameserver, reply: Reply, used: Collection[Address]) -> Opinion:
    texts = tuple(str(address) for address in reply.addresses)
    theirs = {plain(address) for address in reply.addresses}
    agrees: bool | None = bool(theirs & {plain(address) for address in used})
    if not agrees and reply.error not in (None, "nxdomain", "no_address"):
        agrees = None
    if not used and not theirs and reply.error in ("nxdomain", "no_address"):
        agrees = True  # both say that there is nothing
    return Opinion(str(server), texts, reply.cname, reply.error, agrees)
