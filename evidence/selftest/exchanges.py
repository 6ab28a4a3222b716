"""The fixed exchanges of the technical review: what the ground-truth server answers, byte by byte.

Odd spellings are meant: a capture that tidies them up is not exact.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

RED, GREEN, BLUE, GOLD = (216, 30, 6), (0, 121, 52), (0, 61, 165), (255, 205, 0)
PATCH = 100
START = "/start"
SECURE = "/secure"
REFUSED = "http://169.254.1.1/latest/meta-data/"

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>技术核查页</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css"></head><body>
<div id="a"></div><div id="b"></div><img id="c" src="/patches.png" alt="">
<h1>技术核查：甬江春茶 明前特级</h1><p>取证工具自检用网页，内容固定。</p><ul id="found"></ul>
<iframe src="/frame" title="frame"></iframe>
<script src="/script.js"></script></body></html>"""
STYLE = f"""body{{margin:0;font:16px sans-serif}}
#a,#b,#c{{position:absolute;top:0;width:{PATCH}px;height:{PATCH}px}}
#a{{left:0;background:rgb{RED}}}#b{{left:{PATCH}px;background:rgb{GREEN}}}#c{{left:{2 * PATCH}px}}
h1{{margin-top:{PATCH + 20}px}}"""
SCRIPT = f"""(async () => {{
  const say = t => {{ const li = document.createElement('li'); li.textContent = t;
    document.getElementById('found').append(li); }};
  const json = await (await fetch('/data.json?q=茶')).json();
  say('应答一 ' + json['名']);
  const made = await fetch('/orders', {{method: 'POST', body: '品名=甬江春茶&数量=3'}});
  say('应答二 ' + made.status + ' ' + await made.text());
  say('应答三 ' + (await fetch('/nothing')).status);
  const gone = await fetch('/missing');
  say('应答四 ' + gone.status + ' ' + await gone.text());
  const part = await fetch('/part', {{headers: {{Range: 'bytes=4-9'}}}});
  say('应答五 ' + part.status + ' ' + await part.text());
  await fetch('{REFUSED}').then(() => say('守卫失效'), () => say('应答六 已被拒绝'));
  say('全部完成');
}})();
"""
LINES = (
    "技术核查：甬江春茶 明前特级",
    "取证工具自检用网页，内容固定。",
    "应答一 茶",
    "应答二 201 已收到",
    "应答三 204",
    "应答四 404 查无此物",
    "应答五 206 456789",
    "应答六 已被拒绝",
    "全部完成",
)
"""Lines that the visible text must have; the numbered ones came by the script's own requests."""

SECURE_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>加密核查页</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/secure.css"></head><body><div id="d"></div>
<h1>加密连接核查：证书不受信任</h1></body></html>"""
SECURE_STYLE = f"""body{{margin:0}}#d{{position:absolute;top:0;left:0;width:{PATCH}px;
height:{PATCH}px;background:rgb{GOLD}}}h1{{margin-top:{PATCH + 20}px}}"""
SECURE_LINES = ("加密连接核查：证书不受信任",)


@dataclass(frozen=True)
class Answer:
    """The literal bytes of one response; ``pieces`` are sent one after another."""

    pieces: tuple[bytes, ...]

    @property
    def whole(self) -> bytes:
        """All the bytes."""
        return b"".join(self.pieces)


def answers() -> Mapping[str, Answer]:
    """Return the answers to plain requests, by ``METHOD path``."""
    page, part = PAGE.encode(), b"0123456789"
    return {
        f"GET {START}": _plain("302 Moved  Elsewhere", [b"Location: /again", b"X-Blank:   "]),
        "GET /again": _plain("307 Temporary Redirect", [b"LOCATION: /page"]),
        "GET /page": _plain(
            "200 OK, as you like it",
            [
                b"content-TYPE: text/html; charset=utf-8",
                b"Set-Cookie: first=1; Path=/",
                b"Set-Cookie: second=2; Path=/",
                b"X-Trailing: blanks follow  \t",
            ],
            page,
        ),
        "GET /style.css": _plain(
            "200 OK", [b"Content-Type: text/css", b"Content-Encoding: gzip"], _gzip(STYLE)
        ),
        "GET /script.js": _chunked(
            [b"Content-Type: text/javascript; charset=utf-8"], SCRIPT.encode(), (1, 17, 400)
        ),
        "GET /patches.png": _plain("200 OK", [b"Content-Type: image/png"], picture(BLUE)),
        "GET /data.json?q=%E8%8C%B6": _plain(
            "200 OK",
            [b"Content-Type: application/json", b"Content-Encoding: deflate"],
            zlib.compress('{"名":"茶"}'.encode()),
        ),
        "POST /orders": _plain(
            "201 Created", [b"Content-Type: text/plain; charset=utf-8"], "已收到".encode()
        ),
        "GET /nothing": Answer((b"HTTP/1.1 204 Nothing At All\r\nX-Nothing: yes\r\n\r\n",)),
        "GET /missing": _chunked(
            [b"Content-Type: text/plain; charset=utf-8", b"Content-Encoding: gzip"],
            _gzip("查无此物"),
            (3, 5),
            status="404 Not Here",
        ),
        "GET /part": _plain(
            "206 Partial Content",
            [b"Content-Type: text/plain", b"Content-Range: bytes 4-9/10"],
            part[4:],
        ),
        "GET /frame": _plain(
            "200 OK", [b"Content-Type: text/html; charset=utf-8"], "<p>框架</p>".encode()
        ),
    }


def secure_answers() -> Mapping[str, Answer]:
    """Return the answers over TLS, by ``METHOD path``."""
    return {
        f"GET {SECURE}": _chunked(
            [b"Content-Type: text/html; charset=utf-8"], SECURE_PAGE.encode(), (64, 100)
        ),
        "GET /secure.css": _plain(
            "200 OK", [b"Content-Type: text/css", b"Content-Encoding: gzip"], _gzip(SECURE_STYLE)
        ),
    }


def picture(colour: tuple[int, int, int]) -> bytes:
    """Return a PNG of one colour, ``PATCH`` pixels wide and high."""
    row = b"\0" + bytes(colour) * PATCH
    head = struct.pack("!IIBBBBB", PATCH, PATCH, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(row * PATCH)), (b"IEND", b""))
    chunks = (
        struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _gzip(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def _plain(status: str, headers: list[bytes], body: bytes = b"") -> Answer:
    lines = [f"HTTP/1.1 {status}".encode(), *headers, b"Content-Length: %d" % len(body)]
    return Answer((b"\r\n".join([*lines, b"", b""]), body))


def _chunked(
    headers: list[bytes], body: bytes, sizes: tuple[int, ...], status: str = "200 OK"
) -> Answer:
    """Frame ``body`` in chunks of ``sizes`` and the rest, one with an extension, with a trailer."""
    lines = [f"HTTP/1.1 {status}".encode(), *headers, b"transfer-Encoding: chunked"]
    pieces = [b"\r\n".join([*lines, b"", b""])]
    for size in (*sizes, len(body)):
        part, body = body[:size], body[size:]
        if part:
            pieces.append(b"%X;n=v\r\n%s\r\n" % (len(part), part))
    return Answer((*pieces, b"0\r\n\r\n"))
