"""The parts of a capture that need no browser: addresses, WARC, certificates, journal."""

from __future__ import annotations

import base64
import gzip
import hashlib
import signal
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Browser

from evidence.browser.launch import Running, flags, require_sandbox, without_place
from evidence.browser.order import Http2
from evidence.browser.steps import Steps
from evidence.capture import CaptureOrder, Limits, PageNotCaptured, Reason, check_url, find_browser
from evidence.capture.certificates import bad_hosts, certificates_record
from evidence.capture.course import Course
from evidence.capture.joined import Counts, Row, join, peer_of
from evidence.capture.navigation import explain
from evidence.capture.page import Records, page_note
from evidence.capture.pagestate import Signs
from evidence.capture.posted import request_body, with_method
from evidence.capture.recorder import Seen
from evidence.capture.warc import media_type, target_uri, write_warc
from evidence.capture.watchdog import watchdog
from evidence.environment.journal import JournalView, journal_size, read_journal
from evidence.errors import CaptureError, InputError
from evidence.format.http import head_size
from evidence.netlog import Blob, Connection, Tls, Wire, WireExchange
from tests.evidence.capture.certificates import self_signed


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.com", "https://example.com/"),
        (" HTTP://Example.com:8080/a?b=1#c ", "http://example.com:8080/a?b=1"),
        ("https://例子.测试/搜?q=甬", "https://xn--fsqu00a.xn--0zwm56d/%E6%90%9C?q=%E7%94%AC"),
        ("http://[::1]:80/x%20y", "http://[::1]:80/x%20y"),
    ],
)  # fmt: skip
def test_an_address_gets_its_ascii_form(given: str, kept: str) -> None:
    assert check_url(given) == kept
    assert check_url(kept) == kept


@pytest.mark.parametrize(
    "bad",
    ["", "example.com", "ftp://example.com/", "https:///x", "https://u:p@example.com/",
     "https://example.com/a b", "http://example.com:99999/", "javascript:alert(1)",
     "https://example.com/" + "x" * 5000, "file:///etc/passwd", "http://exa\tmple.com/", "http://[fe80::1%25eth0]/"],
)  # fmt: skip
def test_anything_else_is_refused_in_one_sentence(bad: str) -> None:
    with pytest.raises(InputError) as caught:
        check_url(bad)
    assert caught.value.zh.endswith("。")


def test_the_head_of_a_message_ends_at_its_empty_line() -> None:
    assert head_size(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n") == 25
    assert head_size(b"HTTP/1.1 200 OK\nA: b\n\nbody") == 22
    assert head_size(b"HTTP/1.1 200 OK\r\nA: b\r\n") == -1


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-TYPE:  Text/HTML ; charset=gbk\r\n\r\n", "text/html"),
        (b"HTTP/1.1 200 OK\nContent-Type: image/png\n\n", "image/png"),
        (b"HTTP/1.1 200 OK\r\nX-Content-Type: a/b\r\n\r\n", "unk"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: \xff\xfe\r\n\r\n", "unk"),
        (b"HTTP/1.1 200 OK\r\nContent-Type:\r\n\r\n", "unk"),
    ],
)
def test_the_media_type_is_read_from_the_head(head: bytes, kind: str) -> None:
    assert media_type(head) == kind


def test_a_target_is_always_a_uri() -> None:
    assert target_uri("http://a/b|c?d={e}^`#f") == "http://a/b%7Cc?d=%7Be%7D%5E%60"
    assert target_uri("wss://a/b?c") == "https://a/b?c"
    assert target_uri("ws://a:81/") == "http://a:81/"
    assert target_uri("http://[::1]:8/%E8%8C%B6?a[]=1&b='") == "http://[::1]:8/%E8%8C%B6?a[]=1&b='"


MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = b"3\r\nabc\r\n0\r\n\r\n"
ASK = b"POST /x HTTP/1.1\r\nHost: a\r\n\r\n"
POSTED = b"n=1"


def blob(folder: Path, data: bytes) -> Blob:
    path = folder / f"{len(list(folder.iterdir()))}.bin"
    path.write_bytes(b"before" + data + b"after")
    return Blob(path, 6, len(data))


