"""The log's events gathered by connection, request and certificate job; bytes go to the spool."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.netlog.events import BEGIN, END, Event
from evidence.netlog.spool import Channel
from evidence.netlog.tls import Handshake

ABORTED = -3


@dataclass
class Use:
    """A time in which one stream job had the connection, with the bytes gone before it."""

    job: int | None
    up: int
    down: int
    begun: int
    ended: int | None = None


@dataclass
class Socket:
    """One connection as the log tells it. ``raw_up`` and ``raw_down`` leave SOCKS out."""

    source: int
    opened: int
    up: Channel
    down: Channel
    local: str | None = None
    remote: str | None = None
    proxied: bool = False
    in_socks: bool = False
    socks: bytes = b""
    tls: Handshake | None = None
    raw_up: int = 0
    raw_down: int = 0
    uses: list[Use] = field(default_factory=list)
    failed: int = 0
    read_errors: list[tuple[int, int]] = field(default_factory=list)
    ended: int | None = None


@dataclass(frozen=True)
class Job:
    """The request that a stream job served: the URL it had then."""

    url: str
    method: str
    request: int


@dataclass
class Request:
    """A URL_REQUEST: ``url`` is that of its present leg (a redirect begins a new one)."""

    source: int
    url: str = ""
    method: str = ""
    job: int | None = None
    error: int = 0
    cached: bool = False
    ended: bool = False


@dataclass
class Trace:
    """What the events of one log add up to."""

    spool: Path
    sockets: dict[int, Socket] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    verdicts: dict[int, dict[str, Any]] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    datagrams: int = 0
    root_store: int | None = None
    faults: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take one event in; events of other kinds are left aside."""
        handler = _HANDLERS.get(event.kind)
        if handler is not None:
            handler(self, event)

    def close(self) -> None:
        """Close the spool files; a request that is still open counts as ended."""
        for socket in self.sockets.values():
            socket.up.close()
            socket.down.close()

    def socket(self, event: Event) -> Socket:
        """Return the connection an event belongs to, made known when it is new."""
        found = self.sockets.get(event.source)
        if found is None:
            up = Channel(self.spool / f"{event.source}.up")
            down = Channel(self.spool / f"{event.source}.down")
            up.path.unlink(missing_ok=True)
            down.path.unlink(missing_ok=True)
            found = self.sockets[event.source] = Socket(event.source, event.time, up, down)
        return found

    def request(self, event: Event) -> Request:
        """Return the URL request an event belongs to."""
        return self.requests.setdefault(event.source, Request(event.source))


def _dependency(event: Event) -> int | None:
    value = event.params.get("source_dependency")
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, int) else None


def _number(event: Event, name: str) -> int:
    value = event.params.get(name, 0)
    return value if isinstance(value, int) else 0


def _bytes(trace: Trace, event: Event) -> bytes:
    try:
        data = base64.b64decode(event.params.get("bytes", ""), validate=True)
    except (binascii.Error, ValueError, TypeError):
        data = b""
    if len(data) != _number(event, "byte_count"):
        trace.faults.append(
            f"connection {event.source}: an event of {_number(event, 'byte_count')} bytes holds "
            f"{len(data)}"
        )
    return data


def _tcp(trace: Trace, event: Event) -> None:
    if event.source_kind != "SOCKET":
        return
    socket = trace.socket(event)
    if event.phase == END:
        socket.opened = event.time
        socket.local = event.params.get("local_address", socket.local)
        socket.remote = event.params.get("remote_address", socket.remote)
        socket.failed = _number(event, "net_error") or socket.failed


def _socks(trace: Trace, event: Event) -> None:
    socket = trace.socket(event)
    socket.proxied = True
    socket.in_socks = event.phase == BEGIN
    socket.failed = _number(event, "net_error") or socket.failed


def _socks_read(trace: Trace, event: Event) -> None:
    socket = trace.socket(event)
    socket.failed = _number(event, "net_error") or socket.failed


def _raw(trace: Trace, event: Event) -> None:
    socket = trace.socket(event)
    sent = event.kind == "SOCKET_BYTES_SENT"
    if socket.in_socks:
        if sent:
            socket.socks += _bytes(trace, event)[:600]
        return
    count = _number(event, "byte_count")
    socket.raw_up += count if sent else 0
    socket.raw_down += 0 if sent else count
    if socket.tls is None:
        (socket.up if sent else socket.down).write(_bytes(trace, event), event.time)


def _plain(trace: Trace, event: Event) -> None:
    socket = trace.socket(event)
    sent = event.kind == "SSL_SOCKET_BYTES_SENT"
    (socket.up if sent else socket.down).write(_bytes(trace, event), event.time)


