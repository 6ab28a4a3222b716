"""A web server on raw sockets, plain or TLS, that logs every application byte."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import socket
import ssl
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.evidence.ground.ledger import Connection, Ending, Exchange, Ledger, Request

_HEAD_LIMIT = 1 << 18
_WAIT = 60.0


@dataclass(frozen=True)
class Script:
    """What is sent for one request, piece by piece, and how the connection then ends.

    ``joined`` puts the interim heads into one segment with the first piece; ``surplus`` goes
    out in one segment with the last piece though nothing asked for it.
    """

    pieces: tuple[bytes, ...]
    interim: tuple[bytes, ...] = ()
    pause: float = 0.0
    ending: Ending = Ending.KEEP
    joined: bool = True
    surplus: bytes = b""


Answer = Callable[[Request], Script]


@dataclass(frozen=True)
class Ground:
    """A running server: ``address`` has no trailing slash."""

    address: str
    port: int
    ledger: Ledger
    answers: dict[str, Answer] = field(default_factory=dict)


@contextmanager
def ground(
    answers: Callable[[int], Mapping[str, Answer]], *, chain: Path | None = None
) -> Iterator[Ground]:
    """Serve on 127.0.0.1 for the length of a ``with`` block, over TLS when ``chain`` is given.

    ``answers`` gets the port. A path without an answer gets a plain 404.
    """
    context = None
    if chain is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        context.set_alpn_protocols(["h2", "http/1.1"])  # who offers h2 gets it, and no answer
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listener.getsockname()[1]
    scheme = "https" if context else "http"
    running = Ground(f"{scheme}://127.0.0.1:{port}", port, Ledger(), dict(answers(port)))
    open_sockets: set[socket.socket] = set()
    thread = threading.Thread(
        target=_accept, args=(listener, context, running, open_sockets), daemon=True
    )
    thread.start()
    try:
        yield running
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for sock in list(open_sockets):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _accept(
    listener: socket.socket,
    context: ssl.SSLContext | None,
    running: Ground,
    open_sockets: set[socket.socket],
) -> None:
    while True:
        try:
            sock, peer = listener.accept()
        except OSError:
            return
        threading.Thread(
            target=_serve, args=(sock, peer[1], context, running, open_sockets), daemon=True
        ).start()


def _serve(
    sock: socket.socket,
    port: int,
    context: ssl.SSLContext | None,
    running: Ground,
    open_sockets: set[socket.socket],
) -> None:
    sock.settimeout(_WAIT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is not None:
        try:
            sock = context.wrap_socket(sock, server_side=True)
        except OSError:
            running.ledger.handshake_failed()
            sock.close()
            return
    open_sockets.add(sock)
    line = Line(sock, running.ledger.connect(port))
    try:
        number = 0
        while (request := line.read_request()) is not None:
            running.ledger.begin()
            exchange = line.answer(request, number, running.answers)
            running.ledger.end(exchange)
            number += 1
            if exchange.ending is not Ending.KEEP:
                break
    finally:
        open_sockets.discard(sock)
        line.close()


class Line:
    """One connection: reads requests, sends answers, writes down both."""

    def __init__(self, sock: socket.socket, log: Connection) -> None:
        self._sock = sock
        self._log = log
        self._buffer = b""

    def close(self) -> None:
        """Close; over TLS with its closing alert, if the other side still listens."""
        if self._sock.fileno() < 0:
            return
        if isinstance(self._sock, ssl.SSLSocket):
            self._sock.settimeout(0.2)
            with suppress(OSError, ValueError):
                self._sock = self._sock.unwrap()
        self._sock.close()

    def _more(self) -> bool:
        try:
            piece = self._sock.recv(1 << 16)
        except (OSError, ValueError):
            return False
        self._log.received += piece
        self._buffer += piece
        return bool(piece)

    def _until(self, end: bytes, start: int = 0) -> int | None:
        while (at := self._buffer.find(end, start)) < 0:
            if len(self._buffer) > _HEAD_LIMIT or not self._more():
                return None
        return at + len(end)

    def read_request(self) -> Request | None:
        """Return the next request, or None when the client went away between two."""
        size = self._until(b"\r\n\r\n")
        if size is None:
            return None
        first, *lines = self._buffer[: size - 4].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = tuple((n, v.strip()) for n, _, v in (item.partition(":") for item in lines))
        lengths = [int(v) for n, v in headers if n.lower() == "content-length"]
        whole = size + (lengths[0] if lengths else 0)
        while len(self._buffer) < whole:
            if not self._more():
                return None
        raw, self._buffer = self._buffer[:whole], self._buffer[whole:]
        return Request(method, target, headers, raw[size:], raw)

    def _send(self, data: bytes) -> bool:
        try:
            self._sock.sendall(data)
        except OSError:
            return False
        self._log.sent += data
        return True

    def answer(self, request: Request, number: int, answers: Mapping[str, Answer]) -> Exchange:
        """Send what the script says; return what was sent and how it ended."""
        script = answers.get(request.path, _missing)(request)
        ending, sent = script.ending, b""
        pieces = list(script.pieces)
        if script.interim:
            before = b"".join(script.interim)
            if script.joined and pieces:
                alive = self._send(before + pieces[0])
                sent = pieces.pop(0) if alive else b""
            else:
                alive = self._send(before)
                time.sleep(0.15)
        else:
            alive = True
        for place, piece in enumerate(pieces):
            last = place == len(pieces) - 1
            alive = alive and self._send(piece + (script.surplus if last else b""))
            sent += piece if alive else b""
            time.sleep(script.pause if alive and not last else 0)
        if not alive:
            ending = Ending.GONE
        elif ending is Ending.RESET:
            self._reset()
        elif ending is Ending.UPGRADE:
            self._talk()
        return Exchange(
            self._log.number, number, request.method, request.target, request.raw, sent,
            script.interim, ending, script.surplus,
        )  # fmt: skip

    def _reset(self) -> None:
        """Send a RST once the other side has acknowledged everything before it."""
        end = time.monotonic() + 5
        while _unsent(self._sock) and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.3)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain = socket.socket(fileno=self._sock.detach())
        plain.close()

    def _talk(self) -> None:
        """WebSocket: one text, then the closing frame, then whatever comes until the end."""
        text = "你好".encode()
        self._send(bytes([0x81, len(text)]) + text + b"\x88\x02\x03\xe8")
        while b"\x88" not in self._buffer and self._more():
            pass


def _unsent(sock: socket.socket) -> int:
    raw = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    return int(struct.unpack("i", raw)[0])


def accept_key(key: str) -> str:
    """Return Sec-WebSocket-Accept for ``key`` (RFC 6455, 4.2.2)."""
    magic = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(magic.encode()).digest()).decode()


def _missing(_: Request) -> Script:
    body = "找不到".encode()
    head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return Script((head + body,))
