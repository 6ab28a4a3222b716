"""The exchanges of one HTTP/2 connection, written in HTTP/1.1 form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evidence.netlog.exchanges import Found
from evidence.netlog.frames import PREFACE, Block, Direction, Fields, Half, read_frames
from evidence.netlog.model import CHUNK, Blob
from evidence.netlog.trace import Socket

NO_ERROR = 0
_DIGITS = 19
_BREAKS = bytes.maketrans(b"\r\n\0", b"   ")


def speaks_http2(socket: Socket) -> bool:
    """Return whether a connection chose HTTP/2, by its handshake or by its first bytes."""
    if socket.tls is not None and socket.tls.alpn == "h2":
        return True
    return socket.up.size >= len(PREFACE) and socket.up.blob(0, len(PREFACE)).read() == PREFACE


def http2_exchanges(socket: Socket, *, complete: bool) -> tuple[list[Found], list[str]]:
    """Return the exchanges of an HTTP/2 connection by stream, and what is no part of one.

    The fields are decoded (HPACK), the bodies are the DATA frames joined without padding; they
    are written to a third spool file of the connection. Flow control and priorities are not
    followed: they change no byte.
    """
    up = _direction(socket.up.path, socket.up.size, preface=True)
    down = _direction(socket.down.path, socket.down.size, preface=False)
    faults = [f"connection {socket.source}: {fault}" for fault in up.faults + down.faults]
    found = []
    path = socket.up.path.with_suffix(".h2")
    path.unlink(missing_ok=True)
    with path.open("wb") as target:
        for number in sorted(set(up.streams) | set(down.streams)):
            sent = up.streams.get(number, Half())
            came = down.streams.get(number, Half())
            if not sent.blocks:
                if came.blocks or came.data or sent.data:
                    faults.append(f"connection {socket.source}: stream {number} has no request")
                continue
            stream = _Stream(socket, sent, came, target, path, complete=complete)
            found.append(stream.found())
    return found, faults


def _direction(path: Path, size: int, *, preface: bool) -> Direction:
    if not size:
        return Direction()
    with path.open("rb") as source:
        return read_frames(source, size, preface=preface)


@dataclass(frozen=True)
class _Stream:
    socket: Socket
    sent: Half
    came: Half
    target: BinaryIO
    path: Path
    complete: bool

    def found(self) -> Found:
        """Write request and response; return the exchange."""
        fields = self.sent.blocks[0].fields
        pseudo = {name: value.decode("latin-1") for name, value in fields if name[:1] == b":"}
        upgraded = b":protocol" in pseudo
        method = pseudo.get(b":method", "GET")
        request, request_head = self._write(_request_head(fields, pseudo), self.sent, not upgraded)
        interim, final, trailers = _sort(self.came.blocks)
        early = tuple(self._write(_response_head(block), None, False)[0] for block in interim)
        head = _response_head(final) if final is not None else b""
        response, response_head = self._write(
            head, self.came if final is not None else None, not upgraded
        )
        times = self._times()
        return Found(
            url=_url(pseudo),
            method=method,
            started=times[0],
            finished=times[1],
            request=request,
            request_head=request_head,
            response=response,
            response_head=response_head,
            status=_status(final),
            reason="",
            protocol="h2",
            literal=False,
            truncated=None if upgraded and final is not None else self._truncated(final),
            interim=early,
            upgraded=upgraded,
            request_cut=not self.sent.ended and not upgraded,
            beyond_up=self.sent.size if upgraded else 0,
            beyond_down=self.came.size if upgraded else 0,
            trailers=trailers,
        )

    def _write(self, head: bytes, half: Half | None, with_body: bool) -> tuple[Blob, int]:
        start = self.target.tell()
        self.target.write(head)
        if half is not None and with_body:
            channel = self.socket.up if half is self.sent else self.socket.down
            for piece in _body(channel.path, half.data):
                self.target.write(piece)
        return Blob(self.path, start, self.target.tell() - start), len(head)

    def _times(self) -> tuple[int, int]:
        begun = self.socket.up.time_of(self.sent.blocks[0].offset) or self.socket.opened
        ends = [self.socket.up.time_of(self.sent.last), self.socket.down.time_of(self.came.last)]
        if not self.came.last:
            ends.pop()
        return begun, max([begun, *(end for end in ends if end is not None)])

    def _truncated(self, final: Block | None) -> str | None:
        if self.came.ended and self.came.blocks:
            return None
        if self.came.reset == NO_ERROR and _length(final) == self.came.size:
            return None  # all that was announced is there; RFC 9113, 8.1
        if self.sent.reset is not None or (not self.complete and self.came.reset is None):
            return "unspecified"
        return "disconnect"


def _body(path: Path, data: list[tuple[int, int]]) -> Iterator[bytes]:
    if not data:
        return
    with path.open("rb") as source:
        for offset, size in data:
            source.seek(offset)
            left = size
            while left:
                piece = source.read(min(left, CHUNK))
                if not piece:
                    return
                left -= len(piece)
                yield piece


def _sort(
    blocks: list[Block],
) -> tuple[list[Block], Block | None, tuple[tuple[str, str], ...]]:
    """Return the interim heads, the head, and the trailers."""
    interim = []
    rest = list(blocks)
    while rest and 100 <= _status(rest[0]) < 200:
        interim.append(rest.pop(0))
    final = rest.pop(0) if rest else None
    trailers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for block in rest
        for name, value in block.fields
    )
    return interim, final, trailers


def _length(block: Block | None) -> int | None:
    """Return the one length that an answer announces for its body; None when it says none."""
    fields = block.fields if block is not None else ()
    said = {value for name, value in fields if name == b"content-length"}
    text = said.pop() if len(said) == 1 else b""
    return int(text) if text.isdigit() and len(text) < _DIGITS else None


def _status(block: Block | None) -> int:
    for name, value in block.fields if block is not None else ():
        if name == b":status" and value.isdigit():
            return int(value)
    return 0


def _request_head(fields: Fields, pseudo: dict[bytes, str]) -> bytes:
    method, path = pseudo.get(b":method", "GET"), pseudo.get(b":path", "/")
    line = f"{method} {path} HTTP/1.1".encode("latin-1")
    names = [name for name, _ in fields]
    host = pseudo.get(b":authority", "").encode("latin-1")
    own = [(b"host", host)] if host and b"host" not in names else []
    return _head(line, [*own, *fields])


def _response_head(block: Block) -> bytes:
    return _head(b"HTTP/1.1 %d " % _status(block), list(block.fields))


def _head(line: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    lines = [line.translate(_BREAKS)]
    lines += [
        name.translate(_BREAKS) + b": " + value.translate(_BREAKS)
        for name, value in fields
        if name[:1] != b":"
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _url(pseudo: dict[bytes, str]) -> str:
    scheme = pseudo.get(b":scheme", "https")
    if pseudo.get(b":protocol") == "websocket":
        scheme = "wss"
    return f"{scheme}://{pseudo.get(b':authority', '')}{pseudo.get(b':path', '/')}"
