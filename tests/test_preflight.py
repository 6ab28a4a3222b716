"""What a capture cannot be made with is one sentence, before anything is begun."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.cli import main
from desk.commands.screen import require_screen
from evidence.errors import InputError
from tests.evidence.capture.screen import need_a_screen, screen

URL = "https://shop.example/"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MARKSEAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MARKSEAL_BROWSER", sys.executable)
    monkeypatch.setenv("MARKSEAL_NO_SANDBOX", "1")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return tmp_path / "home"


def told(capsys: pytest.CaptureFixture[str], home: Path, *words: str | Path) -> str:
    """Run a capture that cannot be; return the two lines that are said of it."""
    assert main(["capture", URL, *map(str, words)]) == 64
    assert not home.exists()
    said = capsys.readouterr().err
    assert said.count("\n") == 2
    return said


def test_a_folder_that_is_not_there_or_takes_no_file(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "不存在" in told(capsys, home, "--out", tmp_path / "no/A.wacz")
    assert "不可写" in told(capsys, home, "--out", "/proc/self/A.wacz")


@pytest.mark.parametrize("content", [None, "no json", '{"cookies": [{"name": 1}]}'])
def test_a_session_file_is_named(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    session = tmp_path / "my-session.json"
    if content is not None:
        session.write_text(content)
    said = told(capsys, home, "--out", tmp_path / "A.wacz", "--session", session)
    assert said.count(str(session)) == 2


@pytest.mark.parametrize("display", ["", ":4242", "nonsense", "localhost:59999"])
def test_a_screen_that_is_not_there(
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    display: str,
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    said = told(capsys, home, "--out", tmp_path / "A.wacz", "--attended", "--by", "张某")
    assert "MARKSEAL_BROWSER" not in said
    assert "桌面会话" in said
    assert display in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_cannot_run_what_a_capture_needs(
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "browser").write_text("#!/bin/sh\n")
    monkeypatch.setenv("MARKSEAL_BROWSER", str(closed / "browser"))
    monkeypatch.setenv("MARKSEAL_CAPTURE_USER", "nobody")
    said = told(capsys, home, "--out", tmp_path / "A.wacz")
    assert "MARKSEAL_CAPTURE_USER" in said
    assert "chmod o+rx" in said


COOKIE = bytes(range(16))
REASON = b"No protocol specified\n"


@pytest.fixture
def server() -> Iterator[str]:
    """Stand in for an X server that lets in whoever has the cookie; yield its DISPLAY."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                with line:
                    asked = line.recv(512)
                    head = b"\x01\x00" if COOKIE in asked else bytes((0, len(REASON)))
                    line.sendall(head + bytes(6) + REASON)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listening.getsockname()[1] - 6000}"
        listening.shutdown(socket.SHUT_RDWR)


def field(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def authority(path: Path, number: bytes) -> Path:
    entry = b"\x01\x00" + field(b"host") + field(number) + field(b"MIT-MAGIC-COOKIE-1")
    path.write_bytes(entry + field(COOKIE))
    return path


def test_a_screen_is_asked_with_the_cookie_that_is_kept_for_it(server: str, tmp_path: Path) -> None:
    number = server.rpartition(":")[2].encode()
    kept = authority(tmp_path / "kept", number)
    require_screen({"DISPLAY": f"{server}.0", "XAUTHORITY": str(kept)})
    with pytest.raises(InputError, match="No protocol specified"):
        require_screen({"DISPLAY": server, "HOME": str(tmp_path)})
    other = authority(tmp_path / "other", b"1" + number)
    with pytest.raises(InputError):
        require_screen({"DISPLAY": server, "XAUTHORITY": str(other)})


def test_a_virtual_screen_lets_us_in() -> None:
    need_a_screen()
    with screen() as display:
        require_screen({"DISPLAY": display})
