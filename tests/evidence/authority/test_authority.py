"""Timestamps: what is asked, what is checked on receipt, and each way it can go wrong."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from evidence.authority import LocalAuthority, RemoteAuthority, create_local, stamp
from evidence.authority.client import check_kept
from evidence.errors import AuthorityError

DATA = b"the manifest's bytes"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return create_local(tmp_path_factory.mktemp("home") / "authority", now=now())


@dataclass(frozen=True)
class Double:
    """An authority that answers what it is told to."""

    reply: Callable[[bytes], bytes]
    name: str = "double"
    trial: bool = True

    def answer(self, request: bytes) -> bytes:
        """Return the reply to the request."""
        return self.reply(request)


def test_a_token_verifies_with_openssl(local: LocalAuthority, tmp_path: Path) -> None:
    token = stamp(local, DATA, clock=now)
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "tsr").write_bytes(token.response)
    (tmp_path / "tsq").write_bytes(token.request)
    root = ["-CAfile", str(local.home / "root.pem")]
    for what in (["-data", str(tmp_path / "data")], ["-queryfile", str(tmp_path / "tsq")]):
        command = ["openssl", "ts", "-verify", "-in", str(tmp_path / "tsr"), *what, *root]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Verification: OK" in result.stdout, result.stderr
    assert token.trial


def test_the_trial_authority_says_so_everywhere(local: LocalAuthority) -> None:
    for name in ("root.pem", "tsa.pem"):
        certificate = x509.load_pem_x509_certificate((local.home / name).read_bytes())
        assert "TRIAL" in certificate.subject.rfc4514_string()
        assert "试用" in certificate.subject.rfc4514_string()
    token = stamp(local, DATA, clock=now)
    policy = bytes.fromhex("060488370601")  # the object identifier 2.999.6.1
    assert policy in token.response


def test_the_authority_is_made_once_with_a_private_key(tmp_path: Path) -> None:
    first = create_local(tmp_path / "authority", now=now())
    root = first.roots
    assert create_local(tmp_path / "authority", now=now()).roots == root
    assert (tmp_path / "authority/tsa.key").stat().st_mode & 0o077 == 0


def test_two_tokens_have_different_serials_and_nonces(local: LocalAuthority) -> None:
    one, two = stamp(local, DATA, clock=now), stamp(local, DATA, clock=now)
    assert one.request != two.request
    assert one.response != two.response


def test_a_missing_openssl_is_one_sentence(local: LocalAuthority) -> None:
    with pytest.raises(AuthorityError, match="openssl is missing"):
        stamp(replace(local, openssl="no-such-openssl"), DATA, clock=now)


def test_a_failing_openssl_is_one_sentence(local: LocalAuthority) -> None:
    with pytest.raises(AuthorityError, match="openssl ts failed"):
        stamp(replace(local, home=Path("/nonexistent")), DATA, clock=now)


def expect(reply: Callable[[bytes], bytes], sentence: str) -> None:
    with pytest.raises(AuthorityError, match=sentence) as caught:
        stamp(Double(reply), DATA, clock=now)
    assert caught.value.zh


def test_html_instead_of_a_token(local: LocalAuthority) -> None:
    expect(lambda request: b"<html>busy</html>", "did not answer with a timestamp")


def test_an_answer_that_is_too_large(local: LocalAuthority) -> None:
    expect(lambda request: bytes(2_000_000), "more than 1000000 bytes")


def test_a_refusal(local: LocalAuthority) -> None:
    expect(lambda request: local.answer(request[:-4]), r"refused|failed|timestamp response")


def test_a_token_for_another_request_has_the_wrong_nonce(local: LocalAuthority) -> None:
    kept = stamp(local, DATA, clock=now)
    expect(lambda request: kept.response, "different nonce")


def test_a_token_over_other_data_has_the_wrong_imprint(local: LocalAuthority) -> None:
    kept = stamp(local, b"other", clock=now)
    expect(lambda request: kept.response, "different digest")


def test_a_clock_an_hour_off_is_refused(local: LocalAuthority) -> None:
    with pytest.raises(AuthorityError, match="check the clock"):
        stamp(local, DATA, clock=lambda: now() + timedelta(hours=1))


def test_a_kept_pair_is_used_only_if_it_belongs_together(local: LocalAuthority) -> None:
    one, two = stamp(local, DATA, clock=now), stamp(local, DATA, clock=now)
    assert check_kept(one.request, one.response, DATA)
    assert not check_kept(one.request, two.response, DATA)
    assert not check_kept(one.request, one.response, b"other")
    assert not check_kept(one.request, one.response[:-9], DATA)


@contextmanager
def server(reply: Callable[[bytes], tuple[int, str, bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, kind, body = reply(request)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

    running = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/tsa"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def test_an_authority_over_http(local: LocalAuthority) -> None:
    def reply(request: bytes) -> tuple[int, str, bytes]:
        return 200, "application/timestamp-reply", local.answer(request)

    with server(reply) as url:
        token = stamp(RemoteAuthority("far", url, None), DATA, clock=now)
    assert (token.authority, token.trial) == ("far", False)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, "text/html", b"<html>"), "answered with text/html"),
        ((503, "text/plain", b"busy"), "could not be reached"),
        ((200, "application/timestamp-reply", b"junk"), "did not answer with a timestamp"),
        ((200, "application/timestamp-reply", bytes(1_500_000)), "more than 1000000 bytes"),
    ],
)
def test_bad_answers_over_http(answer: tuple[int, str, bytes], sentence: str) -> None:
    with server(lambda request: answer) as url, pytest.raises(AuthorityError, match=sentence):
        stamp(RemoteAuthority("far", url, None), DATA, clock=now)


def test_an_authority_that_is_down_is_one_sentence() -> None:
    with pytest.raises(AuthorityError, match="could not be reached"):
        stamp(RemoteAuthority("far", "http://127.0.0.1:1/", None, seconds=2), DATA, clock=now)
