"""How many leads there are of each kind, kept by the database itself.

Triggers write a signed row into LeadCount for every lead that comes, goes or changes its
kind; the sum of the rows is the count. Rows are only ever added, so two officers never
wait for each other; ``fold`` sums them up. SQLite forgets the triggers of a table that a
migration remakes: ``keep_counting`` runs after every migration and puts them back.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction

from desk.leads.models import Lead, LeadCount

KIND = ("organisation_id", "holder_id", "mark_id", "platform", "state")
COLUMNS = ", ".join(KIND)
TRIGGERS = ("lead_counted", "lead_uncounted", "lead_recounted")
NEEDLESS = 500
"""So many rows are summed at every reading without anybody noticing."""


def keep_counting(*, using: str = "default", **_: Any) -> None:
    """Make the triggers where they are missing and count anew then; done after migrations.

    An empty table is counted anew too: tests empty tables in no order.
    """
    connection = connections[using]
    if LeadCount._meta.db_table not in connection.introspection.table_names():
        return
    with transaction.atomic(using=using):
        missing = _missing(connection)
        if missing:
            with connection.cursor() as cursor:
                for statement in _sqlite() if connection.vendor == "sqlite" else _postgresql():
                    cursor.execute(statement)
        if missing or not Lead.objects.using(using).exists():
            recount(using=using)


def stop_counting(connection: Any) -> None:
    """Drop the triggers: before a migration back to a time without counts."""
    on = "" if connection.vendor == "sqlite" else " ON leads_lead"
    with connection.cursor() as cursor:
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def recount(*, using: str = "default") -> None:
    """Replace the kept counts by counting every lead."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("DELETE FROM leads_leadcount")
        cursor.execute(
            f"INSERT INTO leads_leadcount ({COLUMNS}, number) "  # noqa: S608 - constants
            f"SELECT {COLUMNS}, COUNT(*) FROM leads_lead GROUP BY {COLUMNS}"
        )


def fold(*, using: str = "default") -> None:
    """Sum the rows of each kind up into one; harmless at any time and from two places."""
    if LeadCount.objects.using(using).count() <= NEEDLESS:
        return
    with transaction.atomic(using=using):
        seen = LeadCount.objects.using(using).order_by("pk").select_for_update()
        sums: dict[tuple[Any, ...], int] = {}
        rows = seen.values_list("pk", *KIND, "number")
        keys = []
        for pk, *kind, number in rows.iterator(chunk_size=5_000):
            keys.append(pk)
            sums[tuple(kind)] = sums.get(tuple(kind), 0) + number
        for start in range(0, len(keys), 5_000):
            LeadCount.objects.using(using).filter(pk__in=keys[start : start + 5_000]).delete()
        LeadCount.objects.using(using).bulk_create(
            LeadCount(**dict(zip(KIND, kind, strict=True)), number=number)
            for kind, number in sums.items()
            if number
        )


def _missing(connection: Any) -> bool:
    if connection.vendor == "sqlite":
        kept = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        kept = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'leads_lead'::regclass"
    with connection.cursor() as cursor:
        cursor.execute(kept)
        return not {name for (name,) in cursor.fetchall()}.issuperset(TRIGGERS)


def _row(side: str, number: int) -> str:
    values = ", ".join(f"{side}.{name}" for name in KIND)
    into = f"INSERT INTO leads_leadcount ({COLUMNS}, number)"
    return f"{into} VALUES ({values}, {number});"


def _sqlite() -> list[str]:
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in KIND)
    make = "CREATE TRIGGER IF NOT EXISTS"
    return [
        f"{make} lead_counted AFTER INSERT ON leads_lead BEGIN {_row('NEW', 1)} END",
        f"{make} lead_uncounted AFTER DELETE ON leads_lead BEGIN {_row('OLD', -1)} END",
        (
            f"{make} lead_recounted AFTER UPDATE OF {COLUMNS} ON leads_lead WHEN {changed} "
            f"BEGIN {_row('OLD', -1)} {_row('NEW', 1)} END"
        ),
    ]


def _sums(table: str, sign: str) -> str:
    return f"SELECT {COLUMNS}, {sign}COUNT(*) AS number FROM {table} GROUP BY {COLUMNS}"  # noqa: S608


def _postgresql() -> list[str]:
    """Return the statements: one trigger for each statement, however many rows it changes."""
    into = f"INSERT INTO leads_leadcount ({COLUMNS}, number)"
    both = f"{_sums('gone', '-')} UNION ALL {_sums('come', '')}"
    changed = (
        f"SELECT {COLUMNS}, SUM(number) FROM ({both}) AS both_sides "  # noqa: S608
        f"GROUP BY {COLUMNS} HAVING SUM(number) <> 0"
    )
    bodies = {
        "lead_counted": ("INSERT", "NEW TABLE AS come", _sums("come", "")),
        "lead_uncounted": ("DELETE", "OLD TABLE AS gone", _sums("gone", "-")),
        "lead_recounted": ("UPDATE", "OLD TABLE AS gone NEW TABLE AS come", changed),
    }
    statements = []
    for name, (event, tables, body) in bodies.items():
        statements += [
            (
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {into} {body}; RETURN NULL; END $$"
            ),
            f"DROP TRIGGER IF EXISTS {name} ON leads_lead",
            (
                f"CREATE TRIGGER {name} AFTER {event} ON leads_lead REFERENCING {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            ),
        ]
    return statements
