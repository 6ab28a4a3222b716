"""Leased rows: enqueue, claim, heartbeat, finish, fail, reclaim, cancel.

A job is claimed by a conditional update, so two workers never hold it at once; it is
done at least once, and its handler must be harmless when run again. All times are
aware; ``now`` is an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from desk.errors import NotPossible
from desk.jobs.models import Job, JobState
from desk.jobs.owner import is_dead

LEASE = timedelta(seconds=60)
MOST_FAILURES = 5
FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(hours=1)


def enqueue(
    *,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    now: datetime,
    lane: str = "",
    priority: int = 0,
) -> Job:
    """Return the job of this key, made when there is none.

    Called inside the caller's transaction, the job exists exactly when the caller's
    rows do.
    """
    job, _ = Job.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "lane": lane or kind,
            "payload": dict(payload),
            "priority": priority,
            "due_at": now,
        },
    )
    return job


def claim_this(*, job_id: int, owner: str, now: datetime) -> Job | None:
    """Return this very job leased to ``owner``, or None when it is not waiting."""
    won = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
        state=JobState.RUNNING,
        lease_owner=owner,
        lease_until=now + LEASE,
        attempts=F("attempts") + 1,
        started_at=now,
        progress="",
    )
    return Job.objects.get(pk=job_id) if won else None


@transaction.atomic
def claim(*, owner: str, now: datetime, busy_lanes: Collection[str] = ()) -> Job | None:
    """Return the most urgent due job, now leased to ``owner``, or None when there is none."""
    due = Job.objects.filter(state=JobState.QUEUED, due_at__lte=now).exclude(
        lane__in=list(busy_lanes)
    )
    for pk in list(due.values_list("pk", flat=True)[:20]):
        job = claim_this(job_id=pk, owner=owner, now=now)
        if job is not None:
            return job
    return None


def heartbeat(*, job_id: int, owner: str, now: datetime) -> bool:
    """Prolong the lease and return True; False when it is no longer the owner's."""
    held = Job.objects.filter(pk=job_id, state=JobState.RUNNING, lease_owner=owner)
    return held.update(lease_until=now + LEASE) == 1


def report(*, job_id: int, owner: str, text: str) -> None:
    """Write down how far a job is; silently nothing when the lease is lost."""
    Job.objects.filter(pk=job_id, state=JobState.RUNNING, lease_owner=owner).update(
        progress=text[:300]
    )


def finish(*, job_id: int, owner: str, now: datetime) -> bool:
    """Mark a job as done and return True; False when the lease is no longer the owner's."""
    held = Job.objects.filter(pk=job_id, state=JobState.RUNNING, lease_owner=owner)
    return (
        held.update(
            state=JobState.DONE,
            finished_at=now,
            lease_owner="",
            lease_until=None,
            error_zh="",
            error_en="",
        )
        == 1
    )


@transaction.atomic
def fail(*, job_id: int, owner: str, now: datetime, en: str, zh: str) -> bool:
    """Put a failed job back with growing delay, or lay it aside after five failures.

    Returns False when the lease is no longer the owner's.
    """
    held = Job.objects.select_for_update().filter(
        pk=job_id, state=JobState.RUNNING, lease_owner=owner
    )
    job = held.first()
    if job is None:
        return False
    job.failures += 1
    job.error_en, job.error_zh = en, zh
    job.lease_owner, job.lease_until = "", None
    if job.failures >= MOST_FAILURES:
        job.state, job.finished_at = JobState.DEAD, now
    else:
        job.state = JobState.QUEUED
        job.due_at = now + delay_after(job.failures)
    job.save()
    return True


def postpone(*, job_id: int, owner: str, until: datetime, text: str) -> bool:
    """Queue a job again for a later time without counting a failure."""
    held = Job.objects.filter(pk=job_id, state=JobState.RUNNING, lease_owner=owner)
    return (
        held.update(
            state=JobState.QUEUED,
            due_at=until,
            lease_owner="",
            lease_until=None,
            progress=text[:300],
        )
        == 1
    )


def delay_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures: 15 s, 30 s, 60 s … up to an hour."""
    doublings = max(0, min(failures - 1, 20))
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


def reclaim(*, now: datetime) -> int:
    """Queue again the jobs of dead owners and of run-out leases; return how many.

    An owner of this machine that is dead loses its jobs at once, any other when its
    lease runs out.
    """
    count = 0
    running = Job.objects.filter(state=JobState.RUNNING)
    for pk, owner, until in running.values_list("pk", "lease_owner", "lease_until"):
        if until is not None and until > now and not is_dead(owner):
            continue
        held = Job.objects.filter(
            pk=pk, state=JobState.RUNNING, lease_owner=owner, lease_until=until
        )
        count += held.update(state=JobState.QUEUED, lease_owner="", lease_until=None, due_at=now)
    return count


@transaction.atomic
def cancel(*, job_id: int, now: datetime) -> Job:
    """Cancel a queued job at once, a running one as soon as its worker sees it.

    Raises NotPossible when the job has ended already.
    """
    queued = Job.objects.filter(pk=job_id, state=JobState.QUEUED)
    ended = queued.update(state=JobState.CANCELLED, cancel_requested=True, finished_at=now)
    if not ended:
        asked = Job.objects.filter(pk=job_id, state=JobState.RUNNING)
        if not asked.update(cancel_requested=True):
            raise NotPossible("This job has ended already.", "该任务已结束。")
    return Job.objects.get(pk=job_id)


def cancelled(*, job_id: int, owner: str, now: datetime) -> bool:
    """Close a job whose cancelling was asked for, once its process is gone."""
    held = Job.objects.filter(
        pk=job_id, state=JobState.RUNNING, lease_owner=owner, cancel_requested=True
    )
    return (
        held.update(state=JobState.CANCELLED, finished_at=now, lease_owner="", lease_until=None)
        == 1
    )
