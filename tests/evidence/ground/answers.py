"""The answers of the ground-truth site: every odd thing that HTTP/1.1 lets a server send."""

from __future__ import annotations

import gzip
import io
import random
import wave
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO

import brotli
import zstandard
from PIL import Image

from tests.evidence.ground.ledger import Ending, Request
from tests.evidence.ground.page import EARLY, EMBEDDED, FRAME, GBK, GIVES_UP, POPUP, STYLE, page
from tests.evidence.ground.server import Answer, Script, accept_key

TEXT = "甬江春茶，明前特级，二百五十克。".encode() * 20
JSON = '{"名":"茶","价":"128.00"}'.encode()
CORS = (
    "Access-Control-Allow-Origin: *",
    "Access-Control-Allow-Methods: GET, PUT, OPTIONS",
    "Access-Control-Allow-Headers: x-own",
)


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return a head; a character of ``lines`` is one byte (latin-1)."""
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode("latin-1")


def sized(
    body: bytes, *lines: str, status: str = "200 OK", kind: str = "text/plain; charset=utf-8"
) -> Script:
    length = f"Content-Length: {len(body)}"
    return Script((head(f"Content-Type: {kind}", *lines, length, status=status) + body,))


def raw(*pieces: bytes, **more: object) -> Answer:
    script = Script(pieces, **more)  # type: ignore[arg-type]
    return lambda _: script


def fixed(script: Script) -> Answer:
    return lambda _: script


def coded(body: bytes, coding: str) -> Answer:
    return fixed(sized(body, f"Content-Encoding: {coding}"))


def chunks(*parts: bytes, extension: bytes = b"", trailer: bytes = b"") -> tuple[bytes, ...]:
    framed = [b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts]
    return (*framed, b"0%s\r\n%s\r\n" % (extension, trailer))


def chunked(*parts: bytes, lines: tuple[str, ...] = (), **more: bytes) -> Answer:
    start = head("Content-Type: text/plain", "Transfer-Encoding: chunked", *lines)
    return raw(start, *chunks(*parts, **more))


def moved(status: str, target: str) -> Answer:
    return fixed(sized(b"", f"Location: {target}", status=status))


def html(text: str) -> Answer:
    return fixed(sized(text.encode(), kind="text/html; charset=utf-8"))


@cache
def picture(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


@cache
def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as target:
        target.setparams((1, 1, 8000, 1600, "NONE", ""))
        target.writeframes(b"\x80" * 1600)
    return out.getvalue()


@cache
def large() -> bytes:
    return random.Random(5).randbytes(5_000_000)


def image(colour: str) -> Answer:
    return fixed(sized(picture(colour), kind="image/png"))


def partial(body: bytes, kind: str) -> Answer:
    """Answer a Range with 206, anything else with all of it."""

    def answer(request: Request) -> Script:
        wanted = request.header("range")
        if not wanted:
            return sized(body, "Accept-Ranges: bytes", kind=kind)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        begin, end = int(first), min(int(last or len(body) - 1), len(body) - 1)
        where = f"Content-Range: bytes {begin}-{end}/{len(body)}"
        part = body[begin : end + 1]
        return sized(part, where, "Accept-Ranges: bytes", kind=kind, status="206 Partial Content")

    return answer


def conditional(request: Request) -> Script:
    if request.header("if-none-match"):
        return Script((head('ETag: "v1"', "Content-Length: 99", status="304 Not Modified"),))
    return sized(b"first", 'ETag: "v1"', "Cache-Control: max-age=0")


def silent_once() -> Answer:
    """Close without an answer the first time; browsers then ask again."""
    asked: list[str] = []

    def answer(request: Request) -> Script:
        asked.append(request.target)
        return Script((), ending=Ending.SILENT) if len(asked) == 1 else sized(b"second try")

    return answer


def websocket(request: Request) -> Script:
    accept = f"Sec-WebSocket-Accept: {accept_key(request.header('sec-websocket-key'))}"
    up = head("Upgrade: websocket", "Connection: Upgrade", accept, status="101 Switching Protocols")
    return Script((up,), ending=Ending.UPGRADE)


def crossing(request: Request) -> Script:
    status = "204 No Content" if request.method == "OPTIONS" else "200 OK"
    return Script((head(*CORS, "Content-Length: 0", status=status),))


def echo(request: Request) -> Script:
    return sized(b"%d bytes" % len(request.body))


def answers(port: int) -> Mapping[str, Answer]:
    """Return the whole site; ``port`` is named in its cross-origin addresses."""
    groups: tuple[Callable[[], dict[str, Answer]], ...] = (
        _heads, _codings, _framings, _statuses, _endings, _scripts, _pictures,
    )  # fmt: skip
    site: dict[str, Answer] = {"/": html(page(port)), "/frame": html(FRAME), "/popup": html(POPUP)}
    site["/embedded"], site["/early-answer"] = html(EMBEDDED), html(EARLY)
    site["/gives-up"] = html(GIVES_UP)
    site["/gbk"] = fixed(sized(GBK.encode("gbk"), kind="text/html"))
    for group in groups:
        site.update(group())
    return site


def _heads() -> dict[str, Answer]:
    body = b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
    length = f"Content-Length: {len(body)}"
    return {
        "/odd-case": raw(head("cOnTeNt-TyPe: text/plain", "CONTENT-length: 2", "x-LOW:1") + b"ok"),
        "/reason-words": raw(head("Content-Length: 0", status="200 Sehr Gut, danke")),
        "/reason-empty": raw(head("Content-Length: 0", status="200 ")),
        "/reason-none": raw(head("Content-Length: 0", status="200")),
        "/reason-latin1": raw(head("Content-Length: 0", status="200 Gr\xf6\xdfe")),
        "/cookies": fixed(sized(b"c", "Set-Cookie: a=1; Path=/x", "Set-Cookie: a=1; Path=/x",
                                "set-cookie:b=2", "Set-Cookie: c=\xe9")),
        "/blanks": fixed(sized(b"b", "X-Trailing: value \t ", "X-None:", "X-Only:   ",
                               "X-Inner: a \t b", "X-Tight:v")),
        "/fold": fixed(sized(b"f", "X-Folded: one\r\n two\r\n\tthree")),
        "/utf8-value": fixed(sized(b"u", "X-Name: " + "茶".encode().decode("latin-1"))),
        "/repeated": fixed(sized(b"r", "X-A: 1", "X-B: 2", "X-A: 3", "x-a: 4")),
        "/long-value": fixed(sized(b"l", "X-Long: " + "v" * 20_000)),
        "/bare-lf": raw(b"HTTP/1.1 200 OK\nContent-Length: 2\nX-Lf: yes\n\nok"),
        "/looks-like-a-head": raw(head("Content-Type: text/plain", length) + body),
        "/jsonp": fixed(sized(b"callback({})", kind="text/javascript")),
    }  # fmt: skip


def _codings() -> dict[str, Answer]:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bare = deflate.compress(TEXT) + deflate.flush()
    packed = gzip.compress(TEXT)
    half = len(packed) // 2
    return {
        "/gzip": coded(packed, "gzip"),
        "/br": coded(brotli.compress(TEXT), "br"),
        "/zstd": coded(zstandard.compress(TEXT), "zstd"),
        "/deflate": coded(zlib.compress(TEXT), "deflate"),
        "/deflate-raw": coded(bare, "deflate"),
        "/double": coded(brotli.compress(packed), "gzip, br"),
        "/chunked-gzip": chunked(packed[:half], packed[half:], lines=("Content-Encoding: gzip",)),
    }


def _framings() -> dict[str, Answer]:
    ones = tuple(bytes([byte]) for byte in "一字一块".encode())
    odd = b"00000005\r\nhello\r\nA\r\n0123456789\r\n000\r\n\r\n"
    hello = sized(b"after the hints").pieces[0]
    hints = head("Link: </style.css>; rel=preload; as=style", status="103 Early Hints")
    onward = head(status="100 Continue")
    return {
        "/chunked": chunked(TEXT[:100], TEXT[100:]),
        "/chunk-extensions": chunked(b"one", b"two", extension=b';name="va;lue";x'),
        "/chunk-trailers": chunked(b"body", trailer=b"X-Sum: 1\r\nX-sum:2 \r\n"),
        "/chunk-ones": chunked(*ones),
        "/chunk-odd": raw(head("Transfer-Encoding: chunked") + odd),
        "/chunk-empty": raw(head("Transfer-Encoding: chunked") + b"0\r\n\r\n"),
        "/early": raw(hello, interim=(hints, onward)),
        "/continue": raw(hello, interim=(onward,), joined=False),
        "/large": fixed(sized(large(), kind="application/octet-stream")),
        "/empty": fixed(sized(b"")),
        "/drip": raw(head("Content-Length: 20"), *[b"x"] * 20, pause=0.04),
        "/head": raw(head("Content-Length: 4321", "X-Head: only")),
    }


def _statuses() -> dict[str, Answer]:
    return {
        "/204": raw(head("X-Nothing: here", status="204 No Content")),
        "/range": partial(TEXT, "text/plain"),
        "/sound.wav": partial(sound(), "audio/wav"),
        "/clip.wav": partial(sound(), "audio/wav"),
        "/302": moved("302 Found", "/303"),
        "/303": moved("303 See Other", "/307?a=%E8%8C%B6"),
        "/307": moved("307 Temporary Redirect", "/308"),
        "/308": moved("308 Permanent Redirect", "/landed"),
        "/landed": fixed(sized(b"landed")),
        "/again": moved("307 Temporary Redirect", "/echo"),
        "/other": moved("303 See Other", "/landed?other"),
        "/echo": echo,
        "/item": echo,
        "/crossing": crossing,
        "/304": conditional,
        "/revalidated": conditional,
        "/404": fixed(sized("没有".encode(), status="404 Not Found")),
        "/410": fixed(sized(b"", status="410 Gone")),
        "/418": fixed(sized(b"tea", status="418 I'm a teapot")),
        "/500": fixed(sized(b"broken", status="500 Oops: (nothing) works")),
    }


def _endings() -> dict[str, Answer]:
    cut = head("Content-Length: 100000") + b"h" * 3000
    cut_chunk = head("Transfer-Encoding: chunked") + b"5\r\nhello\r\nfff\r\nhalf a chunk"
    open_end = head("Content-Type: text/plain", "Connection: close")
    old = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nfrom 1996"
    return {
        "/reset-length": raw(cut, ending=Ending.RESET),
        "/reset-chunked": raw(cut_chunk, ending=Ending.RESET),
        "/cut-length": raw(cut, ending=Ending.CLOSE),
        "/until-close": raw(open_end, TEXT, TEXT, ending=Ending.CLOSE),
        "/http10": raw(old, ending=Ending.CLOSE),
        "/close-sized": fixed(Script(sized(b"last", "Connection: close").pieces,
                                     ending=Ending.CLOSE)),
        "/silent-once": silent_once(),
        "/surplus": raw(sized(b"asked").pieces[0], surplus=head("Content-Length: 0")),
        "/endless": raw(head("Content-Length: 500"), *[b"x"] * 100, pause=0.1),
    }  # fmt: skip


def _scripts() -> dict[str, Answer]:
    def script(text: str) -> Answer:
        return fixed(sized(text.encode(), kind="text/javascript"))

    events = b"retry: 86400000\n\ndata: one\n\n", "data: 二\n\n".encode()
    stream = head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
    return {
        "/worker.js": script("fetch('/from-worker').then(() => postMessage('done'))"),
        "/from-worker": fixed(sized(b"w")),
        "/shared.js": script("onconnect = e => fetch('/from-shared')"
                             ".then(() => e.ports[0].postMessage('done'))"),
        "/from-shared": fixed(sized(b"s")),
        "/module.js": script("import '/imported.js'; export const a = 1"),
        "/imported.js": script("export const b = 2"),
        "/events": raw(stream, *chunks(*events), pause=0.1),
        "/websocket": websocket,
        "/inside": fixed(sized(b"inside")),
        "/xhr": fixed(sized(JSON, kind="application/json")),
        "/beacon": raw(head(status="204 No Content")),
    }  # fmt: skip


def _pictures() -> dict[str, Answer]:
    names = ("favicon.ico", "one.png", "set-1x.png", "set-2x.png", "picture.png", "fallback.png",
             "background.png", "embed.png", "late.png", "preloaded.png", "popup.png")  # fmt: skip
    colours = ("red", "green", "blue", "navy", "teal", "olive", "gray", "pink", "gold", "tan",
               "plum")  # fmt: skip
    found = {f"/{name}": image(colour) for name, colour in zip(names, colours, strict=True)}

    def css(text: str) -> Answer:
        return fixed(sized(text.encode(), kind="text/css"))

    found["/style.css"] = css(STYLE)
    found["/imported.css"] = css("@import '/deeper.css'; h2 { color: #444 }")
    found["/deeper.css"] = css("p { color: #555 }")
    found["/font.woff2"] = fixed(sized(b"wOF2 but not really", kind="font/woff2"))
    return found
