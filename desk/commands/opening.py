"""Opening the desk at the command line: data folder, Django, tables.

Django is imported here and nowhere earlier, so that commands without records stay quick.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.environment import SettingError, setting


def open_home() -> Path:
    """Return the data folder, made (0700) when it is not there; raises SettingError."""
    home = Path(setting("MARKSEAL_HOME"))
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = home / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingError(
            f"The data folder {home} cannot be used ({error.strerror}); set MARKSEAL_HOME.",
            f"数据目录 {home} 无法使用（{error.strerror}），请设置 MARKSEAL_HOME。",
        ) from error
    return home


def open_desk() -> Path:
    """Set Django up, bring the tables up to date, and return the data folder.

    Raises SettingError with one sentence when the database does not answer.
    """
    home = open_home()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.db.utils import DatabaseError

    django.setup()
    try:
        _migrate(home)
    except DatabaseError as error:
        first = (str(error).strip().splitlines() or ["?"])[0]
        raise SettingError(
            f"The database cannot be used ({first}); check MARKSEAL_DATABASE_URL.",
            f"数据库无法使用（{first}），请检查 MARKSEAL_DATABASE_URL。",
        ) from error
    return home


def check_session_key() -> None:
    """Raise SettingError when the key that signs sessions cannot be used; Django must be set up."""
    from django.conf import settings

    str(settings.SECRET_KEY)


def _migrate(home: Path) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with _alone(home):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep two processes, or two machines on one database, from migrating at once."""
    from django.db import connection

    with (home / ".migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(7771001)")
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(7771001)")
