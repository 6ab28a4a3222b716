"""A capture in a process of its own: the same capture, and nothing of its caller's in reach."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from egress.process import Guard, guard
from evidence.capture import CaptureOrder, PageNotCaptured, Reason, check_url, find_browser
from evidence.errors import InputError
from evidence.log import audit
from evidence.worker import family, landlock
from evidence.worker.apart import capture_apart
from evidence.worker.private import PREFIX
from evidence.worker.request import Bounds, Isolation, Secret
from tests.evidence.capture.site import site
from tests.evidence.seal.rig import ROOT
from tests.evidence.worker.stage import stage, wait_for

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with site() as found:
        yield found


@pytest.fixture(scope="module")
def way_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    journal = tmp_path_factory.mktemp("guard") / "journal.jsonl"
    with guard(journal, allow_loopback=True) as running:
        yield running


def order(url: str, way_out: Guard) -> CaptureOrder:
    return CaptureOrder(
        url=check_url(url),
        browser=find_browser(),
        proxy=way_out.address,
        journal=way_out.journal,
        sandbox=os.geteuid() != 0,
    )


def test_the_same_capture_without_keys_settings_or_open_files(
    address: str, way_out: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "signer.pem").write_text("secret")
    monkeypatch.setenv("MARKSEAL_DATABASE_URL", "postgres://u:hunter2@h/d")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    snapshot = capture_apart(
        order(f"{address}/redirect", way_out),
        tmp_path / "work/snapshot",
        software="markseal test",
        secrets=(Secret("signing keys", keys), Secret("nothing", tmp_path / "none")),
    )
    assert snapshot.title == "甬江春茶 旗舰店"
    assert snapshot.folder == tmp_path / "work/snapshot"
    assert (snapshot.folder / "archive/data.warc.gz").stat().st_size > 1000
    assert "甬江春茶" in (snapshot.folder / "evidence/text.txt").read_text(encoding="utf-8")
    record = (snapshot.folder / "evidence/environment.json").read_text(encoding="utf-8")
    assert "hunter2" not in record
    isolation = json.loads(record)["isolation"]
    assert {"HOME", "PATH"} <= set(isolation["environment_variables"])
    assert not [n for n in isolation["environment_variables"] if n.startswith("MARKSEAL")]
    assert isolation["limits"]["memory_bytes"] == 4 * 1024**3
    tested = {row["place"]: row["outcome"] for row in isolation["tested_by_the_capture"]}
    assert tested["nothing"] == "not there"
    if landlock.abi():
        assert isolation["key_isolation"] == "landlock"
        assert isolation["key_isolation_detail"] == f"Landlock ABI {landlock.abi()}"
        assert tested["signing keys"] == "refused (1)"


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_bubblewrap_hides_the_keys_where_there_is_no_landlock(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    (tmp_path / "home/keys").mkdir(parents=True)
    (tmp_path / "home/keys/signer.pem").write_text("secret")
    snapshot = capture_apart(
        order(f"{address}/gbk", way_out),
        tmp_path / "home/work/snapshot",
        software="markseal test",
        secrets=(
            Secret("signing keys", tmp_path / "home/keys"),
            Secret("data folder", tmp_path / "home"),
        ),
        means=Isolation.BUBBLEWRAP,
        replay=False,
    )
    record = json.loads((snapshot.folder / "evidence/environment.json").read_bytes())
    assert record["isolation"]["key_isolation"] == "bubblewrap"
    outcomes = [row["outcome"] for row in record["isolation"]["tested_by_the_capture"]]
    assert outcomes == ["hidden (1)", "hidden (1)"]


def test_without_any_means_the_record_says_none(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text("secret")
    snapshot = capture_apart(
        order(f"{address}/gbk", way_out),
        tmp_path / "snapshot",
        software="markseal test",
        secrets=(Secret("signing keys", tmp_path / "keys"),),
        means=Isolation.NONE,
        replay=False,
    )
    isolation = json.loads((snapshot.folder / "evidence/environment.json").read_bytes())[
        "isolation"
    ]
    assert isolation["key_isolation"] == "none"
    assert "keys could be opened" in isolation["key_isolation_detail"]


def test_why_a_page_could_not_be_had_is_carried_over(way_out: Guard, tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        with pytest.raises(PageNotCaptured) as caught:
            capture_apart(order(url, way_out), tmp_path, software="t")
    assert caught.value.reason is Reason.UNREACHABLE
    assert "could not be reached" in caught.value.en
    assert "无法" in caught.value.zh


def test_a_clock_that_is_not_this_machines_is_carried_over(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    def later() -> datetime:
        return datetime.now(UTC) + timedelta(days=400)

    snapshot = capture_apart(
        order(f"{address}/gbk", way_out), tmp_path, software="t", clock=later, replay=False
    )
    assert abs((later() - snapshot.finished).total_seconds()) < 60


@pytest.mark.parametrize(
    ("bounds", "reason", "words"),
    [
        (Bounds(seconds=3), Reason.TIMEOUT, "longer than 3 seconds"),
        (Bounds(memory_bytes=29 << 20), Reason.LIMIT, "more than 29 MB"),
    ],
)
def test_a_hard_bound_is_a_failure_with_its_reason(
    address: str, way_out: Guard, tmp_path: Path, bounds: Bounds, reason: Reason, words: str
) -> None:
    with pytest.raises(PageNotCaptured) as caught:
        capture_apart(order(f"{address}/half", way_out), tmp_path, software="t", bounds=bounds)
    assert caught.value.reason is reason
    assert words in caught.value.en


def test_a_file_that_grows_too_large_never_looks_complete(
    address: str, way_out: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    with pytest.raises((PageNotCaptured, OSError)):
        capture_apart(
            order(f"{address}/redirect", way_out),
            tmp_path,
            software="t",
            bounds=Bounds(file_bytes=30_000),
        )
    assert not family.bearers(f"{tmp_path}/own/{PREFIX}")


@pytest.mark.parametrize("user", ["nobody-of-that-name", "sys"])
def test_a_user_that_captures_cannot_run_as_is_refused(
    address: str, way_out: Guard, tmp_path: Path, user: str
) -> None:
    if os.geteuid() == 0 and user == "sys":
        pytest.skip("root may become any user")
    with pytest.raises(InputError, match="MARKSEAL_CAPTURE_USER"):
        capture_apart(order(f"{address}/", way_out), tmp_path, software="t", user=user)


def test_ctrl_c_is_one_sentence_and_the_attempt_is_logged(address: str, tmp_path: Path) -> None:
    with stage(tmp_path, f"{address}/half") as set_up:
        command = [
            sys.executable, "-m", "desk.cli", "capture", set_up.url,
            "--out", str(tmp_path / "A.wacz"),
        ]  # fmt: skip
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("MARKSEAL_")},
            "MARKSEAL_HOME": str(tmp_path / "home"),
            "MARKSEAL_ALLOW_LOOPBACK": "1",
            "MARKSEAL_NO_SANDBOX": "1",
            "TMPDIR": str(set_up.temporary),
        }
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        ) as person:
            assert wait_for(lambda: "navigation" in set_up.steps(), 60)
            person.send_signal(signal.SIGINT)
            _, said = person.communicate(timeout=60)
        assert person.returncode == 130
        assert said.splitlines()[-2:] == [
            "错误：已中断；本次尝试已作为失败记入日志。",
            "Error: Interrupted; the attempt is in the log as failed.",
        ]
        assert "Traceback" not in said
        set_up.require_nothing_left()
    report = audit(tmp_path / "home/log")
    assert report.clean
    assert (report.attempts, report.failed, report.open_attempts) == (1, 1, [])