def exchange(folder: Path, response: bytes = HEAD + CHUNKED, **more: Any) -> WireExchange:
    given: dict[str, Any] = {
        "number": 1, "connection": 7, "url": "https://a/x", "method": "POST",
        "started": MOMENT, "finished": MOMENT, "request": blob(folder, ASK + POSTED),
        "request_head": len(ASK), "response": blob(folder, response),
        "response_head": max(0, head_size(response)), "status": 200, "reason": "Fine",
        "protocol": "http/1.1", "literal": True,
    }  # fmt: skip
    return WireExchange(**{**given, **more})


TLS = Tls("TLS 1.3", "TLS_AES_128_GCM_SHA256", "http/1.1", False, (), "ok", ())


def connection(**more: Any) -> Connection:
    given: dict[str, Any] = {
        "source": 7, "opened": MOMENT, "host": "a", "port": 443, "peer": "127.0.0.1",
        "local_port": 4711, "proxied": True, "tls": TLS, "bytes_up": 0, "bytes_down": 0,
    }  # fmt: skip
    return Connection(**{**given, **more})


def records_of(rows: list[Row]) -> list[tuple[list[tuple[str, str]], bytes]]:
    """Write a WARC and read it with nothing of ours."""
    out = BytesIO()
    write_warc(out, rows, about=[("software", "t")], made=MOMENT)
    data, found = gzip.decompress(out.getvalue()), []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        fields = [(name, value) for name, value in lines]
        size = int(dict(fields)["Content-Length"])
        found.append((fields, rest[:size]))
        data = rest[size + 4 :]
    return found


def test_records_hold_the_literal_bytes_and_what_is_known_of_the_connection(tmp_path: Path) -> None:
    interim = blob(tmp_path, b"HTTP/1.1 103 Early Hints\r\n\r\n")
    row = Row(exchange(tmp_path, interim=(interim,)), None, TLS, "192.0.2.1")
    info, response, request, early = records_of([row])
    assert dict(info[0])["WARC-Type"] == "warcinfo"
    assert response[1] == HEAD + CHUNKED
    assert request[1] == ASK + POSTED
    assert (dict(early[0])["WARC-Type"], early[1]) == ("metadata", interim.read())
    fields = dict(response[0])
    assert fields["WARC-IP-Address"] == "192.0.2.1"
    assert fields["WARC-Cipher-Suite"] == "TLS_AES_128_GCM_SHA256"
    protocols = [value for name, value in response[0] if name == "WARC-Protocol"]
    assert protocols == ["http/1.1", "tls/1.3"]
    assert fields["WARC-Payload-Digest"] == f"sha256:{hashlib.sha256(CHUNKED).hexdigest()}"
    ids = {dict(each)["WARC-Record-ID"] for each, _ in (response, request, early)}
    for each, _ in (response, request, early):
        linked = {value for name, value in each if name == "WARC-Concurrent-To"}
        assert linked == ids - {dict(each)["WARC-Record-ID"]}


def test_an_answer_cut_short_says_so_and_one_that_never_came_has_no_record(tmp_path: Path) -> None:
    cut = Row(exchange(tmp_path, truncated="disconnect"), None, None, None)
    none = Row(exchange(tmp_path, b""), None, None, None)
    broken = Row(exchange(tmp_path, b"HTTP/1.1 200", truncated="disconnect"), None, None, None)
    found = records_of([cut, none, broken])
    kinds = [dict(fields)["WARC-Type"] for fields, _ in found]
    assert kinds == ["warcinfo", "response", "request", "request", "request", "metadata"]
    assert dict(found[1][0])["WARC-Truncated"] == "disconnect"
    assert "WARC-Truncated" not in dict(found[2][0])
    assert found[5][1] == b"HTTP/1.1 200"