def _ssl(trace: Trace, event: Event) -> None:
    socket = trace.socket(event)
    if event.phase == BEGIN and socket.tls is None:
        socket.tls = Handshake()
        socket.up.restart()
        socket.down.restart()
    elif socket.tls is not None:
        socket.tls.take(event.kind, event.params)
        if event.kind == "SSL_CONNECT":
            socket.failed = _number(event, "net_error") or socket.failed


def _verifier(trace: Trace, event: Event) -> None:
    socket = trace.socket(event)
    if socket.tls is not None:
        socket.tls.job = _dependency(event)


def _verdict(trace: Trace, event: Event) -> None:
    trace.verdicts.setdefault(event.source, {}).update(event.params)
    if event.phase == END:
        trace.verdicts[event.source]["ended"] = True


def _use(trace: Trace, event: Event) -> None:
    socket = trace.socket(event)
    if event.phase == BEGIN:
        use = Use(_dependency(event), socket.up.size, socket.down.size, event.time)
        socket.uses.append(use)
    elif socket.uses:
        socket.uses[-1].ended = event.time


def _read_error(trace: Trace, event: Event) -> None:
    trace.socket(event).read_errors.append((event.time, _number(event, "net_error")))


def _alive(trace: Trace, event: Event) -> None:
    socket = trace.sockets.get(event.source)
    if socket is not None and event.phase == END:
        socket.ended = event.time
        socket.up.close()
        socket.down.close()


def _start(trace: Trace, event: Event) -> None:
    request = trace.request(event)
    if event.phase == BEGIN:
        _leg_over(trace, request)
        request.url = str(event.params.get("url", request.url)).partition("#")[0]
        request.method = str(event.params.get("method", "GET"))
        request.job, request.error, request.cached = None, 0, False
    else:
        _failed(trace, event)


def _bound(trace: Trace, event: Event) -> None:
    request = trace.request(event)
    job = _dependency(event)
    if job is not None:
        request.job = job
        trace.jobs[job] = Job(request.url, request.method, request.source)


def _failed(trace: Trace, event: Event) -> None:
    request = trace.request(event)
    request.error = _number(event, "net_error") or request.error


def _cancelled(trace: Trace, event: Event) -> None:
    request = trace.request(event)
    request.error = request.error or _number(event, "net_error") or ABORTED


def _cache(trace: Trace, event: Event) -> None:
    trace.request(event).cached = True


def _request_alive(trace: Trace, event: Event) -> None:
    if event.phase == END:
        request = trace.request(event)
        request.error = _number(event, "net_error") or request.error
        _leg_over(trace, request)
        request.ended = True


def _leg_over(trace: Trace, request: Request) -> None:
    if request.cached and request.job is None and not request.error:
        trace.served[request.url] = trace.served.get(request.url, 0) + 1


def _udp(trace: Trace, event: Event) -> None:
    trace.datagrams += _number(event, "byte_count")


def _root_store(trace: Trace, event: Event) -> None:
    trace.root_store = _number(event, "version_major") or trace.root_store


_HANDLERS: dict[str, Callable[[Trace, Event], None]] = {
    "SOCKET_ALIVE": _alive,
    "TCP_CONNECT": _tcp,
    "SOCKS5_CONNECT": _socks,
    "SOCKS5_HANDSHAKE_READ": _socks_read,
    "SOCKET_BYTES_SENT": _raw,
    "SOCKET_BYTES_RECEIVED": _raw,
    "SSL_SOCKET_BYTES_SENT": _plain,
    "SSL_SOCKET_BYTES_RECEIVED": _plain,
    "SSL_CONNECT": _ssl,
    "SSL_CERTIFICATES_RECEIVED": _ssl,
    "SSL_HANDSHAKE_MESSAGE_RECEIVED": _ssl,
    "CERT_VERIFIER_REQUEST_BOUND_TO_JOB": _verifier,
    "CERT_VERIFIER_JOB": _verdict,
    "SOCKET_IN_USE": _use,
    "SOCKET_READ_ERROR": _read_error,
    "SSL_READ_ERROR": _read_error,
    "URL_REQUEST_START_JOB": _start,
    "HTTP_STREAM_REQUEST_BOUND_TO_JOB": _bound,
    "HTTP_TRANSACTION_READ_BODY": _failed,
    "HTTP_TRANSACTION_READ_HEADERS": _failed,
    "FAILED": _failed,
    "CANCELLED": _cancelled,
    "HTTP_CACHE_READ_INFO": _cache,
    "HTTP_CACHE_READ_DATA": _cache,
    "REQUEST_ALIVE": _request_alive,
    "UDP_BYTES_SENT": _udp,
    "CERT_VERIFY_PROC_CHROME_ROOT_STORE_VERSION": _root_store,
}
WANTED = frozenset(_HANDLERS)
