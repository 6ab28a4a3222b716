"""The ground-truth server: raw sockets, fixed answers, and a note of every byte both ways."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evidence.selftest.exchanges import Answer

HOST = "127.0.0.1"
_REQUEST_LIMIT = 1 << 20
_IDLE_SECONDS = 30.0
_UNKNOWN = Answer((b"HTTP/1.1 500 Not In The List\r\nContent-Length: 0\r\n\r\n",))


@dataclass(frozen=True)
class Served:
    """One exchange as it really was: the bytes received and the bytes that were to be sent."""

    url: str
    method: str
    received: bytes
    sent: bytes


@dataclass
class GroundTruth:
    """A server on this machine alone; ``served`` grows with each exchange."""

    answers: Mapping[str, Answer]
    scheme: str = "http"
    port: int = 0
    served: list[Served] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at the end."""
        return f"{self.scheme}://{HOST}:{self.port}"

    def serve(self, link: socket.socket) -> None:
        """Answer the requests of one connection until it ends."""
        link.settimeout(_IDLE_SECONDS)
        rest = b""
        with suppress(OSError):
            while True:
                received, rest = _request(link, rest)
                if not received:
                    return
                method, path = received.split(b" ", 2)[:2]
                name = f"{method.decode('latin-1')} {path.decode('latin-1')}"
                answer = self.answers.get(name, _UNKNOWN)
                url = self.address + path.decode("latin-1")
                with self._lock:
                    self.served.append(
                        Served(url, method.decode("latin-1"), received, answer.whole)
                    )
                self.send(link, name, answer)

    def send(self, link: socket.socket, name: str, answer: Answer) -> None:
        """Put the answer on the wire, piece by piece; ``name`` is ``METHOD path``."""
        for piece in answer.pieces:
            link.sendall(piece)


def _request(link: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
    """Return one request, head and body, and what was read beyond it; empty at the end."""
    data = rest
    while b"\r\n\r\n" not in data:
        more = link.recv(65536) if len(data) < _REQUEST_LIMIT else b""
        if not more:
            return b"", b""
        data += more
    head = data.index(b"\r\n\r\n") + 4
    size = 0
    for line in data[:head].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            size = int(value)
    while len(data) < head + size:
        more = link.recv(65536) if len(data) < _REQUEST_LIMIT else b""
        if not more:
            return b"", b""
        data += more
    return data[: head + size], data[head + size :]


@contextmanager
def running(server: GroundTruth, certificate: Path | None = None) -> Iterator[GroundTruth]:
    """Run the server for the length of a ``with`` block, over TLS when given a PEM file."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.scheme = "https"
    with socket.create_server((HOST, 0)) as listener:
        server.port = int(listener.getsockname()[1])
        accepting = threading.Thread(target=_accept, args=(server, listener, context), daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            accepting.join(5)


def _accept(server: GroundTruth, listener: socket.socket, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            link, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(server, link, context), daemon=True).start()


def _talk(server: GroundTruth, link: socket.socket, context: ssl.SSLContext | None) -> None:
    with link, suppress(OSError):
        link.settimeout(_IDLE_SECONDS)
        if context is None:
            server.serve(link)
        else:
            with context.wrap_socket(link, server_side=True) as secure:
                server.serve(secure)


def throw_away(folder: Path, now: datetime) -> tuple[Path, bytes]:
    """Write a self-signed certificate and its key into one PEM file; return it and the DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "markseal technical review")])
    local = x509.IPAddress(ipaddress.ip_address(HOST))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([local]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "throw-away.pem"
    path.touch(mode=0o600)
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path, certificate.public_bytes(serialization.Encoding.DER)
