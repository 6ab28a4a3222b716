"""Root's service captures as an ordinary user, with the browser's sandbox on."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from egress.process import guard
from evidence.capture import find_browser
from evidence.log import audit
from evidence.seal import PreserveOrder, Status, open_home, preserve
from evidence.seal.apart import further_users
from tests.evidence.capture.site import site
from tests.evidence.seal.rig import ROOT, now

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
]


def ordinary_user() -> str:
    """Return a user who can run this very interpreter with this very code; skip without one."""
    for row in sorted(pwd.getpwall(), key=lambda row: row.pw_uid != 65534):
        if row.pw_uid < 1000:
            continue
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-c", "import playwright.sync_api, evidence.worker.apart"],
                cwd="/",
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
                },
                user=row.pw_uid,
                group=row.pw_gid,
                extra_groups=[],
                capture_output=True,
            )
        except PermissionError:
            continue
        if done.returncode == 0:
            return row.pw_name
    pytest.skip("no ordinary user of this machine can read this interpreter or this code")


def test_sandbox_on_keys_closed_and_files_handed_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = ordinary_user()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    home = open_home(tmp_path / "home", clock=now)
    journal = tmp_path / "home/evidence/egress/a.jsonl"
    order = PreserveOrder(
        url="", case="甬1", out=tmp_path / "A.wacz", capture_id="1" * 32, sandbox=True
    )
    with (
        site() as address,
        guard(journal, allow_loopback=True, users=further_users(user)) as way_out,
    ):
        result = preserve(
            PreserveOrder(**{**vars(order), "url": f"{address}/gbk"}),
            home=home,
            proxy=way_out.address,
            journal=way_out.journal,
            browser=find_browser(),
            user=user,
        )
    assert result.status is Status.SEALED
    assert audit(tmp_path / "home/log").clean
    with zipfile.ZipFile(tmp_path / "A.wacz") as package:
        environment = json.loads(package.read("evidence/environment.json"))
    assert environment["system"]["user"] == user
    assert environment["browser"]["sandbox"] == "on"
    outcomes = [row["outcome"] for row in environment["isolation"]["tested_by_the_capture"]]
    assert outcomes
    assert all(outcome.startswith("refused") for outcome in outcomes)


def test_without_the_setting_root_is_refused_the_sandbox_as_before(tmp_path: Path) -> None:
    from evidence.errors import CaptureFailed

    home = open_home(tmp_path / "home", clock=now)
    order = PreserveOrder("http://127.0.0.1:1/", "甬1", tmp_path / "A.wacz", "1" * 32)
    with pytest.raises(CaptureFailed, match="MARKSEAL_NO_SANDBOX=1"):
        preserve(order, home=home, proxy=None, journal=None, browser=find_browser())
