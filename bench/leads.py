"""The desk's lists at the size of a city: a million leads, every page timed on the server.

``python -m bench.leads [--leads 1000000] [--marks 1000] [--times 40] [--postgres]``. The rows
are made in a database of their own (SQLite in a temporary folder, or a throwaway PostgreSQL);
every page is asked for through the whole of Django, templates included, in one process. The
reach: p50 and p95 of lists, counts and the next lead at 200 ms or less.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BAR = 200.0
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def settle(marks: int) -> Any:
    """Return the bureau, its officer, the brand owner and her marks, freshly written."""
    from django.core.management import call_command

    from desk.register.models import Mark
    from desk.register.services import add_organisation, add_user

    call_command("migrate", verbosity=0)
    bureau = add_organisation(name="鄞州局", kind="bureau")
    brand = add_organisation(name="甬舟茶业", kind="brand_owner")
    officer = add_user(name="officer", role="officer", organisation=bureau)[0]
    owner = add_user(name="owner", role="owner", organisation=brand)[0]
    rows = Mark.objects.bulk_create(
        Mark(organisation=brand, mark_id=f"{100 + n}", name=f"甬舟{n}") for n in range(marks)
    )
    return bureau, brand, officer, owner, rows


NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {leads})"
LISTINGS = """INSERT INTO leads_listing (id, platform, item_id, url, title, price, currency, data,
  digest, first_seen, last_seen, changes) {numbers}
SELECT i, CASE WHEN i % 10 < 6 THEN 'taobao' WHEN i % 10 < 9 THEN 'pinduoduo' ELSE 'douyin' END,
  CAST(i AS TEXT), 'http://127.0.0.1:9/' || CAST(i AS TEXT),
  '甬舟 ' || CASE i % 5 WHEN 0 THEN '龙井茶 礼盒' WHEN 1 THEN '红茶 散装 特级' WHEN 2
  THEN 'tea 250g' WHEN 3 THEN '茶具 套装 家用' ELSE '保温杯 500ml' END || ' ' || CAST(i AS TEXT),
  '12.00', 'CNY', '{{"shop": "某某专营店", "price": "12.00", "title": "甬舟"}}', '{zeros}',
  '{noon}', '{noon}', 0 FROM n"""
LEADS = """INSERT INTO leads_lead (number, organisation_id, listing_id, mark_id, holder_id,
  platform, preserving, state, reason_code, revision, similarity, priority, field, span, reasons,
  against, versions, snapshot, listing_digest, picture, found_at, last_found_at)
