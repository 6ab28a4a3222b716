"""``markseal log witness``, ``cosign`` and ``audit`` as clerk and operator run them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from desk.cli import main
from evidence.seal import open_home
from tests.evidence.seal.rig import now
from tests.evidence.witness.fixtures import grow

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Done:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def markseal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command to its end, this machine's own address let through."""
    monkeypatch.setenv("MARKSEAL_ALLOW_LOOPBACK", "1")

    def run(*words: str, home: Path) -> Done:
        monkeypatch.setenv("MARKSEAL_HOME", str(home))
        capfd.readouterr()
        code = main(words)
        sys.stdout.flush()
        return Done(code, *capfd.readouterr())

    return run


def test_a_notary_witnesses_and_an_insider_is_seen(tmp_path: Path, markseal: Run) -> None:
    home = open_home(tmp_path / "home", clock=now)
    command = [
        sys.executable, "-m", "desk.cli", "log", "witness", "--home", str(tmp_path / "witness"),
        "--listen", "127.0.0.1:0", "--name", "notary.example/1", "--log", str(home.log / "vkey"),
    ]  # fmt: skip
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        address = child.stdout.readline().strip().removeprefix("见证人正在运行：")
        assert address.startswith("http://127.0.0.1:")
        told = child.stdout.readline() + child.stdout.readline()
        vkey = told.split("vkey: ")[1].strip()
        assert vkey.startswith("notary.example/1+")
        assert markseal("log", "cosign", home=home.path).code == 4
        (home.path / "witnesses.toml").write_text(
            f'[[witnesses]]\nname = "公证处"\nurl = "{address}"\nvkey = "{vkey}"\n'
            'relation = "notary"\n',
            encoding="utf-8",
        )
        log = home.open_log()
        grow(log, "not an entry")
        shutil.copytree(home.path, tmp_path / "copy")
        grow(log, "nor this")
        cosigned = markseal("log", "cosign", home=home.path)
        assert (cosigned.code, cosigned.err) == (0, "")
        assert "— notary.example/1 " in cosigned.out
        shutil.rmtree(home.path)
        shutil.copytree(tmp_path / "copy", home.path)
        audited = markseal("log", "audit", home=home.path)
        assert audited.code == 1
        assert "公证处" in audited.out
        assert "finding [rollback]" in audited.out
        assert "公证处" not in markseal("log", "audit", "--offline", home=home.path).out
        stopped = markseal("log", "cosign", home=home.path)
        assert stopped.code == 1
        assert "日志被回退" in stopped.err
        assert stopped.err.count("\n") == 2
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    down = markseal("log", "audit", home=home.path)
    assert "公证处" in down.err


def test_what_cannot_be_run_is_one_sentence(tmp_path: Path, markseal: Run) -> None:
    base = ("log", "witness", "--home", str(tmp_path / "w"))
    for words in (
        (*base, "--listen", "nowhere"),
        (*base, "--listen", "127.0.0.1:0", "--log", "nonsense"),
        (*base, "--listen", "127.0.0.1:0", "--name", "with space"),
        ("log", "witness", "--home", "/proc/nothing", "--listen", "127.0.0.1:0"),
    ):
        failed = markseal(*words, home=tmp_path)
        assert failed.code == 1
        assert failed.err.startswith("错误：")
        assert failed.err.count("\n") == 2
