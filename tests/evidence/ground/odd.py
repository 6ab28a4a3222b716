"""Answers that no server should send; browsers meet them all."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from tests.evidence.ground.answers import TEXT, chunked, fixed, head, html, moved, raw, sized
from tests.evidence.ground.ledger import Ending
from tests.evidence.ground.server import Answer

_NAMES = (
    "both-framings", "two-lengths", "bad-lengths", "204-body", "304-body", "many-fields",
    "no-colon", "empty-name", "leading-newline", "head-cut", "head-reset", "no-head", "status-099",
    "status-999", "version-20", "lower-status", "junk", "identity-framing", "chunked-twice",
    "chunk-bad", "chunk-no-end", "chunk-long-size", "chunk-spaces", "gzip-broken", "gzip-plain",
    "unknown-coding", "empty-coded", "loop", "moved-nowhere", "moved-relative", "moved-utf8",
    "401", "407", "clear", "multi-range", "short-length", "attachment", "head-in-pieces",
    "hundred-100", "cr-only", "zero-bytes",
)  # fmt: skip
_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>载入中</title>
<link rel="icon" href="data:,"><link rel="prefetch" href="/prefetched">
<p>商品编号 10001，产地宁波，价格一百二十八元。</p>
<iframe src="/attachment?frame"></iframe><iframe src="/204-body?frame"></iframe><script>
const get = (path, more) => fetch(path, more).then(r => r.arrayBuffer());
const names = NAMES, large = new Uint8Array(3000000);
Promise.allSettled([...names.map(name => () => get('/' + name)),
  () => get('/uploaded', {method: 'POST', body: large}),
  () => get('/multi-range?asked', {headers: {Range: 'bytes=0-3,10-13'}}),
  () => get('/head-body', {method: 'HEAD'}),
  async () => fetch('/kept', {keepalive: true, method: 'POST', body: 'k'}),
].map(step => Promise.race([step(), new Promise(done => setTimeout(done, 5000))])))
  .then(() => { document.title = '全部完成' });
</script></html>"""


def site(_: int) -> Mapping[str, Answer]:
    page = _PAGE.replace("NAMES", repr(list(_NAMES)))
    return {"/": html(page), **_framings(), **_heads(), **_others()}


def _framings() -> dict[str, Answer]:
    both = head("Content-Length: 3", "Transfer-Encoding: chunked")
    chunk = b"5\r\nhello\r\n0\r\n\r\n"
    start = head("Transfer-Encoding: chunked")
    packed = gzip.compress(TEXT)
    broken = packed[:40] + b"\xff" * 20 + packed[60:]
    coded = "Content-Encoding: "
    return {
        "/both-framings": raw(both + chunk),
        "/two-lengths": raw(head("Content-Length: 2", "Content-Length: 2") + b"ok"),
        "/bad-lengths": raw(head("Content-Length: 2", "Content-Length: 3") + b"ok",
                            ending=Ending.CLOSE),
        "/204-body": raw(head("Content-Length: 4", status="204 No Content"), surplus=b"body",
                         ending=Ending.CLOSE),
        "/304-body": raw(head("Content-Length: 4", status="304 Not Modified"), surplus=b"body",
                         ending=Ending.CLOSE),
        "/head-body": raw(head("Content-Length: 4"), surplus=b"body", ending=Ending.CLOSE),
        "/identity-framing": raw(head("Transfer-Encoding: identity", "Content-Length: 2") + b"ok",
                                 ending=Ending.CLOSE),
        "/chunked-twice": raw(head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
                              + chunk, ending=Ending.CLOSE),
        "/chunk-bad": raw(start + b"5\r\nhello\r\nxyz\r\nmore\r\n", ending=Ending.CLOSE),
        "/chunk-no-end": raw(start + b"5\r\nhello\r\n", ending=Ending.CLOSE),
        "/chunk-long-size": raw(start + b"0" * 300 + b"5\r\nhello\r\n0\r\n\r\n",
                                ending=Ending.CLOSE),
        "/chunk-spaces": raw(start + b"5  \r\nhello\r\n0 \r\n\r\n"),
        "/gzip-broken": fixed(sized(broken, f"{coded}gzip")),
        "/gzip-plain": fixed(sized(b"not packed at all", f"{coded}gzip")),
        "/unknown-coding": fixed(sized(b"as it is", f"{coded}aes128gcm")),
        "/empty-coded": fixed(sized(b"", f"{coded}br")),
        "/short-length": raw(head("Content-Length: 2") + b"ok", surplus=b"and more",
                             ending=Ending.CLOSE),
        "/zero-bytes": fixed(sized(b"\0" * 1000, "X-Zero: a")),
    }  # fmt: skip


