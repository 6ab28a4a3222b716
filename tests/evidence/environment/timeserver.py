"""A local SNTP server over real UDP that can misbehave in the ways the field knows."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

LAYOUT = struct.Struct("!BBbbIIIQQQQ")
EPOCH = 2_208_988_800


@dataclass(frozen=True)
class Packet:
    """The fields of an answer that tests bend."""

    leap: int = 0
    version: int = 4
    mode: int = 4
    stratum: int = 2
    reference: int = 0x7F000001
    originate: int = 0
    received: int = 0
    sent: int = 0
    dispersion: int = 1 << 10

    def to_bytes(self) -> bytes:
        return LAYOUT.pack(
            self.leap << 6 | self.version << 3 | self.mode,
            self.stratum, 6, -20, 1 << 8, self.dispersion, self.reference,
            self.received, self.originate, self.received, self.sent,
        )  # fmt: skip


Bend = Callable[[Packet], Packet | bytes | None]


def stamp(unix: float) -> int:
    return int((unix + EPOCH) * (1 << 32)) % (1 << 64)


def answer_to(request: bytes, *, ahead: float) -> Packet:
    now = stamp(time.time() + ahead)
    return Packet(originate=LAYOUT.unpack(request[:48])[-1], received=now, sent=now + 1000)


@contextmanager
def timeserver(bend: Bend = lambda packet: packet, *, ahead: float = 0.0) -> Iterator[str]:
    """Run a server whose clock is ``ahead`` of ours; yield ``127.0.0.1:PORT``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(0.05)
        end = threading.Event()

        def work() -> None:
            while not end.is_set():
                try:
                    request, peer = link.recvfrom(1024)
                except TimeoutError:
                    continue
                said = bend(answer_to(request, ahead=ahead))
                if said is not None:
                    link.sendto(said if isinstance(said, bytes) else said.to_bytes(), peer)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield f"127.0.0.1:{link.getsockname()[1]}"
        finally:
            end.set()
            thread.join()


def bent(**changes: int) -> Bend:
    """Return what changes some fields of each answer."""
    return lambda packet: replace(packet, **changes)
