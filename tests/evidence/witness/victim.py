"""A witness as a process of its own that is killed at a fault point.

``python -m tests.evidence.witness.victim FOLDER KILL_AT``: serve the test's log, print the
address; SIGKILL at the KILL_AT-th point (0: never).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from evidence.witness.keeper import Witness
from evidence.witness.running import run_witness
from evidence.witness.state import WitnessHome
from tests.evidence.witness.fixtures import THE_LOG, noon


def main() -> None:
    kill_at, seen = int(sys.argv[2]), 0

    def fault(point: str) -> None:
        nonlocal seen
        seen += 1
        if seen == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def ready(witness: Witness, address: str) -> None:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()

    run_witness(
        WitnessHome(Path(sys.argv[1])),
        name="witness.example/victim",
        listen=("127.0.0.1", 0),
        logs=[THE_LOG],
        clock=noon,
        ready=ready,
        stop=threading.Event(),
        fault=fault,
    )


main()
