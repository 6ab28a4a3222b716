"""A child process that fails a capture, closes a case, goes on in a successor log, or backs up.

``python -m tests.evidence.succession.victim HOME ACTION NUMBER KILL_AT`` (0: not at all); it is
killed at that fault point, else it prints the points that it passed.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.capture import CaptureOrder, Snapshot
from evidence.errors import CaptureFailed
from evidence.home import EvidenceHome
from evidence.log import Fault
from evidence.seal import PreserveOrder, preserve
from evidence.seal.closing import close_case
from evidence.succession.backup import back_up
from tests.evidence.builder import URL
from tests.evidence.succession.rig import CASE, now, take
from tests.evidence.succession.test_backup import WRAP


def gone(order: CaptureOrder, folder: Path, *, software: str, clock: Any = now) -> Snapshot:
    """Be a page that does not answer."""
    raise PageNotCaptured(Reason.UNREACHABLE, "Nobody answers.", "没有应答。")


def act(home: EvidenceHome, action: str, number: int, fault: Fault) -> None:
    out = home.path / "exhibits/first"
    if action == "close":
        close_case(home, CASE, clock=now, fault=fault)
    elif action == "backup":
        back_up(home, home.path.parent / f"{number}.backup", WRAP, now=now(), fault=fault)
    else:
        order = PreserveOrder(
            url=URL, case=CASE, out=out / f"{number}.wacz", capture_id=f"{number:032x}",
            sandbox=False,
        )  # fmt: skip
        with suppress(CaptureFailed):
            preserve(
                order, home=home, proxy=None, journal=None, browser=Path("/nonexistent"),
                take=gone if action == "fail" else take, clock=now, fault=fault,
            )  # fmt: skip


def main() -> None:
    home, action, number, kill_at = sys.argv[1:]
    points: list[str] = []

    def fault(point: str) -> None:
        points.append(point)
        if len(points) == int(kill_at):
            os.kill(os.getpid(), signal.SIGKILL)

    act(EvidenceHome(Path(home)), action, int(number), fault)
    sys.stdout.write("\n".join(points) + "\n")


if __name__ == "__main__":
    main()
