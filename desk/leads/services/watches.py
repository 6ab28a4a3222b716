"""Sources and watches, and the one place where a due watch becomes a run."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from desk.errors import BadInput, NotPossible
from desk.jobs.models import Job, JobState
from desk.jobs.queue import enqueue
from desk.leads.models import Run, Source, Watch
from desk.leads.states import RunState, SourceKind
from desk.register.models import Organisation, OrganisationKind, Role, User
from desk.register.roles import require_role

LATE_AFTER = timedelta(minutes=2)
MOST_ITEMS = 1_000_000
OPEN = (RunState.QUEUED, RunState.RUNNING)


@transaction.atomic
def add_source(
    *,
    organisation: Organisation,
    name: str,
    start_url: str,
    recipe: str = "",
    actor: User | None = None,
) -> Source:
    """Return the new source of a bureau: an http(s) address, or a file of listings.

    ``actor`` None is the operator at the command line. Raises NotAllowed, or BadInput
    for an address that is neither, an empty name, or one used already. Whether the
    site answers is not checked.
    """
    if actor is not None:
        require_role(actor, Role.OFFICER, organisation_id=organisation.pk)
    if organisation.kind != OrganisationKind.BUREAU:
        raise BadInput("Only a bureau has sources.", "只有市场监管部门可以设置采集来源。")
    if not name.strip() or len(name.strip()) > 120:
        raise BadInput(
            "A source needs a name of up to 120 characters.", "来源需要名称（不超过 120 个字符）。"
        )
    kind = _kind_of(start_url)
    try:
        with transaction.atomic():
            return Source.objects.create(
                organisation=organisation,
                name=name.strip(),
                kind=kind,
                recipe=recipe,
                start_url=start_url,
            )
    except IntegrityError as error:
        raise BadInput(
            f"There is a source named {name} already.", f"来源“{name}”已存在。"
        ) from error


def _kind_of(start_url: str) -> SourceKind:
    if start_url.endswith(".jsonl") and Path(start_url).is_file():
        return SourceKind.FILE
    try:
        parts = urlsplit(start_url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or len(start_url) > 2000:
        raise BadInput(
            f"{start_url} is neither an http address nor a file of listings (.jsonl).",
            f"{start_url} 既不是 http 网址，也不是商品清单文件（.jsonl）。",
        )
    return SourceKind.SITE


@transaction.atomic
def add_watch(
    *,
    source: Source,
    now: datetime,
    name: str = "",
    query: str = "",
    every_minutes: int = 1440,
    item_limit: int | None = None,
    actor: User | None = None,
) -> Watch:
    """Return the new watch, due at once and then every so many minutes.

    Raises NotAllowed, or BadInput for an interval below one minute or a name used.
    """
    if actor is not None:
        require_role(actor, Role.OFFICER, organisation_id=source.organisation_id)
    if not 1 <= every_minutes <= 366 * 1440:
        raise BadInput(
            "The interval must be from 1 minute to a year.", "间隔应在 1 分钟到一年之间。"
        )
    if item_limit is not None and not 1 <= item_limit <= MOST_ITEMS:
        raise BadInput(
            f"The limit must be from 1 to {MOST_ITEMS}.", f"条数上限应为 1 至 {MOST_ITEMS}。"
        )
    if len(query) > 200:
        raise BadInput("A keyword has up to 200 characters.", "关键词不超过 200 个字符。")
    title = name.strip() or (f"{source.name} · {query}" if query else source.name)
    try:
        with transaction.atomic():
            return Watch.objects.create(
                source=source,
                name=title[:120],
                query=query,
                item_limit=item_limit,
                every_minutes=every_minutes,
                next_due_at=now,
            )
    except IntegrityError as error:
        raise BadInput(
            f"There is a watch named {title} already.", f"监控“{title}”已存在。"
        ) from error


def set_active(*, watch: Watch, active: bool, actor: User) -> None:
    """Pause a watch or let it go on; a paused one is never due, a run under way goes on.

    Due times that passed while it was paused are caught up by one run. Raises NotAllowed.
    """
    require_role(actor, Role.OFFICER, organisation_id=watch.source.organisation_id)
    Watch.objects.filter(pk=watch.pk).update(active=active)


def enqueue_due(*, now: datetime) -> list[Run]:
    """Turn every due watch into one run with its job, and return the runs made here.

    A watch is claimed by a conditional update of the due time that was seen, so any
    number of timetables may call this at once. Due times missed while nobody called are
    caught up by one run, marked late, with their number. A watch whose last run is
    still open waits for it.
    """
    due = Watch.objects.filter(active=True, source__active=True, next_due_at__lte=now)
    idle = due.exclude(runs__state__in=OPEN).order_by("next_due_at")
    made = []
    for watch in list(idle):
        run = _claim_watch(watch, now=now)
        if run is not None:
            made.append(run)
    return made


@transaction.atomic
def _claim_watch(watch: Watch, *, now: datetime) -> Run | None:
    interval = timedelta(minutes=watch.every_minutes)
    missed = (now - watch.next_due_at) // interval
    claimed = Watch.objects.filter(pk=watch.pk, next_due_at=watch.next_due_at, active=True).update(
        next_due_at=watch.next_due_at + (missed + 1) * interval
    )
    if not claimed:
        return None
    return _start_run(
        watch,
        due_at=watch.next_due_at,
        now=now,
        late=now - watch.next_due_at > LATE_AFTER,
        missed=missed,
    )


def _start_run(watch: Watch, *, due_at: datetime, now: datetime, late: bool, missed: int) -> Run:
    run = Run.objects.create(watch=watch, due_at=due_at, late=late, missed=missed)
    enqueue(kind="sweep", key=job_key(run), payload={"run": run.pk}, lane="crawl", now=now)
    return run


@transaction.atomic
def run_now(*, watch: Watch, now: datetime, actor: User | None = None) -> Run:
    """Start a run of the watch at once and return it: the due one, or one out of turn.

    Raises NotAllowed, or NotPossible while a run of this watch is open.
    """
    if actor is not None:
        require_role(actor, Role.OFFICER, organisation_id=watch.source.organisation_id)
    locked = Watch.objects.select_for_update().get(pk=watch.pk)
    if locked.runs.filter(state__in=OPEN).exists():
        raise NotPossible("A run of this watch is under way.", "该监控正在执行中。")
    if locked.active and locked.next_due_at <= now:
        claimed = _claim_watch(locked, now=now)
        if claimed is not None:
            return claimed
    return _start_run(locked, due_at=now, now=now, late=False, missed=0)


def job_key(run: Run) -> str:
    """Return the key of the job that does this run."""
    return f"sweep:{run.pk}"


def close_abandoned(*, now: datetime) -> int:
    """Close the open runs whose job was laid aside or cancelled; return how many."""
    count = 0
    for run in Run.objects.filter(state__in=OPEN):
        job = Job.objects.filter(
            key=job_key(run), state__in=(JobState.DEAD, JobState.CANCELLED)
        ).first()
        if job is None:
            continue
        count += Run.objects.filter(pk=run.pk, state__in=OPEN).update(
            state=RunState.FAILED,
            finished_at=now,
            sentence_zh=f"未读取：{job.error_zh or '已取消。'}",
            sentence_en=f"Not read: {job.error_en or 'cancelled.'}",
        )
    return count
