"""What no page may reach: servers on this machine's own address that is not the loopback."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

SIOCGIFADDR = 0x8915


def own_address() -> str:
    """Return the first IPv4 address of this machine's interfaces beside the loopback.

    Skips the test where there is none: the guard's tests let the loopback through for the
    page itself, so what is forbidden must lie elsewhere.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            asked = struct.pack("256s", name.encode()[:15])
            try:
                told = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, asked)
            except OSError:
                continue
            address = socket.inet_ntoa(told[20:24])
            if not address.startswith("127."):
                return address
    pytest.skip("this machine has no address beside the loopback")


@dataclass
class Forbidden:
    """Listening sockets of one address, and the ports that anybody reached."""

    address: str
    reached: list[int] = field(default_factory=list)
    datagrams: list[bytes] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    def open(self) -> int:
        """Listen on one more TCP port and return it."""
        server = socket.create_server((self.address, 0))
        server.setblocking(False)
        self._sockets.append(server)
        return int(server.getsockname()[1])

    def open_udp(self, address: str = "") -> int:
        """Listen on one more UDP port, of another address if one is given, and return it."""
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((address or self.address, 0))
        server.setblocking(False)
        self._sockets.append(server)
        return int(server.getsockname()[1])

    def serve(self, stop: threading.Event) -> None:
        """Note who comes, until told to stop."""
        while not stop.is_set():
            sockets = list(self._sockets)
            ready, _, _ = select.select(sockets, [], [], 0.05)
            for one in ready:
                self._note(one)

    def _note(self, one: socket.socket) -> None:
        if one.type == socket.SOCK_DGRAM:
            self.datagrams.append(one.recv(4096))
            return
        client, _ = one.accept()
        client.close()
        self.reached.append(int(one.getsockname()[1]))

    def close(self) -> None:
        for one in self._sockets:
            one.close()


@contextmanager
def forbidden_servers() -> Iterator[Forbidden]:
    """Run the servers for the length of a ``with`` block."""
    servers, stop = Forbidden(own_address()), threading.Event()
    thread = threading.Thread(target=servers.serve, args=(stop,))
    thread.start()
    try:
        yield servers
    finally:
        stop.set()
        thread.join()
        servers.close()
