"""Asks several time servers at once (SNTP over UDP), while the capture goes on.

The packets go straight out, not through the egress guard: it lets no UDP pass. Only the
servers that the setting names are asked, and none by default.
"""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from evidence.environment.rows import Row, checked, differs, not_checked, printable
from evidence.environment.sntp import Sample, measure, parse, request
from evidence.errors import EvidenceError

TOPIC = "time_servers"
PORT = 123
SAMPLES = 3
SECONDS = 2.0
BOUND = Fraction(1)
_PAUSE = 0.2


def _wall_ns() -> int:
    return time.time_ns()


@dataclass(frozen=True)
class Asked:
    """What one server gave: samples, or the reason why there are none."""

    server: str
    address: str = ""
    samples: tuple[Sample, ...] = ()
    reason: str = ""

    @property
    def best(self) -> Sample:
        """The sample with the shortest way, the one least disturbed."""
        return min(self.samples, key=lambda sample: sample.delay)

    def to_json(self) -> dict[str, Any]:
        """Return the server's part of the row."""
        if not self.samples:
            return {"server": self.server, "not_checked": self.reason or "no answer"}
        best = self.best
        return {
            "server": self.server,
            "address": self.address,
            "offset_seconds": seconds(best.offset),
            "delay_seconds": seconds(best.delay),
            "ended": self.reason or "all samples taken",
            "stratum": best.answer.stratum,
            "leap": best.answer.leap,
            "reference": best.answer.reference,
            "root_delay_seconds": seconds(best.answer.root_delay),
            "root_dispersion_seconds": seconds(best.answer.root_dispersion),
            "samples": [
                {"offset_seconds": seconds(s.offset), "delay_seconds": seconds(s.delay)}
                for s in self.samples
            ],
        }


@dataclass
class Asking:
    """Servers being asked in the background; ``row`` waits for them, within the bound."""

    servers: tuple[str, ...]
    deadline: float
    _found: dict[str, Asked] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def row(self) -> Row:
        """Return the row; every server that gave nothing stands there with the reason."""
        for thread in self._threads:
            thread.join(max(0.0, self.deadline - time.monotonic()))
        late = f"no answer within {SECONDS:.0f} s"
        return judge([self._found.get(s) or Asked(s, reason=late) for s in self.servers])


def ask(servers: Sequence[str], *, wall_ns: Callable[[], int] = _wall_ns) -> Asking:
    """Begin to ask ``servers`` (``host`` or ``host:port``) in the background."""
    asking = Asking(tuple(dict.fromkeys(servers)), time.monotonic() + SECONDS)

    def one(server: str) -> None:
        asking._found[server] = ask_one(server, deadline=asking.deadline, wall_ns=wall_ns)

    for server in asking.servers:
        thread = threading.Thread(target=one, args=(server,), daemon=True)
        asking._threads.append(thread)
        thread.start()
    return asking


def ask_one(
    server: str, *, deadline: float, wall_ns: Callable[[], int] = _wall_ns, count: int = SAMPLES
) -> Asked:
    """Return up to ``count`` samples of one server, taken before ``deadline`` (monotonic)."""
    samples: list[Sample] = []
    address, reason = "", "no answer"
    try:
        with _connected(server) as (link, address):
            while len(samples) < count and time.monotonic() < deadline:
                samples.append(_sample(link, deadline, wall_ns))
                time.sleep(_PAUSE)
        reason = ""
    except EvidenceError as error:
        reason = error.en
    except (OSError, ValueError) as error:
        strerror = error.strerror if isinstance(error, OSError) else None
        reason = printable(strerror or str(error), 200)
    return Asked(server, address, tuple(samples), reason)


@contextmanager
def _connected(server: str) -> Iterator[tuple[socket.socket, str]]:
    """Yield a UDP socket tied to one peer, and its address: what others send does not arrive."""
    host, port = split(server)
    family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        link.connect(target)
        yield link, str(target[0])


def _sample(link: socket.socket, deadline: float, wall_ns: Callable[[], int]) -> Sample:
    nonce = secrets.randbits(64) | 1
    packet = request(nonce)
    link.settimeout(max(0.001, deadline - time.monotonic()))
    sent, started = Fraction(wall_ns(), 10**9), time.monotonic_ns()
    link.send(packet)
    answer = link.recv(1024)
    arrived = sent + Fraction(time.monotonic_ns() - started, 10**9)
    return measure(parse(answer, nonce=nonce, near=sent), sent=sent, arrived=arrived)


def split(server: str) -> tuple[str, int]:
    """Return host and port of ``host``, ``host:port`` or ``[v6]:port``; raises ValueError."""
    if server.count(":") > 1 and not server.startswith("["):
        return server, PORT
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = server.partition(":")
    number = int(port) if port else PORT
    if not host or not 0 < number < 65536:
        raise ValueError("not host:port")
    return host, number


def judge(asked: Sequence[Asked]) -> Row:
    """Return the row: ``differs`` when the clock is off, or the servers disagree, by over 1 s."""
    data: dict[str, Any] = {"servers": [one.to_json() for one in asked], "bound_seconds": "1"}
    if not asked:
        return not_checked(TOPIC, "未设置时间服务器。", "No time server is configured.", **data)
    offsets = sorted(one.best.offset for one in asked if one.samples)
    if not offsets:
        return not_checked(
            TOPIC, "没有时间服务器应答。", "No time server gave a usable answer.", **data
        )
    middle = offsets[len(offsets) // 2]
    data |= {"offset_seconds": seconds(middle), "answered": len(offsets)}
    gap, slow = seconds(abs(middle)), middle >= 0
    zh = f"{len(offsets)} 个时间服务器应答，本机时钟比其{'慢' if slow else '快'} {gap} 秒。"
    word = "behind them" if slow else "ahead of them"
    en = f"{len(offsets)} time servers answered; this clock is {gap} s {word}."
    if max(abs(offsets[0]), abs(offsets[-1]), offsets[-1] - offsets[0]) > BOUND:
        return differs(TOPIC, f"{zh}超过 1 秒的界限。", f"{en} That is over the bound.", **data)
    return checked(TOPIC, zh, en, **data)


def seconds(value: Fraction) -> str:
    """Return seconds with six decimals and a sign only when below zero."""
    micro = round(value * 10**6)
    return f"{'-' if micro < 0 else ''}{abs(micro) // 10**6}.{abs(micro) % 10**6:06d}"
