"""Two hundred captures in a row on two cores: nothing grows."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.capture import CaptureOrder, check_url, find_browser
from evidence.worker import family
from evidence.worker.apart import capture_apart
from tests.evidence.capture.site import site
from tests.evidence.worker.stage import Stage, stage

pytestmark = [pytest.mark.browser, pytest.mark.soak]

CAPTURES = 200
SAMPLE = 20


@dataclass(frozen=True)
class Look:
    """What there was after one capture."""

    seconds: float
    processes: int
    open_files: int
    resident: int
    guard_resident: int
    temporary: int
    journal: int


def look(set_up: Stage, began: float, journal: int) -> Look:
    seconds = time.monotonic() - began
    resident = {
        pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for pid in (os.getpid(), set_up.way_out.pid)
    }
    return Look(
        seconds=seconds,
        processes=len(family.descendants(os.getpid())),
        open_files=len(list(Path("/proc/self/fd").iterdir())),
        resident=resident[os.getpid()],
        guard_resident=resident[set_up.way_out.pid],
        temporary=len(set_up.private_folders()),
        journal=set_up.way_out.journal.stat().st_size - journal,
    )


def middle(looks: list[Look], name: str) -> float:
    return statistics.median(getattr(item, name) for item in looks)


@pytest.mark.timeout(7200)
def test_200_captures_in_a_row_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Look] = []
    with site() as address, stage(tmp_path, f"{address}/redirect") as set_up:
        monkeypatch.setattr("tempfile.tempdir", str(set_up.temporary))
        order = CaptureOrder(
            url=check_url(set_up.url),
            browser=find_browser(),
            proxy=set_up.way_out.address,
            journal=set_up.way_out.journal,
            sandbox=os.geteuid() != 0,
        )
        for number in range(CAPTURES):
            journal = set_up.way_out.journal.stat().st_size
            began = time.monotonic()
            snapshot = capture_apart(order, tmp_path / f"{number}", software="markseal soak")
            looks.append(look(set_up, began, journal))
            assert snapshot.title == "甬江春茶 旗舰店"
            shutil.rmtree(snapshot.folder)
    first, last = looks[:SAMPLE], looks[-SAMPLE:]
    seconds = sorted(item.seconds for item in looks)
    told = [
        f"captures in a row {CAPTURES}",
        f"median {statistics.median(seconds):.2f} s",
        f"95th percentile {seconds[int(len(seconds) * 0.95)]:.2f} s",
    ]
    for name, unit, scale in (
        ("processes", "", 1),
        ("open_files", "", 1),
        ("temporary", "", 1),
        ("resident", " MB", 1 << 20),
        ("guard_resident", " MB", 1 << 20),
        ("journal", " bytes", 1),
    ):
        before, after = middle(first, name) / scale, middle(last, name) / scale
        told.append(f"{name.replace('_', ' ')} {before:.4g}{unit} to {after:.4g}{unit}")
    sys.stdout.write("soak: " + "; ".join(told) + "\n")
    for name in ("processes", "open_files", "temporary"):
        assert middle(last, name) == middle(first, name), name
    for name in ("resident", "guard_resident"):
        assert middle(last, name) <= middle(first, name) + (4 << 20), name
    assert middle(last, "journal") <= 1.2 * middle(first, "journal")
