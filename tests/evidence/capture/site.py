"""A small local site with the things a page does: redirect, picture, 404, frame, fetch, worker."""

from __future__ import annotations

import gzip
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from PIL import Image

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>甬江春茶 旗舰店</title>
<link rel="stylesheet" href="/style.css"></head><body><h1>甬江春茶 明前特级</h1>
<p>商品编号 10001，产地宁波，包装二百五十克，价格一百二十八元，现货供应。</p>
<img src="/picture.png" alt="图"><img src="/missing.png" alt="缺">
<iframe src="http://localhost:{port}/frame"></iframe>
<div style="height:3000px"></div><img loading="lazy" src="/late.png" alt="迟">
<script>fetch('/api?q=茶').then(r => r.json()); fetch('/post', {{method:'POST', body:'名=值'}});
new Worker('/worker.js');</script></body></html>"""
GBK = "<title>国标页面</title><p>这是一个使用国标编码的商品页面，文字足够长，便于判断页面状态。"


DIALOG = "<title>弹窗</title><p>内容</p><script>window.open('/gbk'); alert('你好')</script>"
LOOP = "<title>死循环</title><p>内容</p><script>setTimeout(()=>{for(;;);},500)</script>"


def picture(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">'
    '<rect width="300" height="200" fill="red"/><text x="9" y="50">图中文字</text></svg>'
)
HOSTILE = """<title>x</title><body>真实文字<script>
window.scrollTo = window.scrollBy = () => { throw 3 };
Object.defineProperty(HTMLElement.prototype, 'innerText', {get() { return '假的文字' }});
Document.prototype.querySelectorAll = () => { throw 4 };
document.title = 't'.repeat(100000) + '\\ud800';
</script>"""


@dataclass
class Answer:
    """What the site sends for one path."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    delay: float = 0.0
    withheld: int = 0


def answers(port: int) -> dict[str, Answer]:
    login = '<title>登录</title><p>请登录后继续浏览商品。</p><input type="password">'
    return {
        "/": Answer(
            PAGE.format(port=port).encode(),
            headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
        ),
        "/redirect": Answer(status=302, headers=[("Location", "/redirect2")]),
        "/redirect2": Answer(status=307, headers=[("Location", "/")]),
        "/style.css": Answer(gzip.compress(b"h1{color:#222}"), "text/css", 200, [GZIP]),
        "/picture.png": Answer(picture("red"), "image/png"),
        "/late.png": Answer(picture("blue"), "image/png"),
        "/frame": Answer("<p>框架内容</p><script>fetch('/inside')</script>".encode()),
        "/inside": Answer(b"inside", "text/plain"),
        "/api": Answer('{"名":"茶"}'.encode(), "application/json"),
        "/post": Answer(b"ok", "text/plain"),
        "/worker.js": Answer(b"fetch('/from-worker')", "text/javascript"),
        "/from-worker": Answer(b"w", "text/plain"),
        "/gbk": Answer(GBK.encode("gbk"), "text/html; charset=gbk"),
        "/login": Answer(login.encode()),
        "/download": Answer(
            b"PK", "application/zip", 200, [("Content-Disposition", "attachment; filename=a.zip")]
        ),
        "/slow": Answer(b"late", delay=60.0),
        "/half": Answer(b'<title>half</title><p>page<img src="/slow">'),
        "/dialog": Answer(DIALOG.encode()),
        "/loop": Answer(LOOP.encode()),
        "/out": Answer(status=302, headers=[("Location", "http://10.1.2.3/")]),
        "/endless": Answer(b"<title>endless</title><p>begun" * 100, withheld=5000),
        "/svg": Answer(SVG.encode(), "image/svg+xml"),
        "/locked": Answer(b"no", status=401, headers=[("WWW-Authenticate", 'Basic realm="x"')]),
        "/reloads": Answer(b"<script>location.reload()</script>x"),
        "/hostile": Answer(HOSTILE.encode()),
        "/blank": Answer(b"<script>location='about:blank'</script>"),
        "/moves": Answer("<script>setTimeout(()=>location='/gbk',150)</script>一".encode()),
        "/many": Answer(b"".join(b'<img src="/n%d">' % n for n in range(80))),
        "/tall": Answer('<title>长</title><div style="height:9000px">长页</div>'.encode()),
    }


GZIP = ("Content-Encoding", "gzip")


class Handler(BaseHTTPRequestHandler):
    """Answers from the table; anything else is a 404."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        assert isinstance(self.server, Quiet)
        answer = answers(self.server.server_port).get(self.path.partition("?")[0])
        if answer is None:
            answer = Answer("找不到".encode(), status=404)
        time.sleep(min(answer.delay, getattr(self.server, "patience", 60.0)))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body) + answer.withheld))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(answer.body)
                time.sleep(30 if answer.withheld else 0)
            except OSError:
                self.close_connection = True
            self.close_connection = self.close_connection or bool(answer.withheld)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()


class Quiet(ThreadingHTTPServer):
    """A server that does not print when a client goes away."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def site(certificate: Path | None = None) -> Iterator[str]:
    """Run the site; yield its address without a trailing slash."""
    server = Quiet(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
