"""A browser that is killed, asks for a password, resumes a session, speaks WebSocket."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from evidence.netlog import read_netlog
from tests.evidence.browsers import kill_browser
from tests.evidence.capture.certificates import self_signed
from tests.evidence.netlog.browse import visit
from tests.evidence.netlog.raw import Say, raw_server, tls
from tests.evidence.netlog.test_browser import reply

pytestmark = pytest.mark.browser


def test_a_killed_browsers_log_is_read_as_far_as_it_was_written(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    page = b"<script>fetch('/slow')</script>" + b" " * 300_000

    def script(method: str, target: str) -> Say:
        if target == "/slow":
            return Say((b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nab",), end="hang")
        return Say((reply(page, b"Content-Type: text/html"),))

    def act(page: Page) -> None:
        page.goto(raw.address)
        page.wait_for_timeout(1500)
        kill_browser(log)

    with raw_server(script) as raw:
        with contextlib.suppress(Error):
            visit(log, act)
        wire = read_netlog(log, tmp_path / "spool")
    assert not wire.complete
    assert wire.faults == ()
    for one in wire.exchanges:
        seen = raw.of(one.url.removeprefix(raw.address))[0]
        assert one.request.read() == seen.request
        assert seen.response.startswith(one.response.read())
        assert one.truncated is not None or one.response.read() == seen.response


def test_a_password_is_asked_for_and_sent_in_two_exchanges(tmp_path: Path) -> None:
    asked: list[str] = []

    def script(method: str, target: str) -> Say:
        asked.append(target)
        if target == "/" and asked.count("/") == 1:
            line = b"HTTP/1.1 401 Unauthorized"
            return Say((reply(b"no", b'WWW-Authenticate: Basic realm="x"', line=line),))
        return Say((reply(b"in", b"Content-Type: text/html"),))

    def act(page: Page) -> None:
        browser = page.context.browser
        assert browser is not None
        context = browser.new_context(http_credentials={"username": "u", "password": "p"})
        context.new_page().goto(raw.address + "/")

    with raw_server(script) as raw:
        wire = read_netlog(visit(tmp_path / "log.json", act), tmp_path / "spool")
    found = [one for one in wire.exchanges if one.url == raw.address + "/"]
    assert [one.status for one in found] == [401, 200]
    assert [one.request.read() for one in found] == [seen.request for seen in raw.of("/")]
    assert b"Authorization: Basic" in found[1].request.read()
    assert wire.faults == ()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_each_connection_names_its_tls_resumed_ones_too(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = tls(self_signed(tmp_path), "http/1.1")
    context.maximum_version = context.minimum_version = version

    def script(method: str, target: str) -> Say:
        return Say((reply(b"x", b"Content-Type: text/html"),), end="close")

    def act(page: Page) -> None:
        for number in range(10):
            page.goto(f"{raw.address}/{number}")
            page.wait_for_timeout(100)  # the ticket for the next connection may come late

    with raw_server(script, context=context) as raw:
        wire = read_netlog(visit(tmp_path / "log.json", act), tmp_path / "spool")
    used = {one.connection for one in wire.exchanges}
    found = [one.tls for one in wire.connections if one.source in used and one.tls is not None]
    assert {one.version for one in found} == {version.name.replace("v1_", " 1.")}
    assert {one.alpn for one in found} == {"http/1.1"}
    assert True in {one.resumed for one in found}
    assert len({one.chain for one in found}) == 1
    assert {one.verdict for one in found} == {"ERR_CERT_AUTHORITY_INVALID"}
    assert wire.faults == ()
