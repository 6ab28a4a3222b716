"""A process that takes in or erases an exhibit of a home, to be killed wherever a test likes.

``python -m tests.evidence.keeping.child HOME ACTION [POINT]``: it kills itself at ``POINT``.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from evidence.home import EvidenceHome
from evidence.keeping.erasing import EraseOrder, erase
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore
from tests.evidence.builder import CAPTURE_ID, NAME


def main(place: str, action: str, point: str = "") -> None:
    home = EvidenceHome(Path(place))
    kept = Kept(home.path / "exhibits" / CAPTURE_ID, NAME)
    print("ready", flush=True)
    if action == "put":
        FolderStore(home).put(kept)
        return

    def fault(at: str) -> None:
        if at == point:
            os.kill(os.getpid(), signal.SIGKILL)

    order = EraseOrder("pipl-purpose-ended", ("张三", "李四"), "已结")
    erase(kept, order, home=home, clock=lambda: datetime.now(UTC), fault=fault)


if __name__ == "__main__":
    main(*sys.argv[1:])
