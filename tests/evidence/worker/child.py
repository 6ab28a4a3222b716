"""A process that preserves one page for real; the tests kill it, or what it started.

``python -m tests.evidence.worker.child URL HOME OUT ID PROXY JOURNAL``; prints one JSON line.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from evidence.capture import Limits, find_browser
from evidence.errors import EvidenceError
from evidence.seal import PreserveOrder, open_home, preserve
from tests.evidence.seal.rig import now

LIMITS = Limits(seconds=60, load_seconds=20, settle_seconds=2, grace_seconds=10, scrolls=3)


def main() -> None:
    url, home, out, capture_id, proxy, journal = sys.argv[1:7]
    order = PreserveOrder(
        url=url,
        case="甬1",
        out=Path(out),
        capture_id=capture_id,
        sandbox=os.geteuid() != 0,
        limits=LIMITS,
    )
    try:
        result = preserve(
            order,
            home=open_home(Path(home), clock=now),
            proxy=proxy,
            journal=Path(journal),
            browser=find_browser(),
            user=os.environ.get("TEST_CAPTURE_USER", ""),
        )
    except EvidenceError as error:
        print(json.dumps({"failed": error.en, "kind": type(error).__name__}))
    else:
        print(json.dumps({"status": result.status.value, "title": result.title}))


if __name__ == "__main__":
    main()
