"""The witness over real HTTP: bounded, in one sentence, and printable."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from evidence.errors import FormatError, WitnessError
from evidence.format.addcheckpoint import LIMIT, AddCheckpoint
from evidence.format.cosignature import WitnessKey
from evidence.witness.client import fetch_newest
from evidence.witness.page import fingerprint
from evidence.witness.running import parse_listen, read_log_key
from evidence.witness.server import WitnessServer
from tests.evidence.witness.fixtures import Running, grow, keeper, make_log, serving


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("witness")) as running:
        yield running


def talk(witness: Running, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    """Return status and body of one exchange."""
    with closing(http.client.HTTPConnection(witness.address.removeprefix("http://"))) as line:
        line.request(method, path, body)
        reply = line.getresponse()
        return reply.status, reply.read().decode()


def test_the_page_can_be_printed_by_a_clerk(witness: Running) -> None:
    status, page = talk(witness, "GET", "/")
    assert status == 200
    assert witness.key.text() in page
    assert fingerprint(witness.key.public) in page
    assert "见证人" in page
    assert "Witness" in page
    assert "@media print" in page
    assert "http" not in page.replace("markseal", "")
    assert talk(witness, "GET", "/vkey") == (200, witness.key.text() + "\n")
    assert WitnessKey.parse(talk(witness, "GET", "/vkey")[1]) == witness.key


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/../vkey/checkpoint", None, 404),
        ("GET", "/checkpoint", None, 404),
        ("GET", "/" + "00" * 32 + "/checkpoint", None, 404),
        ("POST", "/", b"x", 404),
        ("POST", "/add-checkpoint", b"nonsense", 400),
        ("POST", "/add-checkpoint", b"x" * (LIMIT + 1), 413),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    witness: Running, method: str, path: str, body: bytes | None, status: int
) -> None:
    seen, text = talk(witness, method, path, body)
    assert seen == status
    assert text.count("\n") == 1
    assert " / " in text


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /add-checkpoint HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_odd_requests_end_the_connection(witness: Running, raw: bytes) -> None:
    host, port = parse_listen(witness.address.removeprefix("http://"))
    with socket.create_connection((host, port), timeout=10) as line:
        line.sendall(raw)
        answer = b""
        while part := line.recv(4096):
            answer += part
    assert b"Traceback" not in answer
    assert any(word in answer for word in (b" 411 ", b" 501 ", b" 400 ", b"Bad request"))


def test_a_connection_that_says_nothing_is_ended(tmp_path: Path) -> None:
    with WitnessServer(("127.0.0.1", 0), keeper(tmp_path), seconds=0.3) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        place = (str(server.server_address[0]), int(server.server_address[1]))
        with socket.create_connection(place, timeout=10) as line:
            line.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 100\r\n\r\nold")
            assert line.recv(100) == b""
        server.shutdown()


def test_several_requests_over_one_connection(witness: Running, tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    place = witness.address.removeprefix("http://")
    with closing(http.client.HTTPConnection(place)) as line:
        body = AddCheckpoint(0, (), log.store.newest().note).to_bytes()
        for status in (200, 409):
            line.request("POST", "/add-checkpoint", body)
            reply = line.getresponse()
            assert (reply.status, reply.read()[:1]) == (status, b"\xe2" if status == 200 else b"3")
    newest = fetch_newest(witness.asked(), log.key, proxy=None, seconds=5)
    assert newest is not None
    assert newest.checkpoint == log.store.newest().checkpoint


def test_a_place_that_is_taken_is_one_sentence(witness: Running, tmp_path: Path) -> None:
    listen = parse_listen(witness.address.removeprefix("http://"))
    with pytest.raises(WitnessError):
        WitnessServer(listen, keeper(tmp_path))


def test_addresses_and_log_keys(tmp_path: Path) -> None:
    assert parse_listen("127.0.0.1:80") == ("127.0.0.1", 80)
    assert parse_listen("[::1]:0") == ("::1", 0)
    for wrong in ("", "80", ":80", "a:b", "a:99999"):
        with pytest.raises(FormatError):
            parse_listen(wrong)
    log = make_log(tmp_path / "log")
    grow(log, "one")
    (tmp_path / "log.vkey").write_text(log.key.text() + "\n")
    assert read_log_key(log.key.text()) == read_log_key(str(tmp_path / "log.vkey")) == log.key
    with pytest.raises(WitnessError):
        read_log_key("nonsense")
