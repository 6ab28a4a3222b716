"""What is open without signing in: off unless set; limited; nothing of it stays."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from desk.cases.models import Verification
from desk.console import limits
from desk.console.limits import Throttle, address_of
from desk.console.offline import offline_verifier
from evidence.monitor import HttpSource
from tests.console.conftest import Sessions
from tests.console.world import World
from tests.evidence.builder import Draft
from tests.evidence.builder import World as Installation
from tests.evidence.monitor.fixtures import Stand

PAGE = "/verify/public/"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """Return a dossier and the trust folder by which it is valid."""
    folder = tmp_path_factory.mktemp("public")
    installation = Installation.create(folder / "keys")
    return Draft(installation).seal().pack(), installation.trust(folder / "home" / "trust")


@pytest.fixture
def public(settings: Settings, ours: tuple[bytes, Path]) -> Iterator[Client]:
    """Return a client of the page that is open, by the trust folder of ``ours``."""
    settings.MARKSEAL_PUBLIC_VERIFY = True
    settings.MARKSEAL_HOME = ours[1].parent
    limits.PUBLIC.forget()
    yield Client(HTTP_ACCEPT_LANGUAGE="zh-hans")
    limits.PUBLIC.forget()


def _hand_in(client: Client, data: bytes, name: str = "a.dossier.zip", **more: str):  # type: ignore[no-untyped-def]
    return client.post(PAGE, {"file": SimpleUploadedFile(name, data)}, **more)


def _left(home: Path) -> list[Path]:
    return list((home / "incoming").iterdir()) if (home / "incoming").exists() else []


@pytest.mark.django_db
def test_a_dossier_is_judged_and_nothing_stays(public: Client, ours: tuple[bytes, Path]) -> None:
    answer = _hand_in(public, ours[0])
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'class="card verdict valid' in page
    assert "no-store" in answer["Cache-Control"]
    assert (
        "default-src &#x27;none&#x27;" in page
        or "default-src 'none'" in answer["Content-Security-Policy"]
    )
    assert not Verification.objects.exists()
    assert not _left(ours[1].parent)
    changed = bytearray(ours[0])
    changed[len(changed) // 2] ^= 1
    assert 'class="card verdict invalid' in _hand_in(public, bytes(changed)).content.decode()
    assert not _left(ours[1].parent)


def test_the_page_names_its_trust_and_what_it_does_not_prove(
    public: Client, ours: tuple[bytes, Path]
) -> None:
    page = public.get(PAGE).content.decode()
    for said in ("本页不能证明", "更可靠的办法", "整个文件夹的指纹", "log.vkey", "signer.pem"):
        assert said in page
    found = offline_verifier()
    assert found is not None
    assert found.sha256[:4] in page
    english = Client(HTTP_ACCEPT_LANGUAGE="en").get(PAGE).content.decode()
    assert "What this page does not prove" in english


def test_the_offline_verifier_is_a_download(public: Client) -> None:
    answer = public.get("/verify/offline/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    found = offline_verifier()
    assert found is not None
    assert len(b"".join(answer.streaming_content)) == found.size


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.wacz", bytes(50 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", 422, "文件是空的"),
        (b"just words", 200, "不是封装文件"),
        (b"PK\x03\x04 cut short", 200, "不成立"),
        (_bomb(), 200, "不成立"),
    ],
)
def test_what_is_no_dossier_is_one_sentence(
    public: Client, ours: tuple[bytes, Path], data: bytes, status: int, said: str
) -> None:
    answer = _hand_in(public, data, "<b>x.dossier.zip")
    assert answer.status_code == status
    page = answer.content.decode()
    assert said in page
    assert "<b>x" not in page
    assert not _left(ours[1].parent)


def test_other_kinds_of_bodies_are_refused(public: Client) -> None:
    for kind in ("application/json", "application/octet-stream", "text/plain"):
        answer = public.post(PAGE, b"{}", content_type=kind)
        assert (answer.status_code, "请先选择一个文件" in answer.content.decode()) == (422, True)
    broken = public.post(PAGE, b"x", content_type="multipart/form-data; boundary=")
    assert broken.status_code == 400
    for method in ("put", "delete", "patch"):
        assert getattr(public, method)(PAGE).status_code == 405


def test_what_is_too_large_is_turned_away_by_its_length(public: Client, settings: Settings) -> None:
    settings.MARKSEAL_PUBLIC_LIMIT = 1000
    assert _hand_in(public, b"x" * 2000).status_code == 422
    far = _hand_in(public, b"x" * (limits.SLACK + 2000))
    assert far.status_code == 413
    assert "上传的内容超过" in far.content.decode()


def test_one_address_is_let_through_so_often_and_no_more(public: Client) -> None:
    for _ in range(limits.OFTEN):
        assert _hand_in(public, b"").status_code == 422
    refused = _hand_in(public, b"")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= limits.WITHIN + 1
    assert "分钟后再试" in refused.content.decode()
    assert public.get(PAGE).status_code == 200, "reading the page is not counted"
    other = _hand_in(public, b"", REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 422


def test_when_others_are_being_verified_one_is_told_to_wait(
    public: Client, ours: tuple[bytes, Path]
) -> None:
    held = [limits.BUSY.acquire(blocking=False) for _ in range(limits.AT_ONCE)]
    try:
        answer = _hand_in(public, ours[0])
    finally:
        for _ in filter(None, held):
            limits.BUSY.release()
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert _hand_in(public, b"PK").status_code == 200, "the place was given back"


def test_the_throttle_counts_by_address_and_forgets() -> None:
    now = [0.0]
    throttle = Throttle(2, 60, lambda: now[0])
    assert [throttle.wait("192.0.2.1") for _ in range(3)] == [0, 0, 60]
    assert throttle.wait("2001:db8::1") == throttle.wait("2001:db8::2") == 0
    assert throttle.wait("2001:db8::3") > 0, "one network is one address"
    assert throttle.wait("2001:db8:1::3") == 0
    now[0] = 59
    assert throttle.wait("192.0.2.1") == 1
    now[0] = 61
    assert throttle.wait("192.0.2.1") == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.9", "198.51.100.9"),
        ("", "198.51.100.9", "198.51.100.9"),
    ],
)
def test_only_a_proxy_of_this_machine_is_believed(
    peer: str, forwarded: str, counted: str, rf: object
) -> None:
    extra = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert address_of(rf.post(PAGE, **extra)) == counted  # type: ignore[attr-defined]


@pytest.fixture
def served_log(settings: Settings, tmp_path: Path) -> Stand:
    """Return a log that the service serves, with the monitor beside it."""
    settings.MARKSEAL_HOME = tmp_path
    settings.MARKSEAL_PUBLIC_LOG = True
    return Stand.at(tmp_path)


def test_the_log_is_served_as_it_is_and_no_further(served_log: Stand, client: Client) -> None:
    served_log.grow(300)
    note = client.get("/log/checkpoint")
    assert note.content == (served_log.log.folder / "checkpoint").read_bytes()
    assert note["Content-Type"] == "text/plain; charset=utf-8"
    assert note["Cache-Control"] == "no-cache"
    tile = client.get("/log/tile/0/000")
    assert tile.content == (served_log.log.folder / "tile" / "0" / "000").read_bytes()
    assert tile["Content-Type"] == "application/octet-stream"
    assert "immutable" in tile["Cache-Control"]
    assert client.get("/log/tile/entries/001.p/44").status_code == 200
    assert client.get("/log/tile/entries/001.p/10").status_code == 200
    stray = served_log.log.folder / "tile" / "0" / "001.p" / "99"
    stray.write_bytes(b"x" * 32 * 99)
    for path in (
        "tile/0/001.p/99", "tile/0/001", "tile/0/002", "tile/entries/001", "vkey", "lock",
        "checkpoint.seen", "tile/0/../../vkey", "tile/0/%2e%2e/vkey", "", "tile/0/000.p/256",
        "tile/64/000", "tile/0/x000/000",
    ):  # fmt: skip
        assert client.get(f"/log/{path}").status_code == 404, path
    assert client.post("/log/checkpoint").status_code == 405


def test_a_log_that_is_not_there_and_a_damaged_one(
    served_log: Stand, client: Client, settings: Settings
) -> None:
    (served_log.log.folder / "checkpoint").write_bytes(b"torn")
    damaged = client.get("/log/checkpoint")
    assert damaged.status_code == 503
    assert "damaged" in damaged.content.decode()
    settings.MARKSEAL_HOME = served_log.folder / "empty"
    assert client.get("/log/checkpoint").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_is_served_is_followed_from_outside(
    served_log: Stand, live_server: LiveServer
) -> None:
    for count in (5, 300, 1):
        served_log.grow(count)
        with closing(HttpSource(f"{live_server.url}/log")) as source:
            found = served_log.look(source)
        assert found.report.clean
    assert found.report.size == 306


def test_both_are_closed_unless_the_settings_open_them(session: Sessions, world: World) -> None:
    for address in (PAGE, "/log/checkpoint", "/verify/offline/"):
        assert session().get(address).status_code == 404
    offered = session("notary").get("/verify/offline/")
    assert offered.status_code == 200
    assert b"".join(offered.streaming_content).lstrip().lower().startswith(b"<!doctype html")


SERVER = """
import os
from wsgiref.simple_server import make_server
from config.wsgi import application
server = make_server("127.0.0.1", 0, application)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def _begin_upload(port: int) -> socket.socket:
    """Send the first half of an upload, as long as a real one, and return the connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", PAGE)
        answer = connection.getresponse()
        cookie = str(answer.headers["Set-Cookie"]).split(";")[0]
        token = answer.read().split(b'name="csrfmiddlewaretoken" value="')[1].split(b'"')[0]
    form = (
        b'--b\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n' + token
        + b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.dossier.zip"\r\n'
        b"Content-Type: application/zip\r\n\r\n" + bytes(4 << 20)
    )  # fmt: skip
    head = (
        f"POST {PAGE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {2 * len(form)}\r\n\r\n"
    )
    half = socket.create_connection(("127.0.0.1", port), timeout=30)
    half.sendall(head.encode() + form)
    return half


@pytest.mark.parametrize("ending", ["hung up", "killed"])
def test_an_upload_that_breaks_off_leaves_no_file(tmp_path: Path, ending: str) -> None:
    environment = {**os.environ, "MARKSEAL_HOME": str(tmp_path), "MARKSEAL_PUBLIC_VERIFY": "1"}
    environment |= {"TMPDIR": str(tmp_path / "tmp"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    (tmp_path / "tmp").mkdir()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=ROOT, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with _begin_upload(port):
            assert _until(lambda: _open_files(server.pid))
            assert _left(tmp_path) == []
            if ending == "killed":
                server.kill()
                server.wait(10)
        assert _left(tmp_path) == []
        if ending == "hung up":
            assert _until(lambda: not _open_files(server.pid))
            _begin_upload(port).close()  # it goes on serving
    finally:
        server.kill()
        server.communicate()
    assert _left(tmp_path) == []
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "markseal.sqlite3").exists(), "nothing was written down either"


def _open_files(pid: int) -> list[str]:
    """Return the files without a name that a process holds open."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(link.readlink()))
    return [name for name in found if "(deleted)" in name and "incoming" in name]


def _until(holds: Callable[[], object]) -> bool:
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.05)
    return False
