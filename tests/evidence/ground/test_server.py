"""The ground-truth server writes down exactly what went through its sockets."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from tests.evidence.ground.answers import answers, large
from tests.evidence.ground.authority import Authority, Kind
from tests.evidence.ground.comparison import mismatches
from tests.evidence.ground.ledger import Ending, Exchange
from tests.evidence.ground.reader import Pair
from tests.evidence.ground.server import Ground, ground


def ask(where: Ground, *paths: str, tls: bool = False) -> bytes:
    """Ask for ``paths`` on one connection; return every byte that came."""
    sock = socket.create_connection(("127.0.0.1", where.port), 10)
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(sock)
    with sock:
        for path in paths:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        got = b""
        sock.settimeout(0.5)
        try:
            while piece := sock.recv(1 << 16):
                got += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return got


@pytest.mark.parametrize("tls", [False, True])
def test_the_log_is_what_the_client_got(tmp_path: Path, tls: bool) -> None:
    chain = Authority.new().chain(tmp_path).pem if tls else None
    paths = ("/early", "/chunk-odd", "/bare-lf", "/blanks", "/304")
    with ground(answers, chain=chain) as where:
        got = ask(where, *paths, tls=tls)
        found = where.ledger.settled()
        [connection] = where.ledger.connections
    assert bytes(connection.sent) == got
    assert b"".join(b"".join(e.interim) + e.response for e in found) == got
    assert b"".join(e.request for e in found) == bytes(connection.received)
    assert [e.target for e in found] == list(paths)


def test_a_reset_comes_after_what_was_sent() -> None:
    with ground(answers) as where:
        got = ask(where, "/reset-length")
        [found] = where.ledger.settled()
    assert found.ending is Ending.RESET
    assert got == found.response
    assert len(got) < 4000


def test_a_large_body_and_a_posted_one() -> None:
    with ground(answers) as where:
        assert ask(where, "/large").endswith(large())
        with socket.create_connection(("127.0.0.1", where.port), 10) as sock:
            sock.sendall(b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")
            sock.settimeout(5)
            assert sock.recv(1000).endswith(b"5 bytes")
        found = where.ledger.settled()
    assert found[-1].request.endswith(b"\r\n\r\nhello")


def test_certificates_are_of_the_kind_they_say(tmp_path: Path) -> None:
    authority = Authority.new()
    leaves = {
        kind: x509.load_der_x509_certificate(
            authority.chain(tmp_path, kind, responder="http://127.0.0.1:1").der[0]
        )
        for kind in Kind
    }
    assert leaves[Kind.SELF_SIGNED].issuer == leaves[Kind.SELF_SIGNED].subject
    assert leaves[Kind.EXPIRED].not_valid_after_utc < authority.now
    names = leaves[Kind.WRONG_HOST].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["shop.example.test"]
    chain = authority.chain(tmp_path, Kind.REVOKED, responder="http://127.0.0.1:1")
    revoked = x509.load_der_x509_crl(authority.revocation_list(chain))
    serial = x509.load_der_x509_certificate(chain.der[0]).serial_number
    assert revoked.get_revoked_certificate_by_serial_number(serial) is not None


def exchange(target: str, response: bytes, ending: Ending = Ending.KEEP) -> Exchange:
    request = f"GET {target} HTTP/1.1\r\n\r\n".encode()
    return Exchange(0, 0, "GET", target, request, response, (), ending)


def pair(target: str, response: bytes, truncated: str | None = None) -> Pair:
    return Pair(target, f"GET {target} HTTP/1.1\r\n\r\n".encode(), response, truncated, {})


def test_every_kind_of_mismatch_is_told() -> None:
    logged = [
        exchange("/same", b"1"),
        exchange("/other", b"abcdef"),
        exchange("/lost", b"x"),
        exchange("/reset", b"half", Ending.RESET),
    ]
    recorded = [pair("/same", b"1"), pair("/other", b"abcxef"), pair("/reset", b"half"),
                pair("/more", b"")]  # fmt: skip
    told = mismatches(logged, recorded)
    assert len(told) == 4
    assert told[0].startswith("GET /other: response differs from byte 3 (server 6, record 6")
    assert told[1] == "missing: GET /lost (connection 0)"
    assert told[2] == "GET /reset: was cut short (reset half way) but is not marked"
    assert told[3] == "extra: GET /more of /more"
    assert mismatches(logged[3:], [pair("/reset", b"half", "disconnect")]) == []