def test_the_two_witnesses_are_joined_by_connection_then_by_address(tmp_path: Path) -> None:
    other = exchange(tmp_path, number=3, url="https://b/")
    every = (exchange(tmp_path), exchange(tmp_path, number=2), other)
    wire = Wire("c", "", True, (connection(),), every, ())
    size = len(HEAD + CHUNKED)
    seen = [
        Seen("https://a/x", "POST", connection=7, encoded=size, end="finished"),
        Seen("https://a/x", "POST", connection=7, encoded=size + 1, end="finished"),
        Seen("https://a/x", "POST", connection=7, cached=True),
        Seen("https://c/", "GET", end="net::ERR_FAILED"),
    ]
    found = join(wire, seen, JournalView(None, (), 0))
    assert [row.counts for row in found.rows] == ["equal", "mismatch", "not compared"]
    assert found.counts is Counts.MISMATCH
    assert [one.url for one in found.only_seen] == ["https://a/x", "https://c/"]
    equal = join(wire, [seen[0], seen[3]], JournalView(None, (), 0))
    assert equal.counts is Counts.EQUAL
    unlogged = Seen("https://d/", "GET", connection=7, encoded=9, end="finished")
    assert join(wire, [seen[0], unlogged], JournalView(None, (), 0)).counts is Counts.MISMATCH


def test_a_document_that_a_viewer_took_over_is_told_once(tmp_path: Path) -> None:
    size = len(HEAD + CHUNKED)
    first = Seen("https://a/x", "POST", "Document", "f1", connection=7, end="finished")
    late = replace(first, frame="f2", connection=0, encoded=size)
    wire = Wire("c", "", True, (connection(),), (exchange(tmp_path),), ())
    found = join(wire, [first, late], JournalView(None, (), 0))
    assert (found.counts, found.only_seen) == (Counts.NOT_COMPARED, ())
    other = replace(late, url="https://a/other")
    assert join(wire, [first, other], JournalView(None, (), 0)).only_seen == (other,)


def test_of_a_redirects_body_the_browser_counts_nothing(tmp_path: Path) -> None:
    moved = exchange(tmp_path)
    head = Seen("https://a/x", "POST", connection=7, encoded=len(HEAD), end="redirected")
    short = replace(head, encoded=len(HEAD) - 1)
    assert Row(moved, head, None, None).counts is Counts.EQUAL
    assert Row(moved, short, None, None).counts is Counts.MISMATCH


def test_of_a_picture_that_is_none_the_browser_counts_the_body(tmp_path: Path) -> None:
    text = exchange(tmp_path)
    seen = Seen("https://a/x", "POST", "Image", connection=7, end="finished")
    counts = {
        size: Row(text, replace(seen, encoded=size), None, None).counts
        for size in (len(CHUNKED), len(CHUNKED) + 1, len(HEAD + CHUNKED), len(HEAD + CHUNKED) + 1)
    }
    assert list(counts.values()) == [
        Counts.NOT_COMPARED, Counts.MISMATCH, Counts.EQUAL, Counts.MISMATCH,
    ]  # fmt: skip
    document = replace(seen, kind="Document", encoded=len(CHUNKED))
    assert Row(text, document, None, None).counts is Counts.MISMATCH


def test_the_peer_is_that_of_the_very_connection(tmp_path: Path) -> None:
    lines = [
        f'{{"event":"connection","time":"2026-01-0{day}T00:00:00.000000Z","host":"a","port":443,'
        f'"verdict":"connected","reason":null,"answers":[],"address":"192.0.2.{day}",'
        f'"client_port":4711}}'
        for day in (1, 2, 3)
    ]
    path = tmp_path / "journal.jsonl"
    path.write_text("\n".join(lines) + "\n")
    journal = read_journal(path)
    assert peer_of(connection(), journal) == "192.0.2.2"
    assert peer_of(connection(local_port=1), journal) is None
    assert peer_of(connection(proxied=False), journal) == "127.0.0.1"


