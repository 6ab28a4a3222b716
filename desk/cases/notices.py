"""Notices: what happened of late that a person should know, and which of it they have read.

A notice is no row of its own: it follows from the runs, the entrusted exhibits, the failed ones
and the daily work, as far as the person may see these. Only what was read is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from desk.cases.models import Entrustment, Exhibit, NoticeRead
from desk.cases.selectors import exhibits_for, renewal_alarm, witness_alarm
from desk.cases.states import ExhibitState
from desk.leads.models import Lead, Run
from desk.leads.selectors import runs_for
from desk.leads.states import RunState
from desk.register.models import Role, User
from desk.register.roles import Scope, roles_of, scope_of

SINCE = timedelta(days=30)
MOST = 50
"""So many of each kind are told at most, the latest."""
READ = (RunState.COMPLETE, RunState.LIMITED)


@dataclass(frozen=True)
class Notice:
    """One thing to know: its kind, when it was, about what, how many, and where it is shown.

    ``zh`` and ``en`` are the record's own sentence, empty where the kind says it all.
    """

    kind: str
    key: str
    at: datetime
    about: str = ""
    number: int = 0
    row: int = 0
    zh: str = ""
    en: str = ""
    read: bool = False


def notices_for(viewer: User, *, now: datetime) -> list[Notice]:
    """Return this person's notices of the last 30 days, the latest first, each read or not."""
    since, scope = now - SINCE, scope_of(viewer)
    found = [
        *_runs(viewer, since),
        *_of_owner(scope, since),
        *_entrusted(scope, since),
        *_failed(viewer, since),
    ]
    if not roles_of(viewer).isdisjoint({Role.OFFICER, Role.AUDITOR, Role.ADMINISTRATOR}):
        found += _daily(since)
    read = set(NoticeRead.objects.filter(account=viewer).values_list("key", flat=True))
    told = [Notice(**{**vars(one), "read": one.key in read}) for one in found]
    return sorted(told, key=lambda one: (one.at, one.key), reverse=True)


def mark_read(*, account: User, keys: Iterable[str], now: datetime) -> int:
    """Write down that this person has read these of their notices; return how many were unread."""
    wanted = set(keys)
    unread = [
        one.key for one in notices_for(account, now=now) if one.key in wanted and not one.read
    ]
    NoticeRead.objects.filter(account=account, at__lt=now - 2 * SINCE).delete()
    NoticeRead.objects.bulk_create(
        [NoticeRead(account=account, key=key, at=now) for key in unread], ignore_conflicts=True
    )
    return len(unread)


def _runs(viewer: User, since: datetime) -> Iterator[Notice]:
    """Yield what the watches of this person's bureaux found, and what they could not read."""
    ended = runs_for(viewer).filter(finished_at__gte=since)
    told = ended.filter(
        ~Q(state__in=READ) | ~Q(alarm_zh="") | Q(new_leads__gt=0) | Q(reopened_leads__gt=0)
    )
    for run in told.order_by("-finished_at")[:MOST]:
        about, row, at = run.watch.name, run.watch_id, run.finished_at or run.due_at
        if run.state not in READ:
            zh, en = run.sentence_zh, run.sentence_en
            yield Notice("unread", f"unread:{run.pk}", at, about, row=row, zh=zh, en=en)
        if run.alarm_zh:
            zh, en = run.alarm_zh, run.alarm_en
            yield Notice("alarm", f"alarm:{run.pk}", at, about, row=row, zh=zh, en=en)
        if number := run.new_leads + run.reopened_leads:
            yield Notice("leads", f"leads:{run.pk}", at, about, number, row)


def _of_owner(scope: Scope, since: datetime) -> Iterator[Notice]:
    """Yield how many suspected listings of a brand owner's marks a reading found."""
    if not scope.brand_owners:
        return
    runs = Run.objects.filter(finished_at__gte=since, new_leads__gt=0).order_by("-finished_at")
    ended = dict(runs.values_list("pk", "finished_at")[:MOST])
    found = (
        Lead.objects.filter(run_id__in=ended, holder_id__in=scope.brand_owners)
        .values_list("run_id", "mark_id", "mark__name")
        .annotate(number=Count("pk"))
        .order_by("run_id", "mark_id")
    )
    for run, mark, name, number in found:
        at = ended[run]
        if at is not None:
            yield Notice("mark", f"mark:{run}:{mark}", at, name, number, mark)


def _entrusted(scope: Scope, since: datetime) -> Iterator[Notice]:
    """Yield the exhibits that were entrusted to a notary's office and still are."""
    rows = Entrustment.objects.filter(
        office_id__in=scope.notary_offices,
        ended_at__isnull=True,
        at__gte=since,
        exhibit__state=ExhibitState.SEALED,
    ).select_related("exhibit")
    for row in rows.order_by("-at")[:MOST]:
        key = f"entrusted:{row.pk}"
        yield Notice("entrusted", key, row.at, row.exhibit.number, row=row.exhibit_id)


def _failed(viewer: User, since: datetime) -> Iterator[Notice]:
    """Yield the preservations that failed."""
    rows: list[Exhibit] = list(
        exhibits_for(viewer, state=ExhibitState.FAILED)
        .filter(requested_at__gte=since)
        .order_by("-requested_at")[:MOST]
    )
    for row in rows:
        yield Notice(
            "failed", f"failed:{row.pk}", row.requested_at, row.number,
            row=row.pk, zh=row.error_zh, en=row.error_en,
        )  # fmt: skip


def _daily(since: datetime) -> Iterator[Notice]:
    """Yield timestamps that could not be renewed and witnesses that did not cosign."""
    for kind, job in (("renewal", renewal_alarm()), ("witness", witness_alarm())):
        if job is not None and (at := job.finished_at or job.created_at) >= since:
            yield Notice(kind, f"{kind}:{job.pk}", at, zh=job.error_zh, en=job.error_en)
