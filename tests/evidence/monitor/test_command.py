"""``markseal log audit --follow`` as it is typed, through the egress guard; and killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from desk.cli import main
from evidence.monitor import State
from tests.evidence.monitor.fixtures import Stand, plain, served

ROOT = Path(__file__).resolve().parents[3]
KILL = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from evidence.format.note import NoteKey
from evidence.monitor import FolderSource, StateFile, look

folder, vkey, path, point = sys.argv[1:]
file, key = StateFile(Path(path)), NoteKey.parse(vkey)

class Deadly(FolderSource):
    count = 0
    def read(self, name, limit):
        Deadly.count += 1
        if Deadly.count == int(point):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(name, limit)

with file.held():
    look(Deadly(Path(folder)), file.load(key), keep=lambda s: file.keep(s, now=datetime.now(UTC)))
"""


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Done]:
    """Return a function that runs the command on a data folder of its own."""
    monkeypatch.setenv("MARKSEAL_HOME", str(tmp_path / "home"))

    def command(*words: str, loopback: str = "1") -> Done:
        monkeypatch.setenv("MARKSEAL_ALLOW_LOOPBACK", loopback)
        code = main(["log", "audit", *words])
        return Done(code, *capsys.readouterr())

    return command


def test_a_folder_is_followed_from_the_command_line(
    tmp_path: Path, run: Callable[..., Done]
) -> None:
    stand, state = Stand.at(tmp_path), tmp_path / "state.json"
    stand.grow(3)
    vkey = tmp_path / "log.vkey"
    vkey.write_text(stand.log.key.text() + "\n")
    words = ["--follow", str(stand.log.folder), "--vkey", str(vkey), "--state", str(state)]
    first = run(*words)
    assert (first.returncode, first.stderr) == (0, "")
    assert "未发现问题 / no findings" in first.stdout
    other = stand.copy("other")
    stand.grow(1)
    assert run(*words).returncode == 0
    other.grow(1, case="another")
    forked = run("--follow", str(other.log.folder), *words[2:], "--json")
    told = json.loads(forked.stdout)
    assert forked.returncode == 1
    assert [finding["code"] for finding in told["findings"]] == ["fork"]
    assert len(told["followed"]["contradictions"]) == 1


def test_over_http_the_guard_decides_and_silence_is_no_fork(
    tmp_path: Path, run: Callable[..., Done]
) -> None:
    stand, home = Stand.at(tmp_path), tmp_path / "home"
    stand.grow(2)
    vkey = stand.log.key.text()
    with served(stand.log.folder) as url:
        words = ["--follow", url, "--vkey", vkey]
        assert run(*words).returncode == 0
        refused = run(*words, loopback="")
        assert refused.returncode == 3
        assert len(refused.stderr.strip().splitlines()) == 2
    gone = run(*words)
    assert gone.returncode == 3
    with served(stand.log.folder, {"checkpoint": plain(503)}) as url:
        down = run("--follow", url, "--vkey", vkey)
    assert (down.returncode, down.stdout) == (3, "")
    assert "503" in down.stderr
    assert len(list((home / "monitor").glob("*.json"))) == 1
    assert not list((home / "monitor" / "egress").iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["--follow", "/nowhere", "--vkey", "x"],
        ["--follow", "/nowhere"],
        ["--vkey", "x"],
        ["--state", "x"],
        ["--follow", "http://", "--vkey", "VKEY"],
        ["--follow", "/nowhere", "--vkey", "VKEY"],
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    tmp_path: Path, run: Callable[..., Done], words: list[str]
) -> None:
    vkey = Stand.at(tmp_path).log.key.text()
    done = run(*[vkey if word == "VKEY" else word for word in words])
    assert (done.returncode, done.stdout) == (64, "")
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


def test_a_monitor_that_is_killed_anywhere_goes_on_from_a_whole_state(tmp_path: Path) -> None:
    stand = Stand.at(tmp_path)
    stand.grow(300)
    assert stand.codes() == []
    sizes = set()
    for point in range(1, 9):
        stand.grow(100)
        command = [sys.executable, "-c", KILL, str(stand.log.folder), stand.log.key.text()]
        killed = subprocess.run([*command, str(stand.file.path), str(point)], cwd=ROOT, check=False)
        assert killed.returncode in (0, -signal.SIGKILL)
        state = State.parse(stand.file.path.read_bytes())
        assert state.head is not None
        sizes.add(state.head.size)
    found = stand.look()
    assert found.report.clean
    assert found.report.size == found.report.attempts == 1100
    assert len(sizes) > 1 or sizes == {300}
