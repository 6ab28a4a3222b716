"""A capture of the ground-truth site, with what the server says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from egress.process import guard
from evidence.capture import CaptureOrder, Limits, Snapshot, capture, find_browser
from tests.evidence.ground.ledger import Exchange
from tests.evidence.ground.reader import Pair, pairs, records
from tests.evidence.ground.server import Ground


@dataclass(frozen=True)
class Held:
    """A finished capture with what the server says of it."""

    snapshot: Snapshot
    logged: tuple[Exchange, ...]
    recorded: list[Pair]
    paths: set[str]

    def file(self, name: str) -> Any:
        """Return one of the capture's JSON records."""
        return json.loads((self.snapshot.folder / name).read_bytes())

    @property
    def record(self) -> dict[str, Any]:
        value: dict[str, Any] = self.file("evidence/capture.json")
        return value


@cache
def browser() -> Path:
    return find_browser()


def order(url: str, way_out: tuple[str, Path] | None, **more: Any) -> CaptureOrder:
    proxy, journal = way_out or (None, None)
    return CaptureOrder(
        url=url, browser=browser(), proxy=proxy, journal=journal, sandbox=False,
        limits=Limits(settle_seconds=4), **more,
    )  # fmt: skip


def held(where: Ground, path: str, folder: Path, *, guarded: bool, **more: Any) -> Held:
    where.ledger.clear()
    if guarded:
        folder.mkdir(parents=True, exist_ok=True)
        with guard(folder / "journal.jsonl", allow_loopback=True) as running:
            wanted = order(where.address + path, (running.address, running.journal), **more)
            snapshot = capture(wanted, folder / "capture", software="ground truth")
    else:
        wanted = order(where.address + path, None, **more)
        snapshot = capture(wanted, folder / "capture", software="ground truth")
    recorded = pairs(records(snapshot.folder / "archive/data.warc.gz"))
    return Held(snapshot, where.ledger.settled(), recorded, set(where.answers))
