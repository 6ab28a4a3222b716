"""The exchanges of one HTTP/1.x connection: its bytes, cut where one request's use ends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from evidence.netlog.http1 import Message, read_request, read_response
from evidence.netlog.model import Blob, is_blank
from evidence.netlog.trace import ABORTED, Job, Socket, Trace, Use

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """An exchange before it is numbered; times are the log's milliseconds."""

    url: str
    method: str
    started: int
    finished: int
    request: Blob
    request_head: int
    response: Blob
    response_head: int
    status: int
    reason: str
    protocol: str
    literal: bool = True
    truncated: str | None = None
    interim: tuple[Blob, ...] = ()
    upgraded: bool = False
    request_cut: bool = False
    beyond_up: int = 0
    beyond_down: int = 0
    trailers: tuple[tuple[str, str], ...] = ()
    surplus: Blob | None = None


@dataclass
class Period:
    """The bytes of one use of a connection."""

    use: Use
    up: tuple[int, int]
    down: tuple[int, int]
    last: bool
    faults: list[str] = field(default_factory=list)


def periods(socket: Socket) -> tuple[list[Period], list[str]]:
    """Cut a connection's bytes by its uses; bytes before the first are named as faults."""
    faults = []
    uses = socket.uses
    if not uses and (socket.up.size or socket.down.size):
        uses = [Use(None, 0, 0, socket.opened)]
    found = []
    for number, use in enumerate(uses):
        last = number + 1 == len(uses)
        up = socket.up.size if last else uses[number + 1].up
        down = socket.down.size if last else uses[number + 1].down
        found.append(Period(use, (use.up, up), (use.down, down), last))
    if found and (found[0].up[0] or found[0].down[0]):
        faults.append(
            f"connection {socket.source}: {found[0].up[0]} bytes sent and {found[0].down[0]} "
            "received before its first use"
        )
    return found, faults


def http1_exchanges(
    socket: Socket, trace: Trace, host: str, *, complete: bool
) -> tuple[list[Found], list[str]]:
    """Return the exchanges of a connection in order, and what does not belong to any."""
    found: list[Found] = []
    cut, faults = periods(socket)
    for period in cut:
        some, rest = _period(socket, trace, period, host, complete=complete)
        if some and rest.size:
            some[-1] = replace(some[-1], surplus=rest)
        if rest.size and not (some and is_blank(rest)):
            period.faults.append(f"{rest.size} bytes received that are no answer's")
        found += some
        faults += [f"connection {socket.source}: {fault}" for fault in period.faults]
    return found, faults


def _period(
    socket: Socket, trace: Trace, period: Period, host: str, *, complete: bool
) -> tuple[list[Found], Blob]:
    """Return the exchanges of one use, and the bytes that came after the last answer."""
    found: list[Found] = []
    up = socket.up.blob(0, period.up[1])
    down = socket.down.blob(0, period.down[1])
    sent, came = period.up[0], period.down[0]
    job = trace.jobs.get(period.use.job) if period.use.job is not None else None
    while sent < period.up[1]:
        request = read_request(up, sent)
        if request is None:
            period.faults.append(f"{period.up[1] - sent} bytes sent that are no request")
            break
        interim, response, came = _response(down, came, request.first[0])
        sent = request.end
        final = sent >= period.up[1]
        if response is not None and response.first[1] == "101":
            found.append(_found(socket, job, request, response, interim, host, None, (up, down)))
            return found, socket.down.blob(0, 0)
        error = _truncated(socket, trace, period, response, final=final, complete=complete)
        if response is not None:
            came = response.end
            if response.wrong:
                period.faults.append(f"{request.first[1][:80]}: {response.wrong}")
        found.append(_found(socket, job, request, response, interim, host, error, None))
    return found, socket.down.blob(came, period.down[1])


def _response(
    down: Blob, start: int, method: str
) -> tuple[tuple[Message, ...], Message | None, int]:
    interim: list[Message] = []
    while True:
        response = read_response(down, start, method)
        if response is None or response.first[1] == "101" or response.first[1][:1] != "1":
            return tuple(interim), response, start
        if not response.head:
            return tuple(interim), response, start
        interim.append(response)
        start = response.end


def _truncated(
    socket: Socket,
    trace: Trace,
    period: Period,
    response: Message | None,
    *,
    final: bool,
    complete: bool,
) -> str | None:
    """Return WARC's word for an answer that was cut short, or None for a whole one."""
    if response is not None and response.whole and not response.until_close:
        return None
    if not final:
        return None if response is not None and response.whole else "unspecified"
    end = period.use.ended
    broken = any(end is None or moment <= end for moment, _ in socket.read_errors) and period.last
    job = trace.jobs.get(period.use.job) if period.use.job is not None else None
    request = trace.requests.get(job.request) if job is not None else None
    error = request.error if request is not None and request.job == period.use.job else 0
    if response is not None and response.whole:
        closed = request is None or request.ended or socket.ended is not None
        if not broken and not error and closed and complete:
            return None
    if error == ABORTED or (not error and not broken and not complete):
        return "unspecified"
    return "disconnect"


def _found(
    socket: Socket,
    job: Job | None,
    request: Message,
    response: Message | None,
    interim: tuple[Message, ...],
    host: str,
    truncated: str | None,
    upgraded: tuple[Blob, Blob] | None,
) -> Found:
    start = response.start if response is not None else 0
    end = response.end if response is not None else 0
    first = socket.up.time_of(request.start) or socket.opened
    times = [first, socket.up.time_of(request.end - 1) or first]
    times += [socket.down.time_of(end - 1) or first] if end > start else []
    line = response.first if response is not None else ("", "0", "")
    up, down = upgraded if upgraded is not None else (None, None)
    return Found(
        url=url_of(job, request, host, secure=socket.tls is not None),
        method=request.first[0],
        started=first,
        finished=max(times),
        request=socket.up.blob(request.start, request.end),
        request_head=request.head,
        response=socket.down.blob(start, end),
        response_head=response.head if response is not None else 0,
        status=int(line[1]),
        reason=line[2],
        protocol=f"http/{line[0] or '0.9'}" if end > start else "http/1.1",
        truncated=truncated,
        interim=tuple(socket.down.blob(one.start, one.end) for one in interim),
        upgraded=upgraded is not None,
        request_cut=not request.whole,
        beyond_up=up.size - request.end if up is not None else 0,
        beyond_down=down.size - end if down is not None else 0,
    )


def url_of(job: Job | None, request: Message, host: str, *, secure: bool) -> str:
    """Return the address asked for: the log's where it fits the request line, else built."""
    target = request.first[1]
    if _SCHEME.match(target):
        return target.partition("#")[0]
    if job is not None and _path(job.url) == target:
        return job.url
    named = request.header("host")
    scheme = "https" if secure else "http"
    return f"{scheme}://{named[0] if named and named[0] else host}{target}"


def _path(url: str) -> str:
    rest = url.partition("://")[2]
    place = min((rest.find(mark) for mark in "/?" if mark in rest), default=-1)
    if place < 0:
        return "/"
    path = rest[place:]
    return path if path.startswith("/") else f"/{path}"
