"""A NetLog to connections and exchanges, told as steps."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from ipaddress import IPv6Address
from pathlib import Path

from evidence.errors import FormatError
from evidence.netlog.events import Constants, Log
from evidence.netlog.exchanges import Found, http1_exchanges
from evidence.netlog.http2 import http2_exchanges, speaks_http2
from evidence.netlog.model import Connection, Tls, Wire, WireExchange
from evidence.netlog.tls import tls_of, with_remembered
from evidence.netlog.trace import WANTED, Socket, Trace


def read_netlog(log: Path, spool: Path) -> Wire:
    """Return what a browser's NetLog says went over its wires; bodies lie in ``spool``.

    The log is read line by line, so memory stays bounded; ``spool`` (made when missing) gets
    two files per connection, to which the blobs point. A log without an end (a killed browser)
    is read as far as it goes, with ``complete`` False. Raises FormatError when the file is no
    NetLog or cannot be read, or the spool cannot be written. Not checked: that the browser
    logged truthfully.
    """
    source = Log(log)
    trace = Trace(spool)
    try:
        spool.mkdir(parents=True, exist_ok=True)
        for event in source.events(WANTED):
            trace.take(event)
        trace.close()
        return _wire(source, trace)
    except OSError as error:
        raise FormatError(
            f"The browser's network log could not be unpacked: {error.strerror}.",
            f"无法展开浏览器的网络日志：{error.strerror}。",
        ) from error


def _wire(source: Log, trace: Trace) -> Wire:
    constants = source.constants
    faults = [f"line {number} of the log is no event" for number in source.bad_lines]
    faults += trace.faults
    connections = _connections(trace, constants)
    found: list[tuple[Found, int]] = []
    for socket, connection in zip(trace.sockets.values(), connections, strict=True):
        if socket.tls is not None and socket.tls.broken:
            faults.append(f"connection {socket.source}: {socket.tls.broken}")
        host = _authority(connection)
        if speaks_http2(socket):
            exchanges, wrong = http2_exchanges(socket, complete=source.complete)
        else:
            exchanges, wrong = http1_exchanges(socket, trace, host, complete=source.complete)
        found += [(one, socket.source) for one in exchanges]
        faults += wrong
    found.sort(key=lambda pair: (pair[0].started, pair[1], pair[0].request.offset))
    return Wire(
        browser=constants.browser,
        command_line=constants.command_line,
        complete=source.complete,
        connections=tuple(connections),
        exchanges=tuple(
            _exchange(number, one, connection, constants)
            for number, (one, connection) in enumerate(found, start=1)
        ),
        faults=tuple(faults),
        served=tuple(sorted(trace.served.items())),
        datagrams=trace.datagrams,
        root_store=trace.root_store,
    )


def _connections(trace: Trace, constants: Constants) -> list[Connection]:
    known: dict[int, Tls] = {}
    for socket in trace.sockets.values():
        tls = _tls(socket, trace, constants)
        if tls is not None:
            known[socket.source] = tls
    where = {socket.source: _target(socket) for socket in trace.sockets.values()}
    filled = with_remembered(known, where)
    return [
        _connection(socket, filled.get(socket.source), constants)
        for socket in trace.sockets.values()
    ]


def _target(socket: Socket) -> tuple[str, int]:
    asked = _socks_target(socket.socks) if socket.proxied else None
    return asked or _split(socket.remote) or ("", 0)


def _moment(milliseconds: int, constants: Constants) -> datetime:
    return datetime.fromtimestamp((milliseconds + constants.offset) / 1000, UTC)


def _exchange(number: int, one: Found, connection: int, constants: Constants) -> WireExchange:
    return WireExchange(
        number=number,
        connection=connection,
        url=one.url,
        method=one.method,
        started=_moment(one.started, constants),
        finished=_moment(one.finished, constants),
        request=one.request,
        request_head=one.request_head,
        response=one.response,
        response_head=one.response_head,
        status=one.status,
        reason=one.reason,
        protocol=one.protocol,
        literal=one.literal,
        truncated=one.truncated,
        interim=one.interim,
        upgraded=one.upgraded,
        request_cut=one.request_cut,
        beyond_up=one.beyond_up,
        beyond_down=one.beyond_down,
        trailers=one.trailers,
        surplus=one.surplus,
    )


def _tls(socket: Socket, trace: Trace, constants: Constants) -> Tls | None:
    if socket.tls is None:
        return None
    job = socket.tls.job
    return tls_of(socket.tls, trace.verdicts.get(job) if job is not None else None, constants)


def _connection(socket: Socket, tls: Tls | None, constants: Constants) -> Connection:
    peer = _split(socket.remote)
    host, port = _target(socket)
    local = _split(socket.local)
    return Connection(
        source=socket.source,
        opened=_moment(socket.opened, constants),
        host=host,
        port=port,
        peer=peer[0] if peer and not socket.proxied else None,
        local_port=local[1] if local else None,
        proxied=socket.proxied,
        tls=tls,
        bytes_up=socket.up.size,
        bytes_down=socket.down.size,
        error=constants.error(socket.failed) if socket.failed else None,
        raw_up=socket.raw_up,
        raw_down=socket.raw_down,
    )


def _authority(connection: Connection) -> str:
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    default = 443 if connection.tls is not None else 80
    return host if connection.port == default else f"{host}:{connection.port}"


def _split(address: object) -> tuple[str, int] | None:
    if not isinstance(address, str):
        return None
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or len(port) > 5:
        return None
    return host.strip("[]"), int(port)


def _socks_target(sent: bytes) -> tuple[str, int] | None:
    """Return host and port of a SOCKS5 CONNECT (RFC 1928); greeting and request are in it."""
    if len(sent) < 2 or sent[0] != 5:
        return None
    request = sent[2 + sent[1] :]
    if len(request) < 5 or request[:2] != b"\x05\x01":
        return None
    kind, rest = request[3], request[4:]
    sizes = {1: (0, 4), 3: (1, rest[0]), 4: (0, 16)}
    if kind not in sizes:
        return None
    start, size = sizes[kind]
    host, port = rest[start : start + size], rest[start + size : start + size + 2]
    if len(host) != size or len(port) != 2:
        return None
    number = int(struct.unpack(">H", port)[0])
    if kind == 1:
        return ".".join(str(part) for part in host), number
    if kind == 4:
        return str(IPv6Address(host)), number
    return host.decode("latin-1"), number
