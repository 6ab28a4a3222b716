"""A browser's own log against what a raw server sent and received, byte for byte."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from egress.process import guard
from evidence.netlog import Wire, WireExchange, read_netlog
from tests.evidence.capture.certificates import self_signed
from tests.evidence.netlog.browse import visit
from tests.evidence.netlog.raw import Raw, Say, raw_server, tls

pytestmark = pytest.mark.browser

PLAIN = b"text/plain"
PAGE = """<!doctype html><meta charset=utf-8><script>
const quiet = (u, o) => fetch(u, o).then(r => r.text()).catch(() => '');
(async () => {
 for (const p of ['/odd','/chunked','/split','/gzip','/close','/empty','/204','/hops','/early',
   '/bare','/folded','/interim','/hints','/noreason','/ten','/slow','/twice'])
  await quiet(p, p === '/early' ? {method:'POST', body:'x'.repeat(3000)} : {});
 await quiet('/post', {method:'POST', body:'名=值', headers:{'X-oDD-Case':' a '}});
 await quiet('/head', {method:'HEAD'});
 await quiet('/put', {method:'PUT', body: new Uint8Array(200000)});
 await quiet('/reset'); await quiet('/short'); await quiet('/shortchunk'); await quiet('/mute');
 const stop = new AbortController(); setTimeout(() => stop.abort(), 400);
 await quiet('/hang', {signal: stop.signal});
 await quiet('/big');
 await quiet('/cached'); await quiet('/cached');
 document.title = 'done';
})();
</script>"""


def reply(body: bytes, *headers: bytes, line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    fields = b"".join(header + b"\r\n" for header in headers)
    return line + b"\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body


BIG = bytes(range(256)) * 12_000
CHUNKED = (
    b"HTTP/1.1 200 Fine  day\r\ntransfer-ENCODING: chunked\r\nX-T: 0\r\n\r\n5;x=y\r\nhello\r\n",
    b"0006\r\n world\r\n",
    b"0\r\nX-T: 1\r\n\r\n",
)
SPLIT = reply(b"byte by byte", b"Content-Type: text/plain")
ANSWERS = {
    "/": Say((reply(PAGE.encode(), b"conTent-tYpe: text/html"),)),
    "/odd": Say(
        (
            reply(
                b"odd",
                b"x-LOWER: 1",
                b"SET-cookie: a=1",
                b"Set-Cookie: a=2; Path=/",
                b"X-Blank:   two  ",
                line=b"HTTP/1.1 200 Alles  klar!",
            ),
        )
    ),
    "/chunked": Say(CHUNKED, pause=0.05),
    "/split": Say(tuple(SPLIT[n : n + 1] for n in range(len(SPLIT))), pause=0.002),
    "/gzip": Say((reply(gzip.compress(b"packed" * 99), b"Content-Encoding: gzip"),)),
    "/close": Say((b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end",), end="close"),
    "/empty": Say((reply(b""),)),
    "/204": Say((b"HTTP/1.1 204 None\r\n\r\n",)),
    "/hops": Say((reply(b"", b"Location: /hop2", line=b"HTTP/1.1 302 Found"),)),
    "/hop2": Say((reply(b"moved", b"Location: /end", line=b"HTTP/1.1 307 There"),)),
    "/end": Say((reply(b"end"),)),
    "/early": Say((reply(b"early", line=b"HTTP/1.1 413 Too much"),), early=True),
    "/bare": Say((b"HTTP/1.1 200 OK\nContent-Length: 4\n\nbare",)),
    "/folded": Say((b"HTTP/1.1 200 OK\r\nX-F: a\r\n  b\r\nContent-Length: 4\r\n\r\nfold",)),
    "/interim": Say((b"HTTP/1.1 100 Continue\r\n\r\n" + reply(b"after"),)),
    "/hints": Say((b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n", reply(b"late")), pause=0.05),
    "/noreason": Say((reply(b"x", line=b"HTTP/1.1 200"),)),
    "/ten": Say((reply(b"old", line=b"HTTP/1.0 200 OK"),), end="close"),
    "/slow": Say((SPLIT[:40], SPLIT[40:]), pause=0.4),
    "/twice": Say((reply(b"x", b"Content-Length: 1"),)),
    "/post": Say((reply("好".encode()),)),
    "/head": Say((b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",)),
    "/put": Say((b"HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n",)),
    "/reset": Say((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", b""), 0.3, "reset"),
    "/short": Say((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",), end="close"),
    "/shortchunk": Say((CHUNKED[0],), end="close"),
    "/mute": Say((), end="close"),
    "/hang": Say((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",), end="hang"),
    "/big": Say((reply(BIG),)),
    "/cached": Say((reply(b"kept", b"Cache-Control: max-age=600"),)),
}
CUT = {
    "/reset": "disconnect",
    "/short": "disconnect",
    "/shortchunk": "disconnect",
    "/mute": "disconnect",
    "/hang": "unspecified",
}


def script(method: str, target: str) -> Say:
    missing = Say((reply(b"no", line=b"HTTP/1.1 404 No"),))
    return ANSWERS.get(target.partition("?")[0], missing)


@dataclass
class Told:
    raw: Raw
    wire: Wire


@pytest.fixture(scope="module", params=["plain", "tls", "plain-guard", "tls-guard"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("told")
    context = tls(self_signed(folder)) if "tls" in request.param else None

    def act(page: Page) -> None:
        page.goto(raw.address + "/")
        page.wait_for_function("document.title === 'done'", timeout=60_000)

    with raw_server(script, context=context) as raw:
        if "guard" in request.param:
            with guard(folder / "journal.jsonl", allow_loopback=True) as way:
                log = visit(folder / "log.json", act, proxy=way.address)
        else:
            log = visit(folder / "log.json", act)
        yield Told(raw, read_netlog(log, folder / "spool"))


def ours(told: Told, path: str) -> list[WireExchange]:
    wanted = told.raw.address + path
    return [one for one in told.wire.exchanges if one.url.partition("?")[0] == wanted]


def test_every_exchange_is_the_bytes_that_the_server_saw(told: Told) -> None:
    for path in ANSWERS:
        found = sorted(one.request.read() for one in ours(told, path))
        assert found == sorted(seen.request for seen in told.raw.of(path)), path
        assert found, path
        for one in ours(told, path):
            interim = b"".join(blob.read() for blob in one.interim)
            assert interim + one.response.read() == ANSWERS[path].whole, path


def test_nothing_is_left_over_and_the_log_is_whole(told: Told) -> None:
    assert told.wire.complete
    assert told.wire.faults == ()
    assert len(told.wire.exchanges) == len(told.raw.seen)


def test_answers_cut_short_say_so_and_others_do_not(told: Told) -> None:
    for path in ANSWERS:
        assert {one.truncated for one in ours(told, path)} == {CUT.get(path)}, path


def test_status_and_reason_are_as_sent(told: Told) -> None:
    assert (ours(told, "/odd")[0].status, ours(told, "/odd")[0].reason) == (200, "Alles  klar!")
    assert ours(told, "/noreason")[0].reason == ""
    assert ours(told, "/ten")[0].protocol == "http/1.0"
    assert len(ours(told, "/interim")[0].interim) == 1


def test_what_a_cache_answered_is_counted(told: Told) -> None:
    address = told.raw.address  # a browser keeps nothing of a server it does not trust
    kept = {} if address.startswith("https") else {f"{address}/cached": 1}
    assert dict(told.wire.served) == kept
