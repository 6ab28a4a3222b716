"""A raw HTTP/1 server: sends scripted bytes, and keeps what it sent and received."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Say:
    """One answer: ``pieces`` are sent one by one, ``pause`` seconds apart.

    ``end`` is what becomes of the connection: ``keep``, ``close``, ``reset`` (RST) or ``hang``.
    ``early`` answers before the request's body was read; ``each`` sends byte by byte.
    """

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    end: str = "keep"
    early: bool = False

    @property
    def whole(self) -> bytes:
        return b"".join(self.pieces)


@dataclass
class Seen:
    """One exchange as the server had it."""

    target: str
    request: bytes
    response: bytes
    connection: int


@dataclass
class Raw:
    """A running server: ``address`` is ``scheme://127.0.0.1:port``."""

    address: str
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def of(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.target.partition("?")[0] == path]


Script = Callable[[str, str], Say]


def _head(sock: socket.socket, rest: bytes) -> tuple[bytes, bytes] | None:
    while b"\r\n\r\n" not in rest:
        piece = sock.recv(65536)
        if not piece:
            return None
        rest += piece
    head, _, rest = rest.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _body(sock: socket.socket, head: bytes, rest: bytes) -> tuple[bytes, bytes]:
    size = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    while len(rest) < size:
        piece = sock.recv(65536)
        if not piece:
            break
        rest += piece
    return rest[:size], rest[size:]


def _answer(sock: socket.socket, say: Say) -> bytes:
    sent = b""
    for number, piece in enumerate(say.pieces):
        if number and say.pause:
            time.sleep(say.pause)
        sock.sendall(piece)
        sent += piece
    return sent


def _end(sock: socket.socket, how: str) -> None:
    if how == "hang":
        with suppress(OSError):
            sock.settimeout(20)
            sock.recv(1)
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError):
        sock.close()


def _talk(sock: socket.socket, raw: Raw, number: int, script: Script) -> None:
    rest = b""
    while True:
        got = _head(sock, rest)
        if got is None:
            break
        head, rest = got
        method, target = head.split(b"\r\n")[0].decode("latin-1").split(" ")[:2]
        say = script(method, target)
        seen = Seen(target, head, b"", number)
        raw.seen.append(seen)
        if say.early:
            seen.response = _answer(sock, say)
        body, rest = _body(sock, head, rest)
        seen.request += body
        if not say.early:
            try:
                seen.response = _answer(sock, say)
            except OSError:
                seen.response = say.whole
                break
        if say.end != "keep":
            _end(sock, say.end)
            return
    with suppress(OSError):
        sock.close()


def _serve(
    sock: socket.socket, context: ssl.SSLContext | None, raw: Raw, number: int, script: Script
) -> None:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            sock = context.wrap_socket(sock, server_side=True)
        _talk(sock, raw, number, script)
    except OSError:
        sock.close()


@contextmanager
def raw_server(script: Script, *, context: ssl.SSLContext | None = None) -> Iterator[Raw]:
    """Run the server for the length of a ``with`` block."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    scheme = "http" if context is None else "https"
    raw = Raw(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}")

    def accept() -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            raw.connections += 1
            arguments = (sock, context, raw, raw.connections, script)
            threading.Thread(target=_serve, args=arguments, daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield raw
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def tls(certificate: Path, *protocols: str) -> ssl.SSLContext:
    """Return a server's context that offers ``protocols`` by ALPN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context
