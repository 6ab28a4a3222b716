"""The frontier: which pages are to be read, which have been, and what they held.

One SQLite file in the work folder. A page, its listings and the links found on it are
written in one transaction, so that a crawl killed at any moment goes on from there and
reads again at most what was in flight.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.errors import WorkdirTaken
from crawler.listing import Listing

_TABLES = """
CREATE TABLE IF NOT EXISTS page (
  url TEXT PRIMARY KEY, kind TEXT NOT NULL, depth INTEGER NOT NULL, hops INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, state TEXT, reason TEXT);
CREATE INDEX IF NOT EXISTS page_waiting ON page (kind, depth) WHERE state IS NULL;
CREATE TABLE IF NOT EXISTS listing (
  number INTEGER PRIMARY KEY, platform TEXT NOT NULL, item_id TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE (platform, item_id));
CREATE TABLE IF NOT EXISTS overridden (url TEXT PRIMARY KEY, number TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Target:
    """A page to be read: ``kind`` is list, item, sitemap or any; ``hops`` counts redirects.

    ``key`` names it: its address, and below it what is posted there, if anything.
    """

    key: str
    kind: str
    depth: int = 0
    hops: int = 0
    tries: int = 0

    @property
    def url(self) -> str:
        """The address."""
        return self.key.partition("\n")[0]

    @property
    def body(self) -> str | None:
        """What is posted there; None if the page is got."""
        return self.key.partition("\n")[2] or None


def posted(url: str, body: str | None) -> str:
    """Return the key of a page by its address and what is posted to it."""
    return f"{url}\n{body}" if body else url


class Frontier:
    """The frontier of one crawl; only one process at a time may hold a folder."""

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise WorkdirTaken(
                f"Another crawl is at work in {folder}.", f"{folder} 中已有采集在进行。"
            ) from error
        self._base = sqlite3.connect(folder / "frontier.sqlite3", isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(_TABLES)
        self._facts = dict(self._base.execute("SELECT name, value FROM fact"))
        text = json.dumps(identity, sort_keys=True)
        if (self.fact("identity") or text) != text:
            self.close()
            raise WorkdirTaken(
                f"The folder {folder} holds the frontier of another order; give a new folder.",
                f"{folder} 中保存的是另一项采集，请换一个目录。",
            )
        self.note("identity", text)
        self._base.execute(
            "UPDATE page SET state = NULL, reason = NULL, tries = 0, due = 0 WHERE state IN "
            "('failed', 'refused', 'blocked', 'login', 'verification', 'forbidden')"
        )
        self._count()

    def _count(self) -> None:
        """Count pages and listings; from then on both are kept, for nobody else writes here."""
        rows = self._base.execute(
            "SELECT coalesce(state, 'waiting'), count(*) FROM page GROUP BY 1"
        )
        self._counts = Counter({str(state): int(count) for state, count in rows})
        listed = self._base.execute("SELECT count(*) FROM listing").fetchone()
        self._listed = int(listed[0])

    def close(self) -> None:
        """Close the file and let others in."""
        self._base.close()
        os.close(self._lock)

    def fact(self, name: str) -> str | None:
        """Return a fact noted about this crawl, or None."""
        return self._facts.get(name)

    def note(self, name: str, value: str) -> None:
        """Note a fact about this crawl."""
        self._base.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))
        self._facts[name] = value

    def add(self, targets: Iterable[Target]) -> None:
        """Add pages to be read; a page already known stays as it is."""
        added = self._base.executemany(
            "INSERT OR IGNORE INTO page (url, kind, depth, hops) VALUES (?, ?, ?, ?)",
            [(t.key, t.kind, t.depth, t.hops) for t in targets],
        )
        self._counts["waiting"] += max(added.rowcount, 0)

    def reopen_lists(self) -> None:
        """Let every list page that was read wait again."""
        self._base.execute(
            "UPDATE page SET state = NULL, reason = NULL, tries = 0, due = 0 "
            "WHERE kind = 'list' AND state IN ('ok', 'empty')"
        )
        self._count()

    def waiting(self, *, but: Iterable[str], now: float, most: int) -> list[Target]:
        """Return up to ``most`` pages that are due and not among ``but``; items come first."""
        skipped = set(but)
        found: list[Target] = []
        for kind in ("item", "any", "list", "sitemap"):
            rows = self._base.execute(
                "SELECT url, kind, depth, hops, tries FROM page "
                "WHERE state IS NULL AND kind = ? AND due <= ? ORDER BY depth, rowid LIMIT ?",
                (kind, now, most + len(skipped)),
            )
            found += [Target(*row) for row in rows if row[0] not in skipped]
            if len(found) >= most:
                break
        return found[:most]

    def next_due(self) -> float | None:
        """Return when the next page falls due (seconds since 1970), None if none waits."""
        row = self._base.execute("SELECT min(due) FROM page WHERE state IS NULL").fetchone()
        return None if row[0] is None else float(row[0])

    def later(self, target: Target, *, due: float) -> None:
        """Put a page off until ``due``; counts as one try."""
        self._base.execute(
            "UPDATE page SET tries = tries + 1, due = ? WHERE url = ?", (due, target.key)
        )

    def done(
        self,
        target: Target,
        state: str,
        *,
        reason: str | None = None,
        listings: Iterable[Listing] = (),
        found: Iterable[Target] = (),
        limit: int | None = None,
        override: str | None = None,
    ) -> list[Listing]:
        """Write a page's end with all it held, at once; return the listings that are new.

        ``override`` is the number of the override under which the page was read.
        """
        new: list[Listing] = []
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._base.execute(
                "UPDATE page SET state = ?, reason = ? WHERE url = ?", (state, reason, target.key)
            )
            if override is not None:
                self._base.execute(
                    "INSERT OR REPLACE INTO overridden VALUES (?, ?)", (target.key, override)
                )
            self._counts.update({"waiting": -1, state: 1})
            self.add(found)
            room = None if limit is None else limit - self.listed()
            for listing in listings:
                if room is not None and len(new) >= room:
                    break
                if self._keep(listing):
                    new.append(listing)
            self._base.execute("COMMIT")
        except sqlite3.Error:
            self._base.execute("ROLLBACK")
            self._count()
            raise
        self._listed += len(new)
        return new

    def _keep(self, listing: Listing) -> bool:
        cursor = self._base.execute(
            "INSERT OR IGNORE INTO listing (platform, item_id, body) VALUES (?, ?, ?)",
            (
                listing.platform or "",
                listing.item_id or listing.id,
                json.dumps(listing.to_json(), ensure_ascii=False),
            ),
        )
        return cursor.rowcount == 1

    def is_news(self, targets: Iterable[Target], listings: Iterable[Listing]) -> bool:
        """Return whether any of these pages or listings has not been seen before."""
        page = "SELECT 1 FROM page WHERE url = ?"
        item = "SELECT 1 FROM listing WHERE platform = ? AND item_id = ?"
        return any(self._base.execute(page, (t.key,)).fetchone() is None for t in targets) or any(
            self._base.execute(item, (x.platform or "", x.item_id or x.id)).fetchone() is None
            for x in listings
        )

    def listed(self) -> int:
        """Return how many listings are kept."""
        return self._listed

    def listings(self) -> Iterator[Listing]:
        """Return every listing kept, in the order in which they were read."""
        for (body,) in self._base.execute("SELECT body FROM listing ORDER BY number"):
            yield Listing.from_json(json.loads(body))

    def counts(self) -> dict[str, int]:
        """Return the number of pages by state; ``waiting`` counts those still to be read."""
        return {state: self._counts[state] for state in sorted(self._counts) if self._counts[state]}

    def overridden(self) -> int:
        """Return the number of pages that were read under an override."""
        return int(self._base.execute("SELECT count(*) FROM overridden").fetchone()[0])

    def reasons(self) -> list[tuple[str, str]]:
        """Return state and reason of the pages that ended with a reason."""
        rows = self._base.execute(
            "SELECT state, reason FROM page WHERE state IS NOT NULL AND reason IS NOT NULL"
        )
        return [(str(state), str(reason)) for state, reason in rows]
