"""Who holds one end of a TCP connection: asked of the kernel, one at a time (sock_diag(7))."""

from __future__ import annotations

import os
import socket
import struct

End = tuple[str, int]

_FAMILY_NETLINK = getattr(socket, "AF_NETLINK", None)
_SOCK_DIAG, _BY_FAMILY, _ERROR, _REQUEST = 4, 20, 2, 1
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ID = struct.Struct("!HH4s12x4s12x")  # source port, destination port, their addresses
_NO_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)  # interface, cookie
_ASK = struct.Struct("=BBBxI")  # family, protocol, extensions, states
_TOLD = struct.Struct("=IIIII")  # expires, two queues, user, inode
_ID_SIZE = _ID.size + len(_NO_COOKIE)


class SockDiag:
    """A way to ask; raises OSError where the system has none."""

    def __init__(self) -> None:
        self.owner(("127.0.0.1", 1), ("127.0.0.1", 1))  # an answer, though there is none such

    def owner(self, local: End, remote: End) -> int | None:
        """Return the user who holds the socket with these ends (IPv4), or None if nobody does.

        An IPv6 socket with mapped addresses is found too. Raises OSError when the kernel gives
        no answer.
        """
        if _FAMILY_NETLINK is None:
            raise OSError("no netlink here")
        ports = local[1], remote[1]
        ends = _ID.pack(*ports, socket.inet_aton(local[0]), socket.inet_aton(remote[0]))
        body = _ASK.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + ends + _NO_COOKIE
        head = _HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 1, 0)
        with socket.socket(_FAMILY_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
            kernel.settimeout(1.0)
            kernel.sendto(head + body, (0, 0))
            answer = kernel.recv(8192)
        kind = _HEADER.unpack_from(answer)[1]
        return _read(kind, answer[_HEADER.size :], ends[:4])


def _read(kind: int, body: bytes, ports: bytes) -> int | None:
    if kind == _ERROR:
        code = -struct.unpack_from("=i", body)[0]
        if code == 2:  # ENOENT
            return None
        raise OSError(code, os.strerror(code))
    if kind != _BY_FAMILY or body[4:8] != ports:  # such as a listening socket
        return None
    *_, user, inode = _TOLD.unpack_from(body, 4 + _ID_SIZE)
    return int(user) if inode else None  # inode 0: its owner has closed it
