"""A name server on the loopback that answers as it is told, and may change its answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from egress.nameserver import Nameserver

Round = Sequence[str]
"""The records of one answer, as in a zone file without the name: ``"A 1.2.3.4"``, ``"CNAME b."``;
or one word: ``SILENT``, ``SERVFAIL``, ``GARBAGE``, ``CUT`` (cut over UDP) before the records."""


@dataclass
class Names:
    """What the server was asked (name, type, transport), and what it answers."""

    server: Nameserver
    zone: dict[str, list[Round]]
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    rounds: dict[str, int] = field(default_factory=dict)

    def answer(self, data: bytes, transport: str) -> bytes | None:
        """Return the answer to one question; None for silence."""
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(True).lower(), question.to_text().split()[-1]
        self.asked.append((name, kind, transport))
        rounds = self.zone.get(name)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if rounds is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply.to_wire()
        turn = self.rounds.get(name, 0)
        if kind == "A":
            self.rounds[name] = turn + 1
        words = list(rounds[min(turn, len(rounds) - 1)])
        mood = words.pop(0) if words and words[0].isupper() and " " not in words[0] else ""
        if mood == "SILENT":
            return None
        if mood == "GARBAGE":
            return data[:2] + b"\x81\x80garbage"
        if mood == "SERVFAIL":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif mood == "CUT" and transport == "udp":
            reply.flags |= dns.flags.TC
        else:
            self._follow(reply, name, kind, words)
        return reply.to_wire()

    def _follow(
        self, reply: dns.message.Message, name: str, kind: str, words: Sequence[str]
    ) -> None:
        """Add the records of a name, and of the names its CNAMEs lead to."""
        for word in words:
            type_, value = word.split(" ")
            if type_ not in (kind, "CNAME"):
                continue
            reply.answer.append(dns.rrset.from_text(f"{name}.", 5, "IN", type_, value))
            target = value.rstrip(".").lower()
            if type_ == "CNAME" and target in self.zone:
                self._follow(reply, target, kind, self.zone[target][0])


def _pair(host: str, port: int) -> tuple[socket.socket, socket.socket, int]:
    """Return UDP and TCP sockets on one port; with port 0, on one that is free for both."""
    for left in reversed(range(20)):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind((host, port))
            bound = udp.getsockname()[1]
            return udp, socket.create_server((host, bound)), bound
        except OSError:
            udp.close()
            if port or not left:
                raise
    raise AssertionError


@contextmanager
def name_server(zone: Mapping[str, Sequence[Round]], *, host: str = "127.0.0.1",
                port: int = 0) -> Iterator[Names]:  # fmt: skip
    """Run a name server over UDP and TCP for the length of a ``with`` block."""
    udp, tcp, bound = _pair(host, port)
    names = Names(Nameserver(host, bound), {name: list(r) for name, r in zone.items()})
    threads = [
        threading.Thread(target=_serve_udp, args=(udp, names)),
        threading.Thread(target=_serve_tcp, args=(tcp, names)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield names
    finally:
        for one in (udp, tcp):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (host, bound))
        for thread in threads:
            thread.join()
        udp.close()
        tcp.close()


def _serve_udp(udp: socket.socket, names: Names) -> None:
    while True:
        try:
            data, peer = udp.recvfrom(4096)
        except OSError:
            return
        if not data:
            return
        answer = names.answer(data, "udp")
        if answer is not None:
            udp.sendto(answer, peer)


def _serve_tcp(tcp: socket.socket, names: Names) -> None:
    while True:
        try:
            client, _ = tcp.accept()
        except OSError:
            return
        with client:
            head = client.recv(2)
            if len(head) == 2:
                answer = names.answer(client.recv(int.from_bytes(head)), "tcp")
                if answer is not None:
                    client.sendall(len(answer).to_bytes(2) + answer)
