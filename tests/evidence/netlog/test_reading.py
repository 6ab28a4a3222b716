"""Logs made by hand: the cases that a browser rarely meets, each by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.errors import FormatError
from evidence.netlog import Wire, read_netlog
from tests.evidence.netlog.build import Builder

GET = b"GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def read(build: Builder, folder: Path, *, whole: bool = True) -> Wire:
    return read_netlog(build.write(folder / "log.json", whole=whole), folder / "spool")


def one_exchange(build: Builder, response: bytes, *, error: int = 0, request: bytes = GET) -> int:
    asked, job = build.asked("http://shop.test/a#part")
    source = build.connect(socks="shop.test:80")
    build.use(source, job)
    build.sent(source, request)
    if response:
        build.came(source, response)
    build.done(source)
    build.over(asked, error)
    build.closed(source)
    return source


def test_an_exchange_through_socks_has_its_address_and_its_bytes(tmp_path: Path) -> None:
    build = Builder()
    source = one_exchange(build, OK)
    wire = read(build, tmp_path)
    (found,) = wire.exchanges
    (connection,) = wire.connections
    assert (found.url, found.request.read(), found.response.read()) == (
        "http://shop.test/a",
        GET,
        OK,
    )
    assert (connection.host, connection.port, connection.peer) == ("shop.test", 80, None)
    assert connection.proxied
    assert connection.local_port == 40000 + source
    assert (connection.bytes_up, connection.raw_down) == (len(GET), len(OK))
    assert wire.browser == "Chromium 1.2.3"
    assert wire.command_line == "chromium -x"
    assert wire.faults == ()
    assert found.started.year == 2026


def test_two_answers_in_one_use_are_two_exchanges(tmp_path: Path) -> None:
    """A password asked for on a connection that is kept: the same use asks twice."""
    build = Builder()
    _, job = build.asked("http://shop.test/a")
    source = build.connect()
    build.use(source, job)
    ask = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
    build.sent(source, GET)
    build.came(source, ask)
    build.sent(source, GET)
    build.came(source, OK)
    build.done(source)
    wire = read(build, tmp_path)
    assert [one.status for one in wire.exchanges] == [401, 200]
    assert wire.faults == ()


def test_bytes_after_an_answer_are_a_fault(tmp_path: Path) -> None:
    build = Builder()
    source = one_exchange(build, OK + b"more")
    wire = read(build, tmp_path)
    assert wire.exchanges[0].response.read() == OK
    assert wire.faults == (f"connection {source}: 4 bytes received that are no answer's",)
    assert wire.exchanges[0].surplus is not None
    assert wire.exchanges[0].surplus.read() == b"more"
    assert not wire.exchanges[0].surplus_is_blank


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b"\r\n\r\n"])
def test_an_empty_line_after_an_answer_is_kept_and_no_fault(tmp_path: Path, blank: bytes) -> None:
    build = Builder()
    one_exchange(build, OK + blank)
    wire = read(build, tmp_path)
    (found,) = wire.exchanges
    assert found.surplus is not None
    assert (found.response.read(), found.surplus.read(), found.surplus_is_blank) == (
        OK,
        blank,
        True,
    )
    assert wire.faults == ()


def test_bytes_without_a_request_are_a_fault_even_if_blank(tmp_path: Path) -> None:
    build = Builder()
    source = one_exchange(build, b"\r\n", request=b"\x00\x00")
    wire = read(build, tmp_path)
    assert wire.exchanges == ()
    assert f"connection {source}: 2 bytes received that are no answer's" in wire.faults


def test_what_follows_each_answer_of_a_connection_stays_with_it(tmp_path: Path) -> None:
    build = Builder()
    source = build.connect()
    for surplus in (b"one", b"", b"\r\n"):
        _, job = build.asked("http://shop.test/a")
        build.use(source, job)
        build.sent(source, GET)
        build.came(source, OK + surplus)
        build.done(source)
    wire = read(build, tmp_path)
    kept = [one.surplus.read() if one.surplus else b"" for one in wire.exchanges]
    assert kept == [b"one", b"", b"\r\n"]
    assert len(wire.faults) == 1


@pytest.mark.parametrize(
    ("response", "error", "truncated"),
    [
        (b"", -101, "disconnect"),
        (b"", 0, "disconnect"),
        (b"HTTP/1.1 200 OK\r\nConte", -101, "disconnect"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", -101, "disconnect"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", -3, "unspecified"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", -101, "disconnect"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n", -3, "unspecified"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 0, None),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", -101, "disconnect"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", -3, "unspecified"),
        (b"HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", -3, None),
        (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", 0, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 0, None),
        (b"\r\n HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, None),
    ],
)
def test_an_answer_cut_short_says_how(
    tmp_path: Path, response: bytes, error: int, truncated: str | None
) -> None:
    build = Builder()
    one_exchange(build, response, error=error)
    wire = read(build, tmp_path)
    (found,) = wire.exchanges
    assert (found.truncated, found.response.read()) == (truncated, response)
    assert wire.faults == ()


def test_a_killed_browsers_log_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    build = Builder()
    one_exchange(build, OK)
    asked, job = build.asked("http://shop.test/a")
    source = build.connect()
    build.use(source, job)
    build.sent(source, GET)
    build.came(source, OK[:-1])
    wire = read(build, tmp_path, whole=False)
    assert not wire.complete
    assert [one.truncated for one in wire.exchanges] == [None, "unspecified"]
    assert wire.faults == ()
    assert asked


def test_what_an_upgrade_carries_is_counted_and_not_kept(tmp_path: Path) -> None:
    build = Builder()
    up = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"
    source = one_exchange(build, up + b"\x81\x01a", request=GET + b"")
    wire = read(build, tmp_path)
    (found,) = wire.exchanges
    assert (found.upgraded, found.beyond_down, found.response.read()) == (True, 3, up)
    assert found.connection == source
    assert wire.faults == ()


def test_a_request_that_was_not_sent_to_its_end_says_so(tmp_path: Path) -> None:
    build = Builder()
    one_exchange(build, OK, request=b"POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf")
    (found,) = read(build, tmp_path).exchanges
    assert found.request_cut
    assert found.truncated is None
    assert (found.request.size - found.request_head, found.status) == (4, 200)


def test_a_proxys_connect_is_no_exchange(tmp_path: Path) -> None:
    build = Builder()
    asked, job = build.asked("https://shop.test/a")
    source = build.connect()
    build.sent(source, b"CONNECT shop.test:443 HTTP/1.1\r\n\r\n")
    build.came(source, b"HTTP/1.1 200 Yes\r\n\r\n")
    build.add("SSL_CONNECT", 1, source)
    build.add("SSL_CONNECT", 2, source, cipher_suite=0x1302, version="TLS 1.3")
    build.use(source, job)
    build.sent(source, GET, tls=True)
    build.came(source, OK, tls=True)
    build.done(source)
    build.over(asked)
    wire = read(build, tmp_path)
    assert [one.url for one in wire.exchanges] == ["https://shop.test/a"]
    assert wire.faults == ()


def test_without_the_logs_word_the_address_is_built_from_the_request(tmp_path: Path) -> None:
    build = Builder()
    source = build.connect(socks="shop.test:8080")
    build.use(source, 999)
    build.sent(source, b"GET /x?y HTTP/1.1\r\n\r\n")
    build.came(source, OK)
    build.done(source)
    build.use(source, 998)
    build.sent(source, b"GET http://other.test/z#f HTTP/1.1\r\n\r\n")
    build.came(source, OK)
    urls = [one.url for one in read(build, tmp_path).exchanges]
    assert urls == ["http://shop.test:8080/x?y", "http://other.test/z"]


def test_bytes_that_are_no_http_are_a_fault(tmp_path: Path) -> None:
    build = Builder()
    source = build.connect()
    build.use(source, 7)
    build.sent(source, b"\x16\x03\x01 not http at all")
    wire = read(build, tmp_path)
    assert wire.exchanges == ()
    assert wire.faults == (f"connection {source}: 19 bytes sent that are no request",)


def test_an_event_whose_bytes_are_missing_is_a_fault(tmp_path: Path) -> None:
    build = Builder()
    source = one_exchange(build, OK)
    build.lines[-4] = build.lines[-4].replace('"byte_count": 40', '"byte_count": 41')
    wire = read(build, tmp_path)
    assert wire.faults == (f"connection {source}: an event of 41 bytes holds 40",)


def test_a_connection_that_failed_names_the_error(tmp_path: Path) -> None:
    build = Builder()
    source = build.new()
    build.add("TCP_CONNECT", 1, source)
    build.add("TCP_CONNECT", 2, source, net_error=-101)
    (found,) = read(build, tmp_path).connections
    assert (found.error, found.host) == ("ERR_CONNECTION_RESET", "")


def test_a_remembered_verdict_names_where_it_is_from(tmp_path: Path) -> None:
    build = Builder()
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    sources = []
    for first in (True, False):
        source = build.connect(socks="shop.test:443", tls=True)
        build.add("SSL_CERTIFICATES_RECEIVED", 0, source, certificates=[pem])
        if first:
            job = build.new()
            build.add(
                "CERT_VERIFIER_REQUEST_BOUND_TO_JOB", 0, source,
                source_dependency={"id": job, "type": 3},
            )  # fmt: skip
            said = {"net_error": -202, "cert_status": 4 | 65536, "is_issued_by_known_root": False}
            build.add("CERT_VERIFIER_JOB", 2, job, "CERT_VERIFIER_JOB", **said)
        sources.append(source)
    own, remembered = (one.tls for one in read(build, tmp_path).connections)
    assert own is not None
    assert remembered is not None
    assert own.verdict == remembered.verdict == "ERR_CERT_AUTHORITY_INVALID"
    assert remembered.status == ("AUTHORITY_INVALID", "IS_EV")
    assert (own.verdict_from, remembered.verdict_from) == (None, sources[0])


def test_datagrams_and_cached_answers_are_counted(tmp_path: Path) -> None:
    build = Builder()
    build.add("UDP_BYTES_SENT", 0, build.new(), "UDP_SOCKET", byte_count=12)
    request = build.new()
    build.add("URL_REQUEST_START_JOB", 1, request, "URL_REQUEST", url="http://a/", method="GET")
    build.add("HTTP_CACHE_READ_INFO", 1, request, "URL_REQUEST")
    build.over(request)
    wire = read(build, tmp_path)
    assert wire.datagrams == 12
    assert wire.served == (("http://a/", 1),)


@pytest.mark.parametrize("content", [b"", b"{", b"{}\n", b'{"constants": {}}\n', b"\xff\xfe\n"])
def test_a_file_that_is_no_log_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="no readable first line") as caught:
        read_netlog(path, tmp_path / "spool")
    assert "首行" in caught.value.zh


def test_a_log_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_netlog(tmp_path / "none.json", tmp_path / "spool")


def test_a_damaged_line_is_a_fault_and_no_more(tmp_path: Path) -> None:
    build = Builder()
    one_exchange(build, OK)
    build.lines[2] = build.lines[2][:30]
    wire = read(build, tmp_path)
    assert wire.faults == ("line 5 of the log is no event",)
    assert len(wire.exchanges) == 1
    json.loads(build.lines[3])
