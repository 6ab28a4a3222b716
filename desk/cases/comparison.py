"""Two captures of one lead held against each other, by a process of its own with limits.

Pictures can be large, so the comparison never runs in the process that serves pages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from desk.cases.services.verify import LIMITS, ROOT
from desk.errors import DeskError

SECONDS = 60


def compare(first: Path, second: Path) -> dict[str, Any]:
    """Return what differs between two packages, as ``markseal compare --json`` prints it.

    Raises DeskError when they cannot be compared within the limits.
    """
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
