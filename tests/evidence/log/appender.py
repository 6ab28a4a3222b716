"""A child process that appends attempts and is killed at a fault point.

``python -m tests.evidence.log.appender FOLDER COUNT KILL_AT [POINT]``: append COUNT attempts of
this process's own case, printing each index once acknowledged; SIGKILL at the KILL_AT-th point
(of those whose name ends in POINT).
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from pathlib import Path

from tests.evidence.log.fixtures import attempt, make_log


def main() -> None:
    folder, count, kill_at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    seen, wanted = 0, "".join(sys.argv[4:])

    def fault(point: str) -> None:
        nonlocal seen
        seen += point.endswith(wanted)
        if seen == kill_at and point.endswith(wanted):
            os.kill(os.getpid(), signal.SIGKILL)

    log = make_log(folder, fault)
    case = secrets.token_hex(16)  # not the process id: those come again
    for number in range(1, count + 1):
        index = log.append(lambda s, n=number: attempt(s.previous(), n, case=case))  # type: ignore[misc]
        sys.stdout.write(f"{index}\n")
        sys.stdout.flush()
    sys.stdout.write(f"points {seen}\n")


main()
