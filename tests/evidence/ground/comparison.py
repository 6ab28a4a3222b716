"""Holds the exchanges of a WARC against what the server logged; every mismatch is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.evidence.ground.ledger import Ending, Exchange
from tests.evidence.ground.reader import Pair

_AROUND = 40


def mismatches(logged: Sequence[Exchange], recorded: Sequence[Pair]) -> list[str]:
    """Return a readable line or more for everything that is missing, extra or different.

    A request that the browser sent into a connection which the server had just closed never
    reached it whole; it has no answer and is sent again, the same. A WebSocket is left out (it
    is named as not recorded, not kept). An exchange that the server cut short must be marked so;
    one that the client left is a beginning of the log's.
    """
    wanted = [item for item in logged if item.ending is not Ending.UPGRADE]
    left = [item for item in recorded if not _is_upgrade(item)]
    told: list[str] = []
    unmatched = []
    for exchange in wanted:
        match = next((pair for pair in left if _equal(exchange, pair)), None)
        if match is None:
            unmatched.append(exchange)
        else:
            left.remove(match)
    for exchange in unmatched:
        near = [pair for pair in left if _target(pair.request) == _line(exchange)]
        if not near:
            told.append(f"missing: {_line(exchange)} (connection {exchange.connection})")
            continue
        told += _difference(exchange, near[0])
        left.remove(near[0])
    sent = {exchange.request for exchange in wanted}
    left = [
        pair
        for pair in left
        if pair.response is not None or not any(one.startswith(pair.request) for one in sent)
    ]
    told += [f"extra: {_target(pair.request)} of {pair.url}" for pair in left]
    return told


def _equal(exchange: Exchange, pair: Pair) -> bool:
    if (pair.request, pair.interim) != (exchange.request, exchange.interim):
        return False
    got = pair.response or b""
    if exchange.ending is Ending.GONE:
        return exchange.response.startswith(got)
    return got == exchange.response and (not _cut(exchange) or pair.truncated is not None)


def _cut(exchange: Exchange) -> bool:
    return exchange.cut or exchange.target == "/cut-length"


def _is_upgrade(pair: Pair) -> bool:
    return b"\r\nUpgrade: websocket\r\n" in pair.request


def _line(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.target}"


def _target(request: bytes) -> str:
    return request.split(b"\r\n", 1)[0].rsplit(b" ", 1)[0].decode("latin-1")


def _difference(exchange: Exchange, pair: Pair) -> Iterable[str]:
    name = _line(exchange)
    if pair.request != exchange.request:
        yield f"{name}: request {first_difference(exchange.request, pair.request)}"
    if pair.interim != exchange.interim:
        yield f"{name}: interim heads, server {exchange.interim!r}, record {pair.interim!r}"
    got = pair.response
    if got is None:
        yield f"{name}: no response record, the server sent {len(exchange.response)} bytes"
    elif got != exchange.response:
        yield f"{name}: response {first_difference(exchange.response, got)}"
    elif _cut(exchange) and pair.truncated is None:
        yield f"{name}: was cut short ({exchange.ending}) but is not marked"


def first_difference(logged: bytes, recorded: bytes) -> str:
    """Say where two byte strings part, with what stands there in each."""
    at = next(
        (i for i, (a, b) in enumerate(zip(logged, recorded, strict=False)) if a != b),
        min(len(logged), len(recorded)),
    )
    begin = max(0, at - _AROUND)
    return (
        f"differs from byte {at} (server {len(logged)}, record {len(recorded)} bytes)\n"
        f"  server: {logged[begin : at + _AROUND]!r}\n"
        f"  record: {recorded[begin : at + _AROUND]!r}"
    )
