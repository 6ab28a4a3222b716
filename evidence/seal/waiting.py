"""Captures that are whole and wait for their timestamps: found in the work folders."""

from __future__ import annotations

import time
from pathlib import Path

from evidence.errors import EvidenceError
from evidence.home import EvidenceHome
from evidence.seal.means import Clock, Pause
from evidence.seal.order import Preserved, PreserveOrder
from evidence.seal.pipeline import resume
from evidence.seal.workfolder import CAPTURED, ORDER, WorkFolder

Result = Preserved | EvidenceError


def waiting(home: EvidenceHome) -> list[PreserveOrder]:
    """Return the order of every capture that is whole and not sealed, the oldest first."""
    found: list[tuple[float, PreserveOrder]] = []
    for path in home.work.glob(f"*/{ORDER}"):
        work = WorkFolder(path.parent)
        held = work.read(ORDER)
        if held is None or not work.is_open or work.read(CAPTURED) is None:
            continue
        order = PreserveOrder(
            url=held["url"],
            case=held["case"],
            out=Path(held["out"]),
            capture_id=held["capture_id"],
            requested_by=held["requested_by"],
        )
        found.append((path.stat().st_mtime, order))
    return [order for _, order in sorted(found, key=lambda item: item[0])]


def resume_all(
    home: EvidenceHome, *, proxy: str | None, clock: Clock, pause: Pause = time.sleep
) -> list[tuple[PreserveOrder, Result]]:
    """Try to seal each of them; return what came of it. One that fails keeps no other waiting."""
    done: list[tuple[PreserveOrder, Result]] = []
    for order in waiting(home):
        try:
            result = resume(order, home=home, proxy=proxy, clock=clock, pause=pause)
            done.append((order, result))
        except EvidenceError as error:
            done.append((order, error))
    return done
