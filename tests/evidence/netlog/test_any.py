"""Whatever the bytes and wherever they are cut: the same exchanges, or one of our errors."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError
from evidence.netlog import Wire, read_netlog
from tests.evidence.netlog.build import Builder, pieces

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BODIES = st.binary(max_size=300)
CUTS = st.lists(st.integers(1, 900), max_size=12)


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """A whole response in one of HTTP/1.1's framings that keep the connection open."""
    line = draw(st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 404", b"hTtP/1.1 500  a  b "]))
    end = draw(st.sampled_from([b"\r\n", b"\n"]))
    extra = draw(st.sampled_from([b"", b"X: 1" + end, b"Set-Cookie: a" + end + b" folded" + end]))
    if draw(st.booleans()):
        body = draw(BODIES)
        return line + end + extra + b"content-length: %d" % len(body) + end + end + body
    parts = draw(st.lists(st.binary(min_size=1, max_size=60), max_size=5))
    extension = draw(st.sampled_from([b"", b" ", b";a=b", b';n="v;w"']))
    trailer = draw(st.sampled_from([b"", b"X-T: 1" + end]))
    body = b"".join(b"%X" % len(part) + extension + b"\r\n" + part + b"\r\n" for part in parts)
    coding = b"Transfer-Encoding: gzip, Chunked" + end + end
    return line + end + extra + coding + body + b"0\r\n" + trailer + b"\r\n"


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    body = draw(BODIES)
    if not body:
        return b"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n"
    return b"POST /a?b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def read(text: str | bytes) -> Wire:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "log.json"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        wire = read_netlog(path, Path(name) / "spool")
        for one in wire.exchanges:
            for blob in (one.request, one.response, *one.interim):
                assert len(blob.read()) == blob.size
        return wire


@SLOW
@given(st.lists(st.tuples(requests(), responses()), max_size=4), CUTS, st.booleans(), st.booleans())
def test_exchanges_are_found_wherever_the_bytes_are_cut(
    exchanges: list[tuple[bytes, bytes]], cuts: list[int], tls: bool, socks: bool
) -> None:
    build = Builder()
    source = build.connect(socks="h:80" if socks else None, tls=tls)
    for request, response in exchanges:
        _, job = build.asked("http://h/a?b")
        build.use(source, job)
        build.sent(source, *pieces(request, cuts), tls=tls)
        build.came(source, *pieces(response, cuts), tls=tls)
        build.done(source)
    with tempfile.TemporaryDirectory() as name:
        wire = read_netlog(build.write(Path(name) / "log.json"), Path(name) / "spool")
        found = [(one.request.read(), one.response.read()) for one in wire.exchanges]
        assert found == exchanges
        assert {one.url for one in wire.exchanges} <= {"http://h/a?b"}
        assert all(one.truncated is None for one in wire.exchanges)
        assert wire.faults == ()


def log_of_everything() -> str:
    build = Builder()
    for tls in (False, True):
        asked, job = build.asked("http://h/a?b")
        source = build.connect(socks="h:80", tls=tls)
        build.use(source, job)
        build.sent(source, b"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n", tls=tls)
        build.came(source, b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n", tls=tls)
        build.came(source, b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", tls=tls)
        build.done(source)
        build.over(asked)
        pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
        build.add("SSL_CERTIFICATES_RECEIVED", 0, source, certificates=[pem])
        build.add("SSL_HANDSHAKE_MESSAGE_RECEIVED", 0, source, bytes="CwAAAA==", type=11)
    source = build.connect(tls=True, alpn="h2")
    up, down = http2()
    build.use(source, 1)
    build.sent(source, up, tls=True)
    build.came(source, down, tls=True)
    return build.text()


def http2() -> tuple[bytes, bytes]:
    """One HTTP/2 connection's bytes each way, with a padded and an interrupted stream."""
    client = H2Connection(H2Configuration(client_side=True))
    server = H2Connection(H2Configuration(client_side=False))
    client.initiate_connection()
    server.initiate_connection()
    fields = [(":method", "GET"), (":authority", "h"), (":scheme", "https"), (":path", "/x")]
    client.send_headers(1, fields, end_stream=True)
    client.send_headers(3, [*fields, ("x-long", "v" * 20_000)], end_stream=False)
    client.send_data(3, b"body", end_stream=True)
    up = client.data_to_send()
    server.receive_data(up)
    server.send_headers(1, [(":status", "200"), ("a", "b")])
    server.send_headers(3, [(":status", "200")])
    server.send_data(1, b"one", pad_length=9)
    server.send_data(3, b"two", end_stream=True)
    server.send_data(1, b"more", end_stream=True)
    return up, server.data_to_send()


EVERYTHING = log_of_everything()


def test_the_log_of_everything_is_read_whole() -> None:
    wire = read(EVERYTHING)
    assert [one.status for one in wire.exchanges] == [200] * 4
    assert [one.truncated for one in wire.exchanges] == [None] * 4
    assert wire.faults == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(EVERYTHING)))
def test_a_log_cut_anywhere_is_read_as_far_as_it_goes_or_refused(end: int) -> None:
    if end < EVERYTHING.index("\n") - 1:
        with pytest.raises(EvidenceError):
            read(EVERYTHING[:end])
        return
    wire = read(EVERYTHING[:end])
    assert wire.complete == (end > EVERYTHING.index('],\n"polledData"'))
    assert len(wire.exchanges) <= 4


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(EVERYTHING) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_log_raises_nothing_but_our_errors(place: int, damage: bytes) -> None:
    text = EVERYTHING.encode()
    with suppress(EvidenceError):
        read(text[:place] + damage + text[place + len(damage) :])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_events_with_any_parameters_raise_nothing_but_our_errors(data: st.DataObject) -> None:
    head, *lines = EVERYTHING.split("\n")
    number = data.draw(st.integers(1, len(lines) - 5))
    event = json.loads(lines[number].rstrip(",]"))
    names = [*event["params"], "source_dependency", "net_error", "bytes", "certificates"]
    where = data.draw(st.sampled_from(["params", "event"]))
    if where == "params":
        event["params"][data.draw(st.sampled_from(names))] = data.draw(JSON)
    else:
        event[data.draw(st.sampled_from(["params", "phase", "source", "time", "type"]))] = (
            data.draw(JSON)
        )
    lines[number] = json.dumps(event) + ","
    with suppress(EvidenceError):
        read("\n".join([head, *lines]))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_frames_raise_nothing_and_are_told(data: st.DataObject) -> None:
    halves = list(http2())
    side = data.draw(st.integers(0, 1))
    place = data.draw(st.integers(0, len(halves[side]) - 1))
    if data.draw(st.booleans()):
        halves[side] = halves[side][:place]
    else:
        halves[side] = halves[side][:place] + data.draw(st.binary(max_size=9))
    build = Builder()
    source = build.connect(tls=True, alpn="h2")
    build.use(source, 1)
    build.sent(source, halves[0], tls=True)
    build.came(source, halves[1], tls=True)
    wire = read(build.text())
    assert len(wire.exchanges) <= 2


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_stream_whose_frame_is_cut_keeps_what_came(cut: int, tmp_path: Path) -> None:
    up, down = http2()
    build = Builder()
    source = build.connect(tls=True, alpn="h2")
    build.use(source, 1)
    build.sent(source, up, tls=True)
    build.came(source, down[: len(down) - cut], tls=True)
    wire = read_netlog(build.write(tmp_path / "log.json"), tmp_path / "spool")
    whole = {1: b"onemore", 3: b"two"}
    for one, body in zip(wire.exchanges, whole.values(), strict=True):
        got = one.response.read(one.response_head)
        assert body.startswith(got)
        assert (one.truncated is None) == (got == body and one.status == 200)
