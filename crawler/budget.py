"""Budgets of a source: no more requests in an hour or a day than its recipe allows.

Kept in one SQLite file that all crawls of an installation share, so that two watches of one
site, or a crawl begun again, spend from the same purse. Hours and days are UTC's.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

HOUR = 3600
DAY = 86400
_TABLE = """
CREATE TABLE IF NOT EXISTS spent (
  source TEXT NOT NULL, hour INTEGER NOT NULL, requests INTEGER NOT NULL,
  PRIMARY KEY (source, hour)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Budget:
    """The purse of one source; 0 means without a bound."""

    path: Path
    source: str
    per_hour: int = 0
    per_day: int = 0

    def spend(self, now: float) -> float:
        """Count one request and return 0.0; if the purse is empty, return when it fills again.

        ``now`` and what is returned are seconds since 1970. Nothing is counted when empty.
        """
        if not self.per_hour and not self.per_day:
            return 0.0
        hour = int(now) // HOUR
        day = int(now) // DAY * (DAY // HOUR)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as base:
            base.execute("PRAGMA busy_timeout=10000")
            base.executescript(_TABLE)
            base.execute("BEGIN IMMEDIATE")
            rows = base.execute(
                "SELECT hour, requests FROM spent WHERE source = ? AND hour >= ?",
                (self.source, min(hour, day)),
            ).fetchall()
            due = self._due(dict(rows), hour, day)
            if not due:
                base.execute(
                    "INSERT INTO spent VALUES (?, ?, 1) "
                    "ON CONFLICT DO UPDATE SET requests = requests + 1",
                    (self.source, hour),
                )
                base.execute("DELETE FROM spent WHERE hour < ?", (day - 24,))
            base.execute("COMMIT")
        return due

    def _due(self, spent: dict[int, int], hour: int, day: int) -> float:
        if self.per_day and sum(spent.values()) >= self.per_day:
            return float((day + DAY // HOUR) * HOUR)
        if self.per_hour and spent.get(hour, 0) >= self.per_hour:
            return float((hour + 1) * HOUR)
        return 0.0
