"""A witness behind a web server that speaks TLS: certificates count by whose roots, or not."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from evidence.errors import InputError
from evidence.witness.asked import load_asked
from tests.evidence.ground.authority import Authority, Kind
from tests.evidence.witness.fixtures import make_log, serving
from tests.evidence.witness.test_gather import gather
from tests.evidence.witness.test_health import write


@contextmanager
def behind_tls(address: str, pem: Path) -> Iterator[str]:
    """Run what a notary's office has in front of its witness; yield the https address."""
    inside = urlsplit(address)

    class Passing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            way = http.client.HTTPConnection(str(inside.hostname), inside.port, timeout=5)
            way.request("POST", self.path, body)
            answer = way.getresponse()
            data = answer.read()
            way.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", str(answer.getheader("Content-Type")))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with HTTPServer(("127.0.0.1", 0), Passing) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_only_a_certificate_by_known_roots_counts(tmp_path: Path) -> None:
    log, authority = make_log(tmp_path / "log", 2), Authority.new()
    chain = authority.chain(tmp_path)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(chain.pem.read_bytes().split(b"-----END PRIVATE KEY-----\n")[1])
    with serving(tmp_path / "witness") as witness, behind_tls(witness.address, chain.pem) as url:
        asked = replace(witness.asked(), url=url)
        refused = gather(log, asked, memory=tmp_path / "a")
        assert refused.witnessed == ()
        assert "CERTIFICATE_VERIFY_FAILED" in refused.missing[0].en
        by_own_roots = replace(asked, tls_roots=roots)
        assert len(gather(log, by_own_roots, memory=tmp_path / "b").witnessed) == 1


@pytest.mark.parametrize("kind", [Kind.WRONG_HOST, Kind.EXPIRED])
def test_another_name_or_an_ended_certificate_does_not(tmp_path: Path, kind: Kind) -> None:
    log, authority = make_log(tmp_path / "log", 2), Authority.new()
    chain = authority.chain(tmp_path, kind)
    with serving(tmp_path / "witness") as witness, behind_tls(witness.address, chain.pem) as url:
        asked = replace(witness.asked(), url=url, tls_roots=chain.pem)
        found = gather(log, asked, memory=tmp_path / "a")
    assert found.witnessed == ()
    assert "CERTIFICATE_VERIFY_FAILED" in found.missing[0].en


def test_roots_are_named_in_the_file(tmp_path: Path) -> None:
    with serving(tmp_path / "witness") as witness:
        pass
    write(tmp_path, "https://w.example", witness.key.text(), below='tls_roots = "roots.pem"\n')
    with pytest.raises(InputError, match=r"roots\.pem"):
        load_asked(tmp_path)
    (tmp_path / "roots.pem").write_bytes(b"")
    assert load_asked(tmp_path)[0].tls_roots == tmp_path / "roots.pem"
