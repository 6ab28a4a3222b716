"""What a preservation works with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.home import EvidenceHome
from evidence.log import Fault, Log
from evidence.seal.apart import Take

Clock = Callable[[], datetime]
Pause = Callable[[float], None]


@dataclass(frozen=True)
class Means:
    """What a preservation works with; ``fault`` is the seam at which tests kill it.

    ``pause`` waits (seconds) before an authority is asked again.
    """

    home: EvidenceHome
    proxy: str | None
    journal: Path | None
    browser: Path
    clock: Clock
    fault: Fault
    take: Take
    pause: Pause = time.sleep

    @property
    def log(self) -> Log:
        """The log, with our fault points."""
        return self.home.open_log(self.fault)
