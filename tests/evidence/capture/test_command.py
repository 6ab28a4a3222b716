"""``markseal capture`` with its options: a person at the screen, and what cannot be asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.verify.command import run as verify
from tests.evidence.capture.pages import serving
from tests.evidence.capture.screen import Person, need_a_screen, screen
from tests.evidence.capture.test_attended import PAGES, PASSWORD, signs_in_and_marks

HERE = {"MARKSEAL_ALLOW_LOOPBACK": "1", "MARKSEAL_NO_SANDBOX": "1"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(PAGES) as found:
        yield found


def start(*words: str, display: str = "", **more: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **HERE, "DISPLAY": display, "WAYLAND_DISPLAY": ""}
    command = [sys.executable, "-m", "desk.cli", "capture", *words]
    return subprocess.Popen(command, env=environment, **more)


@pytest.mark.browser
def test_a_persons_visit_is_sealed_as_one_exhibit(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_a_screen()
    heard, words = os.pipe()
    out = tmp_path / "visit.wacz"
    asked = ["--attended", f"{address}/", "--out", str(out), "--home", str(tmp_path / "home")]
    with screen() as display:
        who = ["--by", "张某", "--second", "李某"]
        pipe = subprocess.PIPE
        child = start(*asked, *who, display=display, stdin=pipe, stdout=pipe, stderr=words)
        os.close(words)
        assert child.stdin is not None
        person = Person(display, heard, child.stdin.fileno())
        try:
            signs_in_and_marks(person)
        finally:
            printed = child.communicate()[0].decode()
    assert child.returncode == 0, person.heard
    assert "已封装 sealed" in printed
    assert "有人值守取证" in printed
    with zipfile.ZipFile(out) as package:
        names = package.namelist()
        record = json.loads(package.read("evidence/attended.json"))
        capture = json.loads(package.read("evidence/capture.json"))
    assert {"evidence/moments/001.png", "evidence/moments/002.png"} <= set(names)
    assert {"evidence/recording.webm", "evidence/private.bin"} <= set(names)
    assert (record["by"], record["second"], capture["fidelity"]) == ("张某", "李某", "redacted")
    dossier = out.with_name("visit.dossier.zip")
    assert PASSWORD.encode() not in out.read_bytes()
    assert verify(dossier, tmp_path / "home/trust", as_json=False) == 0
    assert "张某、李某" in capsys.readouterr().out
    os.close(heard)


@pytest.mark.browser
def test_ctrl_c_ends_and_seals_what_the_person_did(address: str, tmp_path: Path) -> None:
    need_a_screen()
    heard, words = os.pipe()
    out = tmp_path / "visit.wacz"
    asked = ["--attended", f"{address}/item", "--out", str(out), "--home", str(tmp_path / "home")]
    with screen() as display:
        pipe = subprocess.PIPE
        files = {"stdin": pipe, "stdout": pipe, "stderr": words}
        child = start(*asked, "--by", "张某", display=display, **files, start_new_session=True)
        os.close(words)
        assert child.stdin is not None
        person = Person(display, heard, child.stdin.fileno())
        person.wait_for("浏览器已打开")
        person.says("m 商品页")
        person.wait_for("已标记 001")
        os.killpg(child.pid, signal.SIGINT)
        printed = child.communicate()[0].decode()
    assert child.returncode == 0, printed
    assert "已封装 sealed" in printed
    with zipfile.ZipFile(out) as package:
        assert json.loads(package.read("evidence/attended.json"))["ended_by"] == "person"
    os.close(heard)


@pytest.mark.parametrize(
    ("words", "display", "said"),
    [
        (("--attended", "--by", "张某"), "", "no screen here"),
        (("--attended",), ":1", "name of the person"),
        (("--attended", "--by", "张某", "--minutes", "0"), ":1", "--minutes"),
        (("--attended", "--by", "张某", "--second", "张某"), ":1", "another one"),
        (("--by", "张某", "--second", "李某"), "", "give --attended too"),
        (("--minutes", "5"), "", "give --attended too"),
        (("--secret", "token"), "", "--session"),
        (("--session", "/nonexistent"), "", "session file"),
        (("--licence", "file:///etc/hosts"), "", "http"),
        (("--http2", "sometimes"), "", "not understood"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_and_begins_nothing(
    words: tuple[str, ...], display: str, said: str, tmp_path: Path
) -> None:
    asked = ["http://127.0.0.1:1/", "--out", str(tmp_path / "a.wacz"), *words]
    home = tmp_path / "home"
    child = start(*asked, "--home", str(home), display=display, stderr=subprocess.PIPE)
    told = child.communicate()[1].decode()
    assert child.returncode == 64, told
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / "a.wacz").exists()
    assert not home.exists()
