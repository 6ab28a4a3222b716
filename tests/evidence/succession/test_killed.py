"""Killed where nothing is sealed: a failure being logged, a case closed or continued, a back-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.home import EvidenceHome
from evidence.succession.gap import Loss
from evidence.succession.restore import restore
from tests.evidence.succession.conftest import Office, open_office
from tests.evidence.succession.rig import ROOT, now
from tests.evidence.succession.test_backup import OPEN
from tests.evidence.succession.test_successor import succeed

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def run(home: EvidenceHome, action: str, number: int, kill_at: int = 0) -> list[str]:
    """Run the child; return the points that it passed, none when it was killed."""
    command = [sys.executable, "-m", "tests.evidence.succession.victim", str(home.path), action]
    done = subprocess.run(
        [*command, str(number), str(kill_at)], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if kill_at:
        assert done.returncode == -signal.SIGKILL, done.stderr
        return []
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def require_sound(home: EvidenceHome) -> None:
    report = home.audit_log()
    assert (report.findings, report.unchecked, report.open_attempts) == ([], [], [])


def told(what: str, points: list[str], kills: int) -> None:
    sys.stdout.write(f"soak: {what}: {kills} kills at {len(points)} fault points\n")


def test_a_failure_that_is_being_logged(office: Office) -> None:
    """Every attempt has its outcome in the end, each killed one that it was interrupted."""
    points = run(office.home, "fail", 2)
    assert "failure logged" in points
    for number, _ in enumerate(points, 3):
        run(office.home, "fail", number, number - 2)
        run(office.home, "fail", number)
        require_sound(office.home)
    report = office.home.audit_log()
    assert report.attempts == report.failed + report.sealed
    told("a capture that fails", points, len(points))


def test_a_case_that_is_being_closed(prepared: Path, tmp_path: Path) -> None:
    first = open_office(prepared, tmp_path / "first").home
    points = run(first, "close", 0)
    assert {"case counted", "case closed"} <= set(points)
    for number, _ in enumerate(points, 1):
        home = open_office(prepared, tmp_path / str(number)).home
        run(home, "close", 0, number)
        run(home, "close", 0)
        require_sound(home)
        assert home.audit_log().closed == 1
    told("a case closed", points, len(points))


def test_a_case_that_goes_on_in_a_successor_log(prepared: Path, tmp_path: Path) -> None:
    """Up to the attempt: no number is given twice, and it is said once what it goes on from."""

    def opened(name: str) -> EvidenceHome:
        held = open_office(prepared, tmp_path / name)
        succeed(held, held.home, tmp_path / f"{name}.json", Loss("log-key-stolen", "kept", now()))
        return held.home

    home = opened("first")
    points = run(home, "seal", 2)
    assert "case continued" in points
    points = points[: points.index("captured") + 1]
    for number, _ in enumerate(points, 1):
        home = opened(str(number))
        run(home, "seal", 2, number)
        run(home, "seal", 2)
        require_sound(home)
        assert home.audit_log().sealed == 1
    told("a case continued", points, len(points))


def test_a_backup_that_is_being_written(office: Office, tmp_path: Path) -> None:
    points = run(office.home, "backup", 0)
    assert {"log written", "files written", "work written", "draft whole"} <= set(points)
    for number, _ in enumerate(points, 1):
        out = office.home.path.parent / f"{number}.backup"
        run(office.home, "backup", number, number)
        assert not out.exists()
        run(office.home, "backup", number)
        assert restore(out, tmp_path / f"new-{number}", OPEN).sound
    told("a back-up", points, len(points))
