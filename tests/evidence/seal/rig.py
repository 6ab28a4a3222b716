"""A recorded capture that stands in for the browser, and a home to seal it in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.capture import CaptureOrder, Snapshot
from evidence.log import Fault, no_fault
from evidence.seal import EvidenceHome, Preserved, PreserveOrder, open_home, preserve
from evidence.seal.snapshot import load_snapshot
from evidence.seal.workfolder import WorkFolder

ROOT = Path(__file__).resolve().parents[3]
CASE = "甬市监〔2026〕1号"
ID = "ab" * 16


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Recorded:
    """Gives back a capture that was made once, with the times of now."""

    work: WorkFolder

    def __call__(
        self, order: CaptureOrder, folder: Path, *, software: str, clock: Any = now
    ) -> Snapshot:
        """Copy the recorded artefacts into ``folder``."""
        started = clock()
        held = load_snapshot(self.work)
        shutil.copytree(held.folder, folder, dirs_exist_ok=True)
        return replace(held, started=started, finished=clock(), folder=folder)

    @property
    def url(self) -> str:
        """The address that was captured."""
        return load_snapshot(self.work).url


def order(
    recorded: Recorded, out: Path, *, capture_id: str = ID, case: str = CASE
) -> PreserveOrder:
    return PreserveOrder(url=recorded.url, case=case, out=out, capture_id=capture_id, sandbox=False)


def run(
    recorded: Recorded,
    home: Path,
    out: Path,
    *,
    capture_id: str = ID,
    case: str = CASE,
    fault: Fault = no_fault,
) -> Preserved:
    """Preserve the recorded page into ``out``."""
    out.parent.mkdir(parents=True, exist_ok=True)
    return preserve(
        order(recorded, out, capture_id=capture_id, case=case),
        home=open_home(home, clock=now),
        proxy=None,
        journal=None,
        browser=Path("/nonexistent"),
        fault=fault,
        take=recorded,
        pause=lambda seconds: None,
    )


def verdict(file: Path, trust: Path) -> dict[str, Any]:
    """Return our own verifier's verdict, run as anyone would run it."""
    command = [sys.executable, "-m", "evidence", "verify", str(file), "--trust", str(trust)]
    result = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, check=False)
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def home_at(path: Path) -> EvidenceHome:
    return open_home(path, clock=now)
