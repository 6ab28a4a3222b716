"""The parts of a capture that need no browser: addresses, headers, bodies, WARC, journal."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from evidence.browser.launch import flags, require_sandbox
from evidence.capture import CaptureOrder, PageNotCaptured, Reason, check_url, find_browser
from evidence.capture.draft import request_line
from evidence.capture.exchange import (
    BodyForm,
    Exchange,
    Source,
    pairs_of,
    split_headers,
    text_to_bytes,
)
from evidence.capture.navigation import explain
from evidence.capture.page import Records, page_note
from evidence.capture.warc import stored_headers, write_warc
from evidence.environment.journal import journal_size, read_journal
from evidence.errors import CaptureError, InputError


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


def test_raw_headers_keep_case_order_repeats_and_blanks() -> None:
    line, pairs = split_headers("HTTP/1.1 200 Fine\r\nb: 1\r\nA:  x \r\nb: 2\r\n folded\r\n\r\n")
    assert line == "HTTP/1.1 200 Fine"
    assert pairs == (("b", "1"), ("A", " x "), ("b", "2 folded"))
    assert pairs_of({"a": "1\n2", "b": "3"}) == (("a", "1"), ("a", "2"), ("b", "3"))


@pytest.mark.parametrize(
    ("text", "charset", "size", "body", "form"),
    [
        ("茶", "utf-8", 3, "茶".encode(), BodyForm.LENGTH_EQUAL),
        ("茶", "gbk", 2, "茶".encode("gbk"), BodyForm.LENGTH_EQUAL),
        ("茶", "", 2, "茶".encode("gbk"), BodyForm.LENGTH_EQUAL),
        ("茶", "utf-8", 6, b"\xef\xbb\xbf" + "茶".encode(), BodyForm.LENGTH_EQUAL),
        ("茶", "no-such-charset", 3, "茶".encode(), BodyForm.LENGTH_EQUAL),
        ("茶", "utf-8", 99, "茶".encode(), BodyForm.UNEQUAL),
        ("茶", "utf-8", None, "茶".encode(), BodyForm.UNCHECKED),
    ],
)
def test_a_text_body_goes_back_into_its_bytes(
    text: str, charset: str, size: int | None, body: bytes, form: BodyForm
) -> None:
    assert text_to_bytes(text, charset, size) == (body, form)


def test_headers_of_a_decoded_body() -> None:
    headers = (("Content-Encoding", "br"), ("content-length", "9"), ("X", "y"))
    assert stored_headers(headers, 20, coded=True) == (
        ("X-Orig-Content-Encoding", "br"),
        ("X-Orig-content-length", "9"),
        ("X", "y"),
        ("Content-Length", "20"),
    )
    assert stored_headers(headers, 0, coded=False) == headers
    assert stored_headers((("Content-Length", "5"),), 5, coded=True) == (("Content-Length", "5"),)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://a", "GET / HTTP/1.1"),
        ("http://a?x=/y", "GET /?x=/y HTTP/1.1"),
        ("http://a/b?c", "GET /b?c HTTP/1.1"),
    ],
)
def test_the_request_line(url: str, line: str) -> None:
    assert request_line("GET", url) == line


def test_an_http2_exchange_says_so() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    exchange = Exchange(
        url="https://a/", method="GET", started=moment, request_headers=(("a", "b"),),
        request_line="GET / HTTP/1.1", request_body=b"", status=204, reason="",
        response_headers=(), response_body=b"", protocol="h2", resource_type="Document",
        source=Source.CDP, headers_literal=False, body_form=BodyForm.EXACT, peer=None,
    )  # fmt: skip
    out = BytesIO()
    places = write_warc(out, [exchange], about={"software": "t"}, made=moment)
    text = gzip.decompress(out.getvalue())
    assert text.count(b"WARC-Protocol: h2\r\n") == 2
    assert b"HTTP/1.1 204\r\n\r\n" in text
    assert b"WARC-IP-Address" not in text
    assert places[0].media_type == "unk"


def wanted(tmp_path: Path, journal: bytes | None = None, **more: bool) -> CaptureOrder:
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
    given = flags(wanted(tmp_path), "mark")
    assert "--proxy-server=socks5://127.0.0.1:9" in given
    assert "--proxy-bypass-list=<-loopback>" in given
    assert "--webrtc-ip-handling-policy=disable_non_proxied_udp" in given
    assert "--disable-quic" in given


def test_a_browser_is_found_or_its_absence_explained(tmp_path: Path) -> None:
    here = tmp_path / "chromium-1/chrome-linux/chrome"
    here.parent.mkdir(parents=True)
    here.touch()
    assert find_browser(str(here)) == here
    with pytest.raises(InputError, match="MARKSEAL_BROWSER"):
        find_browser(str(tmp_path / "none"))


def records(text: str, *, passwords: int = 0) -> Records:
    return Records("标题", b"", text.encode(), b"", b"", 1, (), passwords)


@pytest.mark.parametrize(
    ("found", "status", "note"),
    [
        (records("甬江春茶二百五十克，价格一百二十八元，现货供应，宁波发货。"), 200, None),
        (records("页面不存在，请返回首页继续浏览，谢谢您的光临。"), 404, "http-error"),
        (records("请完成安全验证后继续访问，拖动滑块到最右边完成拼图。"), 200, "verification"),
        (records("请登录后继续浏览商品，账号登录或扫码登录均可使用。", passwords=1), 200, "login"),
        (records("  \n "), 200, "empty"),
    ],
)
def test_a_page_that_is_not_an_ordinary_one_is_noted(
    found: Records, status: int, note: str | None
) -> None:
    assert page_note(found, status) == note
