"""A web server that speaks HTTP/2 over TLS and logs fields and bodies as its codec has them."""

from __future__ import annotations

import gzip
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

Fields = tuple[tuple[bytes, bytes], ...]
TEXT = "甬江春茶，明前特级。".encode() * 50
BIG = random.Random(7).randbytes(1_000_000)


@dataclass(frozen=True)
class Reply:
    """What is sent on one stream; ``cut`` ends it by RST_STREAM after the body."""

    fields: Fields
    body: bytes = b""
    informational: tuple[Fields, ...] = ()
    trailers: Fields = ()
    padding: int = 0
    cut: bool = False


@dataclass
class Stream:
    """One request with its reply: decoded fields in their order, bodies, nothing else."""

    connection: int
    number: int
    fields: Fields
    body: bytearray = field(default_factory=bytearray)
    reply: Reply = field(default_factory=lambda: Reply(()))
    finished: bool = False
    abandoned: bool = False
    rest: bytes = b""

    def pseudo(self, name: bytes) -> str:
        return dict(self.fields)[b":" + name].decode("latin-1")


@dataclass(frozen=True)
class Ground2:
    """A running server: ``address`` has no trailing slash; ``streams`` grows as it answers."""

    address: str
    port: int
    streams: list[Stream] = field(default_factory=list)


@contextmanager
def ground2(chain: Path) -> Iterator[Ground2]:
    """Serve the HTTP/2 site on 127.0.0.1 for the length of a ``with`` block."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    context.set_alpn_protocols(["h2"])
    listener = socket.create_server(("127.0.0.1", 0), backlog=32)
    port = listener.getsockname()[1]
    running = Ground2(f"https://127.0.0.1:{port}", port)
    thread = threading.Thread(target=_accept, args=(listener, context, running), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _accept(listener: socket.socket, context: ssl.SSLContext, running: Ground2) -> None:
    number = 0
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        session = Session(number, running)
        threading.Thread(target=session.run, args=(sock, context), daemon=True).start()
        number += 1


class Session:
    """One connection: reads frames, answers each stream as soon as it has ended."""

    def __init__(self, number: int, running: Ground2) -> None:
        self._number = number
        self._running = running
        self._streams: dict[int, Stream] = {}
        config = H2Configuration(
            client_side=False,
            header_encoding=None,
            normalize_inbound_headers=False,
            normalize_outbound_headers=False,
            validate_outbound_headers=False,
        )
        self._h2 = H2Connection(config)

    def run(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        sock.settimeout(60)
        try:
            secure = context.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return
        with secure, suppress(OSError, ProtocolError):
            self._h2.initiate_connection()
            secure.sendall(self._h2.data_to_send())
            while data := secure.recv(1 << 16):
                for event in self._h2.receive_data(data):
                    self._on(event)
                secure.sendall(self._h2.data_to_send())
                while self._push():
                    secure.sendall(self._h2.data_to_send())

    def _on(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            fields = tuple((bytes(n), bytes(v)) for n, v in event.headers or ())
            stream = Stream(self._number, event.stream_id or 0, fields)
            self._streams[stream.number] = stream
            self._running.streams.append(stream)
        elif isinstance(event, DataReceived):
            number, size = event.stream_id or 0, event.flow_controlled_length or 0
            self._streams[number].body += event.data or b""
            self._h2.acknowledge_received_data(size, number)
        elif isinstance(event, StreamEnded):
            self._begin(self._streams[event.stream_id or 0])
        elif isinstance(event, StreamReset) and event.stream_id in self._streams:
            stream = self._streams[event.stream_id]
            stream.abandoned, stream.rest = not stream.finished, b""

    def _begin(self, stream: Stream) -> None:
        stream.reply = reply = answer(stream)
        for fields in reply.informational:
            self._h2.send_headers(stream.number, list(fields))
        empty = not reply.body and not reply.trailers and not reply.cut
        self._h2.send_headers(stream.number, list(reply.fields), end_stream=empty)
        stream.rest, stream.finished = reply.body, empty
        if not reply.body and not empty:
            self._finish(stream)

    def _push(self) -> bool:
        """Put what the windows allow into the codec; return whether anything went."""
        moved = False
        for stream in self._streams.values():
            while stream.rest and not stream.abandoned:
                room = self._h2.local_flow_control_window(stream.number)
                room = min(room, self._h2.max_outbound_frame_size) - stream.reply.padding - 1
                if room <= 0:
                    break
                piece, stream.rest = stream.rest[:room], stream.rest[room:]
                pad = stream.reply.padding or None
                last = not (stream.rest or stream.reply.trailers or stream.reply.cut)
                self._h2.send_data(stream.number, piece, end_stream=last, pad_length=pad)
                moved, stream.finished = True, last
                if not stream.rest and not last:
                    self._finish(stream)
        return moved

    def _finish(self, stream: Stream) -> None:
        if stream.reply.cut:
            self._h2.reset_stream(stream.number, ErrorCodes.INTERNAL_ERROR)
        else:
            self._h2.send_headers(stream.number, list(stream.reply.trailers), end_stream=True)
        stream.finished = True


def settled(running: Ground2, patience: float = 10.0) -> list[Stream]:
    """Return the streams once each is finished or abandoned, or after ``patience`` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end and not all(s.finished or s.abandoned for s in running.streams):
        time.sleep(0.05)
    return list(running.streams)