def test_every_tls_connection_has_its_chain_and_verdict(tmp_path: Path) -> None:
    pem = self_signed(tmp_path).read_bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    bad = replace(
        TLS, chain=(der,), verdict="ERR_CERT_AUTHORITY_INVALID", status=("AUTHORITY_INVALID",)
    )
    again = replace(bad, chain=(), resumed=True)
    rows = [connection(tls=bad), connection(source=8, tls=again), connection(source=9, tls=None)]
    record = certificates_record(rows, {7: "192.0.2.1"})
    digest = hashlib.sha256(der).hexdigest()
    assert base64.b64decode(record["certificates"][digest]["der"]) == der
    assert record["certificates"][digest]["names"] == ["127.0.0.1"]
    first, second = record["connections"]
    assert (first["chain"], first["peer"], first["revocation"]) == (
        [digest],
        "192.0.2.1",
        "not checked",
    )
    assert (second["chain"], second["chain_from"]) == ([digest], 7)
    assert bad_hosts(rows) == ("a:443 (ERR_CERT_AUTHORITY_INVALID)",)
    told = certificates_record([connection(tls=replace(TLS, chain=(b"junk",)))], {})
    assert "unreadable" in next(iter(told["certificates"].values()))


def wanted(tmp_path: Path, journal: bytes | None = None, **more: Any) -> CaptureOrder:
    path = None
    if journal is not None:
        path = tmp_path / "journal.jsonl"
        path.write_bytes(journal)
    return CaptureOrder("http://a.test/", Path("/x"), "127.0.0.1:9", path, **more)


REFUSED = (
    b'{"event":"start","allow_loopback":false}\n'
    b'{"event":"connection","host":"accounts.google.com","port":443,"verdict":"refused",'
    b'"reason":"call_home","answers":[],"address":null}\n'
    b'{"event":"connection","host":"A.test","port":80,"verdict":"refused","reason":"private",'
    b'"answers":["10.0.0.1"],"address":null}\n'
    b'{"event":"connection","ho'
)


def test_a_refusal_is_read_from_the_journal_even_with_a_torn_line(tmp_path: Path) -> None:
    found = explain("net::ERR_SOCKS_CONNECTION_FAILED", wanted(tmp_path, REFUSED), 0)
    assert found.reason is Reason.REFUSED
    assert "a.test:80" in found.en
    assert "private" in found.en
    assert read_journal(tmp_path / "journal.jsonl").calls_home_refused == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("net::ERR_CERT_DATE_INVALID at x", Reason.CERTIFICATE),
        ("Timeout 30000ms exceeded", Reason.TIMEOUT),
        ("net::ERR_NAME_NOT_RESOLVED at x", Reason.UNREACHABLE),
        ("net::ERR_ABORTED at x", Reason.DOWNLOAD),
        ("something new", Reason.UNREACHABLE),
    ],
)
def test_every_failed_navigation_has_a_reason(tmp_path: Path, message: str, reason: Reason) -> None:
    assert explain(message, wanted(tmp_path), 0).reason is reason


def test_an_unreadable_journal_is_one_sentence(tmp_path: Path) -> None:
    assert journal_size(None) == journal_size(tmp_path / "none") == 0
    with pytest.raises(CaptureError):
        read_journal(tmp_path / "none")


def test_the_sandbox_is_never_dropped_in_silence(tmp_path: Path) -> None:
    with pytest.raises(PageNotCaptured, match="MARKSEAL_NO_SANDBOX=1"):
        require_sandbox(wanted(tmp_path), user=0)
    require_sandbox(wanted(tmp_path), user=1000)
    require_sandbox(wanted(tmp_path, sandbox=False), user=0)


def test_nothing_goes_past_the_guard(tmp_path: Path) -> None:
    given = flags(wanted(tmp_path), "mark", tmp_path / "log")
    assert "--proxy-server=socks5://127.0.0.1:9" in given
    assert "--proxy-bypass-list=<-loopback>" in given
    assert "--webrtc-ip-handling-policy=disable_non_proxied_udp" in given
    assert "--disable-quic" in given
    assert "--disable-http2" in given
    assert f"--log-net-log={tmp_path / 'log'}" in given
    decoded = replace(wanted(tmp_path), http2=Http2.DECODE)
    unlogged = flags(decoded, "mark", None)
    assert not {"--disable-http2", *given[1:3]}.intersection(unlogged)


