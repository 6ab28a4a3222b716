"""A child process that preserves the recorded page and is killed at a fault point.

``python -m tests.evidence.seal.child RECORDED HOME OUT ID KILL_AT`` (0: not at all).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from evidence.seal.workfolder import WorkFolder
from tests.evidence.seal.rig import Recorded, run


def main() -> None:
    recorded, home, out, capture_id = sys.argv[1:5]
    kill_at, points = int(sys.argv[5]), []

    def fault(point: str) -> None:
        points.append(point)
        if len(points) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    run(
        Recorded(WorkFolder(Path(recorded))),
        Path(home),
        Path(out),
        capture_id=capture_id,
        fault=fault,
    )
    sys.stdout.write("\n".join(points) + "\n")


main()
