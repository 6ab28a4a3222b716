"""Two captures of one lead held against each other, by a process of its own with limits.

Pictures can be large, so the comparison never runs in the process that serves pages.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

from desk.cases.models import Exhibit
from desk.cases.selectors import wacz_of
from desk.cases.services.verify import LIMITS, ROOT
from desk.errors import DeskError

SECONDS = 60


def compare(earlier: Exhibit, later: Exhibit) -> dict[str, Any]:
    """Return what differs between two exhibits, as ``markseal compare --json`` prints it.

    It is worked out once and kept under the digests of both manifests. Raises NotFound when a
    package is not there, DeskError when they cannot be compared within the limits.
    """
    name = f"{earlier.manifest_sha256[:32]}-{later.manifest_sha256[:32]}.json"
    kept = Path(settings.MARKSEAL_HOME) / "cache" / "comparisons" / name
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        first, second = wacz_of(earlier), wacz_of(later)
        with first.clear(kept.parent) as one, second.clear(kept.parent) as two:
            found = _compared(one, two)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False) as part:
            json.dump(found, part)
        Path(part.name).replace(kept)
    value: dict[str, Any] = json.loads(kept.read_text())
    return value


def _compared(first: Path, second: Path) -> dict[str, Any]:
    command = ["/bin/sh", "-c", LIMITS, "compare", sys.executable, "-m", "desk.cli", "compare"]
    try:
        done = subprocess.run(
            [*command, str(first), str(second), "--json"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        found = json.loads(done.stdout) if done.returncode in (0, 1) else None
    except (subprocess.TimeoutExpired, ValueError):
        found = None
    if not isinstance(found, dict):
        raise DeskError(
            "The two captures could not be compared here; run markseal compare on them.",
            "两次取证未能在此比较；请用 markseal compare 命令比较。",
        )
    return found