def test_a_browser_is_found_or_its_absence_explained(tmp_path: Path) -> None:
    here = tmp_path / "chromium-1/chrome-linux/chrome"
    here.parent.mkdir(parents=True)
    here.touch()
    assert find_browser(str(here)) == here
    with pytest.raises(InputError, match="MARKSEAL_BROWSER"):
        find_browser(str(tmp_path / "none"))


def records(text: str, *, passwords: int = 0) -> Records:
    return Records("标题", b"", text.encode(), b"", b"", 1, (), Signs(passwords=passwords))


@pytest.mark.parametrize(
    ("found", "status", "note"),
    [
        (records("甬江春茶二百五十克，价格一百二十八元，现货供应，宁波发货。"), 200, None),
        (records("页面不存在，请返回首页继续浏览，谢谢您的光临。"), 404, "gone"),
        (records("服务器内部发生错误，请稍后再试，谢谢您的光临。"), 500, "http-error"),
        (records("请完成安全验证后继续访问，拖动滑块到最右边完成拼图。"), 200, "verification"),
        (records("请登录后继续浏览商品，账号登录或扫码登录均可使用。", passwords=1), 200, "login"),
        (records("  \n "), 200, "empty"),
    ],
)
def test_a_page_that_is_not_an_ordinary_one_is_noted(
    found: Records, status: int, note: str | None
) -> None:
    assert page_note(found, status) == note


def test_a_log_that_grows_beyond_its_bound_ends_the_browser(tmp_path: Path) -> None:
    log = tmp_path / "netlog.json"
    with log.open("wb") as file:
        file.truncate(200_000_000)  # sparse: takes no room
    stands_in = subprocess.Popen(["sleep", "60"])
    running = Running(cast(Browser, None), "", stands_in.pid, None, (), log, log)
    small = replace(wanted(tmp_path), limits=Limits(bytes=1))
    course = Course(small, Steps(), MOMENT)
    with watchdog(course, running):
        assert stands_in.wait(30) == -signal.SIGKILL
    assert course.stopped == "bytes"


FORM = '----x\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n----x--\r\n'


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("application/x-www-form-urlencoded", "a=1&名=茶", "a=1&名=茶"),
        ("application/json; charset=utf-8", '{"a":{"b":"茶 ~*"},"c":[1,true,null,2.0],"d":""}',
         "b=%E8%8C%B6+%7E*&c=1&c.2_=true&c.3_=null&c.4_=2"),
        ("application/json", "{broken", ""),
        ("text/plain;charset=UTF-8", '{"a":1}', "a=1"),
        ("text/plain", "plain", "__wb_post_data=cGxhaW4="),
        ("multipart/form-data; boundary=--x", FORM, "n=v"),
        ("", "x", "__wb_post_data=eA=="),
        ("application/json", "", ""),
    ],
)  # fmt: skip
def test_a_posted_body_is_named_as_readers_of_the_index_do(
    tmp_path: Path, kind: str, body: str, text: str
) -> None:
    head = f"POST /x HTTP/1.1\r\ncontent-type: {kind}\r\n\r\n".encode()
    assert request_body("https://a/x", head, blob(tmp_path, head + body.encode())) == text
    assert with_method("https://a/x?y", "POST", "b=1") == "https://a/x?y&__wb_method=POST&b=1"


def test_a_place_tells_the_method_and_the_body_that_was_posted(tmp_path: Path) -> None:
    out = BytesIO()
    row = Row(exchange(tmp_path), None, None, None)
    [place] = write_warc(out, [row], about=[("software", "t")], made=MOMENT)
    assert (place.method, place.request_body) == ("POST", "__wb_post_data=bj0x")


def test_published_flags_tell_no_place_on_this_machine() -> None:
    assert without_place("--log-net-log=/home/li/.markseal/spool/net.json") == (
        "--log-net-log=.../net.json"
    )
    assert without_place("--proxy-server=socks5://127.0.0.1:1") == (
        "--proxy-server=socks5://127.0.0.1:1"
    )
    assert without_place("--headless") == "--headless"