def fields(status: int, *pairs: tuple[str, str]) -> Fields:
    named = tuple((n.encode("latin-1"), v.encode("utf-8")) for n, v in pairs)
    return ((b":status", str(status).encode()), *named)


def text(body: bytes, *pairs: tuple[str, str], kind: str = "text/plain") -> Reply:
    return Reply(fields(200, ("content-type", kind), *pairs), body)


def answer(stream: Stream) -> Reply:
    path = stream.pseudo(b"path").partition("?")[0]
    if path == "/echo":
        return text(b"%d bytes" % len(stream.body))
    return SITE.get(path) or Reply(fields(404, ("content-length", "2")), b"no")


PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>载入中</title>
<link rel="icon" href="data:,"></head><body><h1>甬江春茶</h1>
<p>商品编号 10001，产地宁波，价格一百二十八元。</p><iframe src="/frame"></iframe><script>
document.cookie = 'first=1'; document.cookie = 'second=2';
const get = (p, more) => fetch(p, more).then(r => r.arrayBuffer());
Promise.allSettled([...['gzip','repeated','long','204','302','early','trailers','padded','cut',
  'big','404','empty','utf8'].map(p => get('/' + p)),
  get('/echo?a', {method: 'POST', body: '名=值'}), get('/echo?b', {method: 'PUT', body: 'b'}),
  get('/echo?large', {method: 'POST', body: 'x'.repeat(200000)})])
  .then(() => { document.title = '全部完成' });
</script></body></html>"""

SITE: dict[str, Reply] = {
    "/": text(PAGE.encode(), kind="text/html; charset=utf-8"),
    "/frame": text("<p>框架</p>".encode(), kind="text/html; charset=utf-8"),
    "/gzip": text(gzip.compress(TEXT), ("content-encoding", "gzip")),
    "/repeated": text(b"r", ("set-cookie", "a=1"), ("x-a", "1"), ("set-cookie", "b=2"),
                      ("x-a", "2"), ("x-none", "")),
    "/long": text(b"l", ("x-long", "v" * 40_000), ("x-after", "1")),
    "/204": Reply(fields(204, ("x-nothing", "here"))),
    "/302": Reply(fields(302, ("location", "/landed"))),
    "/landed": text(b"landed"),
    "/early": Reply(fields(200), b"after", (fields(103, ("link", "</a.css>; rel=preload")),)),
    "/trailers": Reply(fields(200), b"body", trailers=((b"x-sum", b"1"), (b"x-sum", b"2"))),
    "/padded": Reply(fields(200, ("content-length", str(len(TEXT)))), TEXT, padding=17),
    "/cut": Reply(fields(200, ("content-length", "9000")), b"half", cut=True),
    "/big": text(BIG, kind="application/octet-stream"),
    "/empty": Reply(fields(200, ("content-length", "0"))),
    "/utf8": text(b"u", ("x-name", "茶")),
}  # fmt: skip