SELECT '甬线-2026-' || CAST(id AS TEXT), {bureau}, id,
  {mark} + CAST(({marks} - 1) * ((id * 7919 % 10007) / 10007.0) * ((id * 104729 % 10007) / 10007.0)
  AS INTEGER), {brand}, platform, {no}, CASE WHEN id % 20 < 17 THEN 'new' WHEN id % 20 = 17
  THEN 'shortlisted' ELSE 'dismissed' END, CASE WHEN id % 20 > 17 THEN 'genuine' ELSE '' END, 0,
  0.9, 0.5 + (id * 7919 % 500) / 1000.0, 'title', '[0, 2]', '[]', '[]', '{{}}', data, digest, '',
  first_seen, last_seen FROM leads_listing"""


def fill(number: int, bureau: Any, brand: Any, marks: list[Any]) -> float:
    """Write the leads by the database's own means and return the seconds it took."""
    from django.db import connection

    from desk.leads.counting import fold

    begun = time.perf_counter()
    values = {
        "numbers": NUMBERS.format(leads=number), "zeros": "0" * 64, "leads": number,
        "noon": NOON.isoformat(" ")[:19] + "+00" * (connection.vendor != "sqlite"),
        "bureau": bureau.pk, "brand": brand.pk, "mark": marks[0].pk, "marks": len(marks),
        "no": "0" if connection.vendor == "sqlite" else "FALSE",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(LISTINGS.format(**values))
        cursor.execute(LEADS.format(**values))
        cursor.execute("ANALYZE" if connection.vendor != "sqlite" else "SELECT 1")
    fold()
    return time.perf_counter() - begun


def pages(number: int, marks: list[Any]) -> dict[str, Callable[[random.Random], str]]:
    """Return what is asked for: a name and what makes an address."""
    last = len(marks) - 1
    return {
        "home": lambda _: "/",
        "leads, first page": lambda _: "/leads/",
        "leads, state new": lambda _: "/leads/?state=new",
        "leads, somewhere in the queue": lambda c: (
            f"/leads/?state=new&after={round(c.uniform(0.5, 1), 3)}~{c.randrange(number)}"
        ),
        "leads, of one mark": lambda c: f"/leads/?mark={marks[c.randint(0, last)].pk}",
        "leads, a rare state of a mark": lambda c: (
            f"/leads/?state=preserved&mark={marks[c.randint(0, 3)].pk}"
        ),
        "leads, of one platform": lambda _: "/leads/?platform=douyin&state=shortlisted",
        "one lead with the next": lambda c: f"/leads/{c.randint(1, number)}/",
        "marks": lambda _: "/marks/",
        "search, two characters, common": lambda _: "/leads/?q=茶具",
        "search, two characters, none": lambda _: "/leads/?q=钟表",
    }


def timed(client: Any, address: str) -> float:
    """Return the milliseconds of one page."""
    begun = time.perf_counter()
    answer = client.get(address, HTTP_HOST="localhost")
    if answer.status_code != 200:
        raise SystemExit(f"{address} answered {answer.status_code}")
    return (time.perf_counter() - begun) * 1000


def table(people: dict[str, Any], number: int, marks: list[Any], times: int) -> None:
    """Print a row for each page and person."""
    from django.test import Client

    print("| page | who | p50 ms | p95 ms | p95 ÷ 200 ms (≤ 1) |\n|---|---|---|---|---|")
    for name, address in pages(number, marks).items():
        for who, user in people.items():
            client, chance = Client(), random.Random(name)
            client.force_login(user)
            once = timed(client, address(chance))
            repeats = times if once < 10 * BAR else 3
            taken = sorted(timed(client, address(chance)) for _ in range(repeats))
            half, most = taken[repeats // 2], taken[min(repeats - 1, int(repeats * 0.95))]
            print(f"| {name} | {who} | {half:.0f} | {most:.0f} | {most / BAR:.2f} |", flush=True)


def measure(arguments: argparse.Namespace) -> None:
    """Make the rows in the database that the environment names, and print the table."""
    import django

    django.setup()
    from django.db import connection

    bureau, brand, officer, owner, marks = settle(arguments.marks)
    seconds = fill(arguments.leads, bureau, brand, marks)
    print(
        f"\n{connection.vendor}: {arguments.leads:,} leads and listings of {arguments.marks:,} "
        f"marks written in {seconds:.0f} s ({2 * arguments.leads / seconds:,.0f} rows/s)\n",
        flush=True,
    )
    table({"officer": officer, "owner": owner}, arguments.leads, marks, arguments.times)


def main() -> int:
    """Measure in a process of its own, with a data folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--marks", type=int, default=1_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--postgres", action="store_true", help="on a throwaway PostgreSQL")
    arguments = parser.parse_args()
    if os.environ.get("BENCH_LEADS_HERE"):
        measure(arguments)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="markseal-bench-"))
    own = {"MARKSEAL_HOME": str(folder), "BENCH_LEADS_HERE": "1"}
    own |= {"DJANGO_SETTINGS_MODULE": "config.settings", "MARKSEAL_DATABASE_URL": ""}
    command = [sys.executable, "-m", "bench.leads", *sys.argv[1:]]
    try:
        if not arguments.postgres:
            return subprocess.run(command, env={**os.environ, **own}, check=False).returncode
        from tests.postgres import server

        with server() as url:
            own["MARKSEAL_DATABASE_URL"] = url
            return subprocess.run(command, env={**os.environ, **own}, check=False).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
