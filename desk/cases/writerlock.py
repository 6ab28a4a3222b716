"""The evidence log's single writer across machines: an advisory lock of PostgreSQL.

It is held on a connection of its own and ends with it, however that ends, so a machine that
dies lets go. On SQLite there is one machine, and the lock files of the log's folder serve.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from evidence.errors import LogError
from evidence.home import EvidenceHome

PAUSE = 0.01
_TAKE = "SELECT pg_try_advisory_lock(%s)"
_HELD = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND pid = pg_backend_pid()"
)


@dataclass(frozen=True)
class DatabaseLock:
    """A ``WriterLock`` (``evidence.log``) in the desk's database; ``log`` names the log there."""

    log: str = "markseal"

    @contextmanager
    def hold(self, name: str, *, seconds: float) -> Iterator[Callable[[], None]]:
        """Hold the lock ``name``; LogError after ``seconds``, or when the database is not there.

        Yields what raises LogError when the connection, and the lock with it, is gone.
        """
        own = connection.copy()
        try:
            self._take(own, name, seconds)
            yield lambda: _require_held(own)
        except DatabaseError as error:
            raise _gone() from error
        finally:
            own.close()

    def _take(self, own: object, name: str, seconds: float) -> None:
        key = hashlib.sha256(f"{self.log} {name}".encode()).digest()[:8]
        until = time.monotonic() + seconds
        with own.cursor() as cursor:  # type: ignore[attr-defined]
            while True:
                cursor.execute(_TAKE, [int.from_bytes(key, "big", signed=True)])
                if cursor.fetchone()[0]:
                    return
                if time.monotonic() > until:
                    raise LogError(
                        f"Another machine has held the log's {name} for {seconds:.0f} seconds; "
                        "try again.",
                        f"另一台机器占用日志的 {name} 已超过 {seconds:.0f} 秒；请稍后重试。",
                    )
                time.sleep(PAUSE)


def _require_held(own: object) -> None:
    try:
        with own.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(_HELD)
            held = cursor.fetchone()[0]
    except DatabaseError as error:
        raise _gone() from error
    if not held:
        raise _gone()


def _gone() -> LogError:
    return LogError(
        "The database that keeps other machines from writing to the log does not answer; nothing "
        "was appended. Try again when it is back.",
        "用于防止其他机器同时写日志的数据库没有响应；未追加任何内容。请在数据库恢复后重试。",
    )


def evidence_home() -> EvidenceHome:
    """Return the evidence of this installation, its log locked in the database where it has one."""
    lock = DatabaseLock() if connection.vendor == "postgresql" else None
    return EvidenceHome(Path(settings.MARKSEAL_HOME), lock)
