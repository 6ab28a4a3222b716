"""HTTP/2 through a real browser: fields and bodies equal to the server's after decoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from evidence.netlog import Wire, WireExchange, read_netlog
from tests.evidence.ground.authority import Authority
from tests.evidence.ground.http2 import Stream, ground2, settled
from tests.evidence.netlog.browse import visit

pytestmark = pytest.mark.browser


@dataclass
class Told:
    wire: Wire
    streams: list[Stream]
    address: str
    chain: tuple[bytes, ...]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("h2")
    chain = Authority.new().chain(folder)

    def act(page: Page) -> None:
        page.goto(running.address + "/")
        page.wait_for_function("document.title === '全部完成'", timeout=60_000)

    with ground2(chain.pem) as running:
        log = visit(folder / "log.json", act)
        streams = settled(running)
        yield Told(read_netlog(log, folder / "spool"), streams, running.address, chain.der)


def pairs(head: bytes) -> list[tuple[bytes, bytes]]:
    lines = head.split(b"\r\n")[1:-2]
    return [tuple(line.split(b": ", 1)) for line in lines]  # type: ignore[misc]


def key(one: WireExchange) -> tuple[str, bytes]:
    path = one.url.split("/", 3)[3]
    return f"{one.method} /{path}", one.request.read(one.request_head)


def named(stream: Stream) -> tuple[str, bytes]:
    return f"{stream.pseudo(b'method')} {stream.pseudo(b'path')}", bytes(stream.body)


def test_every_stream_is_there_once(told: Told) -> None:
    assert told.wire.complete
    assert told.wire.faults == ()
    assert sorted(map(key, told.wire.exchanges)) == sorted(map(named, told.streams))
    assert {(one.protocol, one.literal) for one in told.wire.exchanges} == {("h2", False)}


def test_fields_and_bodies_are_the_servers(told: Told) -> None:
    by_key = {named(stream): stream for stream in told.streams}
    for one in told.wire.exchanges:
        stream = by_key[key(one)]
        sent = [pair for pair in stream.fields if pair[0][:1] != b":"]
        authority = stream.pseudo(b"authority").encode()
        assert pairs(one.request.read(0, one.request_head)) == [(b"host", authority), *sent]
        fields = [pair for pair in stream.reply.fields if pair[0][:1] != b":"]
        assert pairs(one.response.read(0, one.response_head)) == fields
        assert one.response.read(one.response_head) == stream.reply.body
        assert one.status == int(dict(stream.reply.fields)[b":status"])
        assert len(one.interim) == len(stream.reply.informational)
        trailers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in one.trailers]
        assert trailers == list(stream.reply.trailers)


def test_a_stream_that_was_reset_is_cut_short_and_no_other(told: Told) -> None:
    cut = {one.url.rpartition("/")[2] for one in told.wire.exchanges if one.truncated}
    assert cut == {"cut"}


def test_the_connections_tell_their_tls(told: Told) -> None:
    used = {one.connection for one in told.wire.exchanges}
    for connection in told.wire.connections:
        if connection.source in used:
            assert connection.tls is not None
            assert connection.tls.alpn == "h2"
            assert connection.tls.version == "TLS 1.3"
            assert connection.tls.cipher.startswith("TLS_")
            assert connection.tls.chain == told.chain
            assert connection.tls.verdict == "ERR_CERT_AUTHORITY_INVALID"
            assert connection.tls.status == ("AUTHORITY_INVALID",)
