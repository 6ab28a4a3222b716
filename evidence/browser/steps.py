"""The log of steps of one capture: wall clock for people, monotonic clock for durations."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

Clock = Callable[[], datetime]
Tell = Callable[[str], None]


def wall_clock() -> datetime:
    """Return the time of this machine, UTC."""
    return datetime.now(UTC)


def untold(step: str) -> None:
    """Tell nobody of a step; the default."""


@dataclass
class Steps:
    """Collects the steps; ``since_start`` is monotonic seconds; ``tell`` hears of each at once."""

    clock: Clock = wall_clock
    monotonic: Callable[[], float] = time.monotonic
    tell: Tell = untold
    items: list[dict[str, str]] = field(default_factory=list)
    _origin: float | None = None

    def add(self, step: str, note: str = "") -> None:
        """Record that ``step`` was reached now."""
        item = {
            "step": step,
            "wall": self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "since_start": f"{self.elapsed():.6f}",
        }
        if note:
            item["note"] = note[:500]
        self.items.append(item)
        self.tell(step)

    def elapsed(self) -> float:
        """Return monotonic seconds since the first call."""
        now = self.monotonic()
        if self._origin is None:
            self._origin = now
        return now - self._origin