def _heads() -> dict[str, Answer]:
    many = [f"X-Field-{n}: {n}" for n in range(600)]
    empty = "Content-Length: 0"
    whole = head("Content-Length: 2") + b"ok"
    return {
        "/many-fields": raw(head(*many, empty)),
        "/no-colon": raw(head("this line has none", "X-After: 1", empty)),
        "/empty-name": raw(head(": value", empty)),
        "/leading-newline": raw(b"\r\n" + whole, ending=Ending.CLOSE),
        "/head-cut": raw(b"HTTP/1.1 200 OK\r\nContent-Le", ending=Ending.CLOSE),
        "/head-reset": raw(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n", ending=Ending.RESET),
        "/no-head": raw(b"<p>no head at all</p>", ending=Ending.CLOSE),
        "/status-099": raw(head(empty, status="099 Low"), ending=Ending.CLOSE),
        "/status-999": raw(head(empty, status="999 High")),
        "/version-20": raw(b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ending=Ending.CLOSE),
        "/lower-status": raw(b"http/1.1 200 ok\r\nContent-Length: 2\r\n\r\nok",
                             ending=Ending.CLOSE),
        "/junk": raw(b"\x16\x03\x01\x02\x00 junk \x00\xff", ending=Ending.CLOSE),
        "/head-in-pieces": raw(*(bytes([byte]) for byte in whole), pause=0.005),
        "/hundred-100": raw(whole, interim=(head(status="100 Continue"),) * 20),
        "/cr-only": raw(b"HTTP/1.1 200 OK\rContent-Length: 2\r\rok", ending=Ending.CLOSE),
    }  # fmt: skip


def _others() -> dict[str, Answer]:
    ranged = (b"--b\r\nContent-Range: bytes 0-3/20\r\n\r\n0123\r\n--b\r\n"
              b"Content-Range: bytes 10-13/20\r\n\r\nabcd\r\n--b--\r\n")  # fmt: skip
    basic = 'WWW-Authenticate: Basic realm="x"'
    proxy = 'Proxy-Authenticate: Basic realm="x"'
    return {
        "/loop": moved("302 Found", "/loop"),
        "/moved-nowhere": raw(head("Content-Length: 0", status="302 Found")),
        "/moved-relative": moved("301 Moved", "prefetched?a b"),
        "/moved-utf8": moved("302 Found", "/prefetched?" + "茶".encode().decode("latin-1")),
        "/prefetched": fixed(sized(b"p")),
        "/401": fixed(sized(b"no", basic, status="401 Unauthorized")),
        "/407": fixed(sized(b"no", proxy, status="407 Proxy")),
        "/clear": fixed(sized(b"c", 'Clear-Site-Data: "cache"')),
        "/multi-range": fixed(sized(ranged, kind="multipart/byteranges; boundary=b",
                                    status="206 Partial Content")),
        "/attachment": fixed(sized(b"PK", "Content-Disposition: attachment; filename=a.zip",
                                   kind="application/zip")),
        "/uploaded": fixed(sized(b"got it")),
        "/kept": chunked(b"kept"),
    }  # fmt: skip
