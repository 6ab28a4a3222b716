"""The case index: where the entries of a case and of a capture stand. Derived, never the truth.

A SQLite file beside the entries. It is caught up on opening and thrown away and built again
when it is damaged or does not fit the log (its last entry's leaf hash is compared with the
log's). It may be deleted at any time.
"""

from __future__ import annotations

import sqlite3
from binascii import unhexlify
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.errors import FormatError, LogError
from evidence.format.entry import CaseClosed, CaseContinued, parse_entry
from evidence.format.glance import ATTEMPT, as_glance, glances
from evidence.format.merkle import leaf_hash
from evidence.format.tiles import WIDTH
from evidence.log.store import Store

INDEX = "index.sqlite3"
CLOSED, CONTINUED = 9, 8
BATCH = 8192
_FORM = 1
_OUTSIDE = ("SQLITE_BUSY", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_PERM")
_TABLES = (
    "PRAGMA user_version = 1",
    """CREATE TABLE entry (at INTEGER PRIMARY KEY, kind INTEGER NOT NULL,
    case_tag BLOB NOT NULL, capture_id BLOB, number INTEGER NOT NULL)""",
    "CREATE TABLE upto (size INTEGER NOT NULL, leaf BLOB NOT NULL)",
    "INSERT INTO upto VALUES (0, x'')",
)
_SORTED = (
    "CREATE INDEX IF NOT EXISTS by_case ON entry (case_tag, kind, number)",
    "CREATE INDEX IF NOT EXISTS by_capture ON entry (capture_id)",
)
"""Made when every entry is in: a million rows are sorted at once in seconds, one by one in minutes.
Where a process ended before, the next one that catches up makes them."""


class _OtherForm(sqlite3.DatabaseError):
    """The file is an index of another version of the software, or no index at all."""

    sqlite_errorname = "SQLITE_NOTADB"


@dataclass(frozen=True)
class Row:
    """One entry of a case: its index, kind (see ``evidence.format.glance``), number.

    Kind 9 closes the case, 8 continues one of the log before, where ``number`` stood.
    """

    at: int
    kind: int
    case_tag: bytes
    capture_id: bytes | None
    number: int


def row_of(at: int, data: bytes) -> Row | None:
    """Return the row of an entry, None for one that belongs to no case or cannot be read."""
    try:
        seen = as_glance(data)
        if seen is not None:
            kind, capture, case, number = seen[:4]
            return Row(at, kind, unhexlify(case), unhexlify(capture), number)
        entry = parse_entry(data)
    except FormatError:
        return None
    if isinstance(entry, CaseClosed):
        return Row(at, CLOSED, bytes.fromhex(entry.case_tag), None, entry.attempts)
    if isinstance(entry, CaseContinued):
        return Row(at, CONTINUED, bytes.fromhex(entry.case_tag), None, entry.attempts)
    return None


@dataclass
class CaseIndex:
    """The index at ``path``; ``waiting`` are entries that were appended but not yet committed."""

    path: Path
    waiting: list[Row] = field(default_factory=list)
    _open: sqlite3.Connection | None = None
    _store: Store | None = None
    _size: int = 0
    _sorted: bool = False

    def of_case(self, case_tag: str) -> list[int]:
        """Return the indices of all entries of a case (attempts, outcomes, closing), in order."""
        return [row.at for row in self._case(case_tag)]

    def of_capture(self, capture_id: str) -> list[int]:
        """Return the indices of all entries of a capture, in order."""
        wanted = bytes.fromhex(capture_id)
        found = {row.at: row for row in self._rows("capture_id", wanted)}
        found |= {row.at: row for row in self.waiting if row.capture_id == wanted}
        return sorted(found)

    def last_number(self, case_tag: str) -> int:
        """Return the highest number of an attempt of the case, 0 for a case without one."""
        wanted = bytes.fromhex(case_tag)
        query = "SELECT max(number) FROM entry WHERE case_tag = ? AND kind IN (?, ?)"
        counting = (ATTEMPT, CONTINUED)
        ((last,),) = self._ask(query, wanted, *counting)
        waiting = [r.number for r in self.waiting if r.case_tag == wanted and r.kind in counting]
        return max([int(last or 0), *waiting])

    def closed_at(self, case_tag: str) -> int | None:
        """Return the index of the entry that closed the case, None for an open one."""
        return next((row.at for row in self._case(case_tag) if row.kind == CLOSED), None)

    def _case(self, case_tag: str) -> list[Row]:
        wanted = bytes.fromhex(case_tag)
        found = {row.at: row for row in self._rows("case_tag", wanted)}
        found |= {row.at: row for row in self.waiting if row.case_tag == wanted}
        return [found[at] for at in sorted(found)]

    def _rows(self, column: str, value: bytes) -> list[Row]:
        query = f"SELECT * FROM entry WHERE {column} = ? ORDER BY at"  # noqa: S608
        return [Row(*found) for found in self._ask(query, value)]

    def _ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query; a damaged file is built again first."""
        try:
            with self._base() as base:
                return base.execute(query, values).fetchall()
        except sqlite3.DatabaseError:
            if self._store is None:
                raise
            self.rebuild(self._store, self._size)
        with self._base() as base:
            return base.execute(query, values).fetchall()

    def catch_up(self, store: Store, size: int) -> None:
        """Take in the entries up to ``size``; build it again where it does not fit the log."""
        if self._open is not None and self._store == store and self._size == size:
            return None
        self._store, self._size = store, size
        with suppress(sqlite3.DatabaseError):
            if self._fits(store, size):
                return self._take(store, size)
        self.rebuild(store, size)
        return None

    def rebuild(self, store: Store, size: int) -> int:
        """Throw the index away and build it from the entries; return how many were taken."""
        self.close()
        for name in (self.path.name, f"{self.path.name}-wal", f"{self.path.name}-shm"):
            self.path.with_name(name).unlink(missing_ok=True)
        self._take(store, size)
        return size

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            with suppress(sqlite3.DatabaseError):
                self._open.close()
            self._open, self._sorted = None, False

    def _fits(self, store: Store, size: int) -> bool:
        with self._base() as base:
            upto, leaf = base.execute("SELECT size, leaf FROM upto").fetchone()
        if upto > size:  # another process is ahead of us, or the log became shorter
            size = store.newest().size
        return bool(upto == 0 or (upto <= size and leaf == store.leaf(upto - 1, size)))

    def _take(self, store: Store, size: int) -> None:
        with self._base() as base:
            while True:
                base.execute("BEGIN IMMEDIATE")
                try:
                    done = self._take_batch(base, store, size)
                    for statement in _SORTED if done and not self._sorted else ():
                        base.execute(statement)
                    self._sorted = done
                except BaseException:
                    base.rollback()
                    raise
                base.commit()
                if done:
                    return

    def _take_batch(self, base: sqlite3.Connection, store: Store, size: int) -> bool:
        (upto,) = base.execute("SELECT size FROM upto").fetchone()
        until, data = min(size, upto + BATCH), b""
        rows: list[tuple[object, ...]] = []
        for number in range(upto // WIDTH, -(-until // WIDTH)) if until > upto else ():
            first = max(upto, number * WIDTH)
            group = store.bundle(number, size)[first - number * WIDTH : until - number * WIDTH]
            rows += _values(first, group)
            data = group[-1]
        if until > upto:
            insert = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)"
            base.executemany(insert, rows)
            base.execute("UPDATE upto SET size = ?, leaf = ?", (until, leaf_hash(data)))
        return bool(until >= size)

    @contextmanager
    def _base(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._open is None:
                self._open = _connect(self.path)
            yield self._open
        except sqlite3.DatabaseError as error:
            self.close()
            if not error.sqlite_errorname.startswith(_OUTSIDE):
                raise
            raise LogError(
                f"The log's index cannot be used ({error}).",
                f"无法使用日志索引（{error}）。",
            ) from error


def _values(first: int, group: Sequence[bytes]) -> Iterator[tuple[object, ...]]:
    """Yield the rows of some entries, read together, as the table holds them."""
    for at, (data, seen) in enumerate(zip(group, glances(group), strict=True), first):
        if seen is not None:
            yield (at, seen[0], unhexlify(seen[2]), unhexlify(seen[1]), seen[3])
        else:
            row = row_of(at, data)
            if row is not None:
                yield (row.at, row.kind, row.case_tag, row.capture_id, row.number)


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file and make its tables where they are missing."""
    base = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("BEGIN IMMEDIATE")
        (form,) = base.execute("PRAGMA user_version").fetchone()
        if form == 0:
            for statement in _TABLES:
                base.execute(statement)
        base.commit()
    except sqlite3.DatabaseError:
        base.close()
        raise
    if form not in (0, _FORM):
        base.close()
        raise _OtherForm("an index of another form")
    return base
