"""Joins the two witnesses of one capture: the browser's log of bytes, and its live index.

The log is the record of truth. To each of its exchanges the live index adds kind, frame and the
number of bytes that the browser counted by itself; the guard's journal adds the address behind
the very connection. What only one of the two has is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from evidence.capture.recorder import Seen
from evidence.environment.journal import JournalView
from evidence.netlog.model import Connection, Tls, Wire, WireExchange


class Counts(StrEnum):
    """Whether the browser's own count of received bytes equals the log's."""

    EQUAL = "equal"
    MISMATCH = "mismatch"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True)
class Row:
    """One exchange with what else is known of it; ``peer`` is None when it is not known."""

    wire: WireExchange
    seen: Seen | None
    tls: Tls | None
    peer: str | None

    @property
    def received(self) -> int:
        """Return the bytes that came, 1xx heads included."""
        return self.wire.response.size + sum(blob.size for blob in self.wire.interim)

    @property
    def counts(self) -> Counts:
        """Compare the two counts where the browser told its own for the same bytes.

        It counts head, chunk framing, trailers and coded body. Over HTTP/2 it counts frames, for
        the script that begins a worker the head alone, and for a CORS preflight nothing; of a
        redirect's body, which it throws away, it counts nothing either, and of a picture that it
        cannot decode (a counter that answers with text, say) no more than the body.
        """
        seen, wire = self.seen, self.wire
        if seen is None or seen.end not in ("finished", "redirected") or not seen.connection:
            return Counts.NOT_COMPARED
        if seen.encoded is None or seen.kind == "Preflight":
            return Counts.NOT_COMPARED
        if not wire.literal or wire.upgraded or wire.truncated:
            return Counts.NOT_COMPARED
        body = wire.response.size - wire.response_head
        if seen.kind == "Image" and seen.encoded <= body:
            return Counts.NOT_COMPARED
        same = {self.received}
        if seen.end == "redirected":
            same.add(self.received - body)
        return Counts.EQUAL if seen.encoded in same else Counts.MISMATCH


@dataclass(frozen=True)
class Joined:
    """Every exchange of the log, and the requests that only the live index has."""

    rows: tuple[Row, ...]
    only_seen: tuple[Seen, ...]

    @property
    def counts(self) -> Counts:
        """Return MISMATCH if one exchange differs, EQUAL if all compared ones are equal.

        A request that the browser says came whole over a connection, and that its log does not
        have, is a mismatch too.
        """
        found = {row.counts for row in self.rows}
        if any(one.came for one in self.only_seen):
            found.add(Counts.MISMATCH)
        for verdict in (Counts.MISMATCH, Counts.EQUAL):
            if verdict in found:
                return verdict
        return Counts.NOT_COMPARED

    @property
    def exact(self) -> bool:
        """Return whether every exchange is literal."""
        return all(row.wire.literal for row in self.rows)


def join(wire: Wire, seen: Iterable[Seen], journal: JournalView) -> Joined:
    """Return each exchange of the log with its entry in the live index and its peer.

    An entry that names its connection goes to the exchanges of that connection, in order; the
    rest by method and address. One that a cache answered has no exchange, except a 304.
    """
    known = _handed_on(list(seen))
    named = {one.source: one for one in wire.connections}
    found = _pair(wire.exchanges, [s for s in known if s.connection], by_connection=True)
    taken = {id(one) for one in found.values()}
    left = [s for s in known if id(s) not in taken and not s.cached]
    found |= _pair([e for e in wire.exchanges if e.number not in found], left, by_connection=False)
    taken = {id(one) for one in found.values()}
    rows = tuple(_row(one, found.get(one.number), named, journal) for one in wire.exchanges)
    return Joined(rows, tuple(one for one in known if id(one) not in taken))


def _handed_on(known: list[Seen]) -> list[Seen]:
    """Return the entries with a document that a viewer (of PDF) took over told once.

    The browser tells such a one twice: with its connection and no bytes, then in the viewer's
    frame with no connection and as many bytes as the viewer had read. Neither count is that of
    the wire, so the one entry that stays has none.
    """
    taken: dict[int, Seen] = {}
    gone: set[int] = set()
    for late in known:
        if late.connection or late.kind != "Document" or late.end != "finished":
            continue
        for first in known:
            same = (first.url, first.method, first.kind) == (late.url, late.method, late.kind)
            if same and first.connection and not first.encoded and id(first) not in taken:
                taken[id(first)] = replace(first, encoded=None)
                gone.add(id(late))
                break
    return [taken.get(id(one), one) for one in known if id(one) not in gone]


def _pair(
    exchanges: Iterable[WireExchange], seen: Iterable[Seen], *, by_connection: bool
) -> dict[int, Seen]:
    """Give each exchange, by its number, the first entry for its address whose method fits."""
    waiting: dict[tuple[int, str], list[Seen]] = defaultdict(list)
    for one in seen:
        waiting[one.connection if by_connection else 0, one.url].append(one)
    pairs = {}
    for exchange in exchanges:
        url = exchange.url.partition("#")[0]
        queue = waiting.get((exchange.connection if by_connection else 0, url), [])
        for place, one in enumerate(queue):
            if one.method in ("", exchange.method):
                pairs[exchange.number] = queue.pop(place)
                break
    return pairs


def _row(
    wire: WireExchange,
    seen: Seen | None,
    connections: dict[int, Connection],
    journal: JournalView,
) -> Row:
    connection = connections.get(wire.connection)
    if connection is None:
        return Row(wire, seen, None, None)
    return Row(wire, seen, connection.tls, peer_of(connection, journal))


def peer_of(connection: Connection, journal: JournalView) -> str | None:
    """Return the address behind a connection: the guard's word for it, or the browser's."""
    if not connection.proxied:
        return connection.peer
    if connection.local_port is None:
        return None
    contact = journal.contact(
        connection.local_port, connection.host, connection.port, connection.opened
    )
    return contact.address if contact else None
