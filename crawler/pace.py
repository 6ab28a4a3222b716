"""Not faster than asked: the time between two requests to one source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LEAST_DELAY = 0.5
MAX_WAIT = 120.0


def seconds_between(ours: float, theirs: float, *, loopback: bool) -> float:
    """Return the larger of our delay and the site's; at least half a second off this machine."""
    return max(ours, theirs, 0.0 if loopback else LEAST_DELAY)


def retry_after(value: str | None, *, now: datetime, tries: int) -> float:
    """Return the seconds to wait after a 429 or 503: Retry-After, else 2, 4, 8…."""
    wait = 2.0 ** (tries + 1)
    if value and value.strip().isdigit():
        wait = float(value.strip())
    elif value:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return wait
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        wait = max((moment - now).total_seconds(), 0.0)
    return wait


@dataclass
class Pace:
    """Lets one caller through at a time, ``delay`` seconds apart."""

    delay: float = 0.0
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _next: float = 0.0

    async def turn(self) -> None:
        """Wait for one's turn."""
        now = self.clock()
        mine = max(now, self._next)
        self._next = mine + self.delay
        if mine > now:
            await asyncio.sleep(mine - now)

    def hold(self, seconds: float) -> None:
        """Let nobody through for so many seconds."""
        self._next = max(self._next, self.clock() + seconds)
