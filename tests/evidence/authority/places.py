"""Timestamp authorities for tests: real ones behind real HTTP(S) servers on this machine."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from evidence.authority import LocalAuthority

REPLY = "application/timestamp-reply"
PEM = serialization.Encoding.PEM


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Asked:
    """One request as a server got it."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Answer = tuple[int, str, bytes]


@contextmanager
def serving(
    reply: Callable[[Asked], Answer], *, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve ``reply`` over HTTP (or HTTPS) on 127.0.0.1; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            asked = Asked(self.path, dict(self.headers), self.rfile.read(size))
            status, kind, body = reply(asked)
            with suppress(OSError):  # the client may have had enough
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_POST = do_GET

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of clients that went away."""

    running = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        running.socket = tls.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def granting(local: LocalAuthority) -> Callable[[Asked], Answer]:
    """Return the reply of an authority that answers as it should."""
    return lambda asked: (200, REPLY, local.answer(asked.body))


def in_ber(data: bytes, depth: int = 0) -> bytes:
    """Return DER with the outer constructed values in the indefinite form of BER."""
    out, at = b"", 0
    while at < len(data):
        size, start = data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, start = int.from_bytes(data[start : start + count]), start + count
        end = start + size
        if data[at] in (0x30, 0xA0) and depth < 4:
            out += bytes([data[at], 0x80]) + in_ber(data[start:end], depth + 1) + b"\0\0"
        else:
            out += data[at:end]
        at = end
    return out


@dataclass
class Ca:
    """A root that issues certificates of any kind, revokes them, and signs lists and responses."""

    name: str = "Test CA"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        self.root = self._builder(self.name, self.key, ca=True).sign(self.key, hashes.SHA256())

    def _builder(
        self, name: str, key: ec.EllipticCurvePrivateKey, *, ca: bool = False
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=2))
            .not_valid_after(now() + timedelta(days=60))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    def issue(
        self,
        name: str,
        purpose: x509.ObjectIdentifier,
        *,
        address: str = "",
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """Return a certificate and its key; ``address`` serves the CA's list and responder."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([purpose])
        builder = self._builder(name, key).add_extension(usage, critical=True)
        host = x509.SubjectAlternativeName([x509.IPAddress(_LOOPBACK)])
        builder = builder.add_extension(host, critical=False)
        if address:
            uri = x509.UniformResourceIdentifier(f"{address}/list")
            point = x509.DistributionPoint([uri], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
            where = x509.UniformResourceIdentifier(f"{address}/ocsp")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(
                x509.AuthorityInformationAccess([access]), critical=False
            )
        return builder.sign(self.key, hashes.SHA256()), key

    def authority(self, folder: Path, name: str, *, address: str = "") -> LocalAuthority:
        """Return a timestamp authority of this CA, in a new folder."""
        folder.mkdir(parents=True)
        certificate, key = self.issue(
            f"{name} TSA", ExtendedKeyUsageOID.TIME_STAMPING, address=address
        )
        (folder / "root.pem").write_bytes(self.root.public_bytes(PEM))
        (folder / "tsa.pem").write_bytes(certificate.public_bytes(PEM))
        (folder / "tsa.key").write_bytes(private_pem(key))
        return LocalAuthority(folder, name, trial=False)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


_LOOPBACK = IPv4Address("127.0.0.1")
