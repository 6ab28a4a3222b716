"""``markseal capture``, ``verify`` and ``log`` as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.capture.site import site
from tests.evidence.seal.rig import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with site() as found:
        yield found


def markseal(
    home: Path, *arguments: str, loopback: str = "1", sandbox: str = "1", **more: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: v for name, v in os.environ.items() if not name.startswith("MARKSEAL_")}
    settings = {
        "MARKSEAL_HOME": str(home),
        "MARKSEAL_ALLOW_LOOPBACK": loopback,
        "MARKSEAL_NO_SANDBOX": sandbox,
    }
    return subprocess.run(
        [sys.executable, "-m", "desk.cli", *arguments],
        cwd=ROOT,
        env=environment | settings | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_from_capture_to_verdict_and_audit(address: str, tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "A.wacz"
    made = markseal(home, "capture", f"{address}/", "--out", str(out), "--case", "甬1")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("试用：")
    assert "已封装 sealed" in made.stdout
    assert "甬江春茶 旗舰店" in made.stdout
    trust = str(home / "trust")
    dossier = str(tmp_path / "A.dossier.zip")
    assert markseal(home, "verify", dossier, "--trust", trust).returncode == 0
    assert markseal(home, "verify", dossier).returncode == 3
    audited = markseal(home, "log", "audit", "--json")
    assert audited.returncode == 0
    assert json.loads(audited.stdout)["sealed"] == 1
    checkpoint = markseal(home, "log", "checkpoint").stdout
    proof = markseal(home, "log", "prove", "1")
    assert proof.stdout.startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    assert proof.stdout.endswith(checkpoint)
    again = markseal(home, "capture", f"{address}/", "--out", str(out), "--case", "甬1")
    assert again.returncode == 64
    assert "已存在" in again.stderr


def test_an_audit_with_findings_exits_1(address: str, tmp_path: Path) -> None:
    failed = markseal(tmp_path, "capture", "http://127.0.0.1:1/", "--out", str(tmp_path / "A.wacz"))
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "已记入日志" in failed.stderr
    bundle = tmp_path / "log/tile/entries/000.p/2"
    bundle.write_bytes(bundle.read_bytes().replace(b"unreachable", b"interrupted"))
    audited = markseal(tmp_path, "log", "audit")
    assert audited.returncode == 1
    assert "第 1 条" in audited.stdout


def test_this_machine_is_refused_without_the_setting(address: str, tmp_path: Path) -> None:
    out = str(tmp_path / "A.wacz")
    refused = markseal(tmp_path, "capture", f"{address}/", "--out", out, loopback="0")
    assert refused.returncode == 64
    assert "MARKSEAL_ALLOW_LOOPBACK=1" in refused.stderr
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("url", "out"), [("ftp://x/", "A.wacz"), ("nonsense", "A.wacz"), ("http://x.test/", "A.zip")]
)
def test_bad_input_changes_nothing(tmp_path: Path, url: str, out: str) -> None:
    home = tmp_path / "home"
    bad = markseal(home, "capture", url, "--out", str(tmp_path / out))
    assert bad.returncode == 64
    assert bad.stderr.count("\n") == 2
    assert not home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused the sandbox")
def test_root_without_the_setting_is_told_what_to_set(address: str, tmp_path: Path) -> None:
    out = str(tmp_path / "A.wacz")
    refused = markseal(tmp_path, "capture", f"{address}/", "--out", out, sandbox="0")
    assert refused.returncode == 64
    assert "MARKSEAL_NO_SANDBOX=1" in refused.stderr
    assert not (tmp_path / "log").exists()


def test_a_log_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    for action in (["audit"], ["checkpoint"], ["prove", "0"]):
        result = markseal(tmp_path, "log", *action)
        assert result.returncode == 1
        assert "没有日志" in result.stderr


def test_a_driver_that_cannot_run_is_one_sentence(tmp_path: Path) -> None:
    made = markseal(
        tmp_path / "home", "capture", "http://127.0.0.1:1/", "--out", str(tmp_path / "A.wacz"),
        PLAYWRIGHT_NODEJS_PATH="/bin/false",
    )  # fmt: skip
    assert made.returncode == 1
    assert "libatomic1" in made.stderr
    assert "已记入日志" in made.stderr
    assert "Traceback" not in made.stderr
