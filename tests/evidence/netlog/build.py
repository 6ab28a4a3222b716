"""A synthetic NetLog: the events of connections whose bytes a test chose, one to a line."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.netlog.trace import WANTED

KINDS = {name: number for number, name in enumerate(sorted(WANTED), start=1)}
SOURCES = {"SOCKET": 1, "URL_REQUEST": 2, "CERT_VERIFIER_JOB": 3, "UDP_SOCKET": 4}
ERRORS = {"ERR_ABORTED": -3, "ERR_CONNECTION_RESET": -101, "ERR_CERT_AUTHORITY_INVALID": -202}
FLAGS = {"AUTHORITY_INVALID": 4, "IS_EV": 65536}
OFFSET = 1_795_386_450_899


@dataclass
class Builder:
    """Writes events; ``time`` moves on by a millisecond with each."""

    lines: list[str] = field(default_factory=list)
    time: int = 1000
    source: int = 10

    def new(self) -> int:
        self.source += 1
        return self.source

    def add(self, kind: str, phase: int, source: int, of: str = "SOCKET", **params: Any) -> None:
        self.time += 1
        event = {
            "params": params,
            "phase": phase,
            "source": {"id": source, "start_time": "1", "type": SOURCES[of]},
            "time": str(self.time),
            "type": KINDS[kind],
        }
        self.lines.append(json.dumps(event))

    def data(self, kind: str, source: int, data: bytes) -> None:
        text = base64.b64encode(data).decode()
        self.add(kind, 0, source, byte_count=len(data), bytes=text)

    def connect(self, *, socks: str | None = None, tls: bool = False, alpn: str = "unknown") -> int:
        """Open a connection, through SOCKS to ``host:port`` when given; return its number."""
        source = self.new()
        self.add("SOCKET_ALIVE", 1, source)
        self.add("TCP_CONNECT", 1, source)
        ends = {"local_address": f"127.0.0.1:{40000 + source}", "remote_address": "127.0.0.1:9"}
        self.add("TCP_CONNECT", 2, source, **ends)
        if socks is not None:
            host, _, port = socks.rpartition(":")
            self.add("SOCKS5_CONNECT", 1, source)
            self.data("SOCKET_BYTES_SENT", source, b"\x05\x01\x00")
            self.data("SOCKET_BYTES_RECEIVED", source, b"\x05\x00")
            ask = b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode()
            self.data("SOCKET_BYTES_SENT", source, ask + int(port).to_bytes(2, "big"))
            self.data("SOCKET_BYTES_RECEIVED", source, b"\x05\x00\x00\x01" + bytes(6))
            self.add("SOCKS5_CONNECT", 2, source)
        if tls:
            self.add("SSL_CONNECT", 1, source)
            self.data("SOCKET_BYTES_SENT", source, b"client hello")
            self.data("SOCKET_BYTES_RECEIVED", source, b"server hello")
            shake = {"cipher_suite": 0x1301, "version": "TLS 1.3", "next_proto": alpn}
            self.add("SSL_CONNECT", 2, source, is_resumed=False, **shake)
        return source

    def asked(self, url: str, method: str = "GET") -> tuple[int, int]:
        """Begin a URL request; return its number and its stream job's."""
        request, job = self.new(), self.new()
        self.add("URL_REQUEST_START_JOB", 1, request, "URL_REQUEST", url=url, method=method)
        self.add(
            "HTTP_STREAM_REQUEST_BOUND_TO_JOB", 0, request, "URL_REQUEST",
            source_dependency={"id": job, "type": 17},
        )  # fmt: skip
        return request, job

    def use(self, source: int, job: int) -> None:
        self.add("SOCKET_IN_USE", 1, source, source_dependency={"id": job, "type": 17})

    def sent(self, source: int, *pieces: bytes, tls: bool = False) -> None:
        for piece in pieces:
            self.data("SSL_SOCKET_BYTES_SENT" if tls else "SOCKET_BYTES_SENT", source, piece)

    def came(self, source: int, *pieces: bytes, tls: bool = False) -> None:
        kind = "SSL_SOCKET_BYTES_RECEIVED" if tls else "SOCKET_BYTES_RECEIVED"
        for piece in pieces:
            self.data(kind, source, piece)

    def done(self, source: int) -> None:
        self.add("SOCKET_IN_USE", 2, source)

    def over(self, request: int, error: int = 0) -> None:
        if error:
            self.add("FAILED", 0, request, "URL_REQUEST", net_error=error)
        self.add("REQUEST_ALIVE", 2, request, "URL_REQUEST", net_error=error)

    def closed(self, source: int) -> None:
        self.add("SOCKET_ALIVE", 2, source)

    def text(self, *, whole: bool = True) -> str:
        constants = {
            "logEventTypes": KINDS,
            "logSourceType": SOURCES,
            "netError": ERRORS,
            "certStatusFlag": FLAGS,
            "timeTickOffset": OFFSET,
            "clientInfo": {"name": "Chromium", "version": "1.2.3", "command_line": "chromium -x"},
        }
        head = json.dumps({"constants": constants})[:-1] + ',\n"events": [\n'
        end = '],\n"polledData": [{}]\n}\n' if whole else ",\n"
        return head + ",\n".join(self.lines) + end

    def write(self, path: Path, *, whole: bool = True) -> Path:
        path.write_text(self.text(whole=whole), "ascii")
        return path


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return ``data`` cut at the places named (those beyond its end are left out)."""
    places = sorted({0, len(data), *(cut for cut in cuts if 0 < cut < len(data))})
    return [data[a:b] for a, b in itertools.pairwise(places)]
