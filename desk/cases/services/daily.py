"""What falls due once a day: the capture tool's review, renewal of timestamps. No browser."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from desk.cases.models import Exhibit
from desk.cases.states import ExhibitState
from desk.jobs import queue
from desk.jobs.models import Job
from evidence.environment.packages import code_digest
from evidence.selftest.review import is_due


def enqueue_due_review(*, now: datetime) -> Job | None:
    """Enqueue the daily review when it is due; return its job, at most one a day and code."""
    code = code_digest()
    if not is_due(Path(settings.MARKSEAL_HOME), now=now, code_sha256=code):
        return None
    key = f"selftest-{now:%Y-%m-%d}-{code[:16]}"
    return queue.enqueue(kind="selftest", key=key, payload={}, now=now, priority=-1)


def enqueue_due_renewal(*, now: datetime) -> Job | None:
    """Enqueue the daily look at what has to be renewed; None while nothing is sealed."""
    if not Exhibit.objects.filter(state=ExhibitState.SEALED).exists():
        return None
    return queue.enqueue(
        kind="renewal", key=f"renewal-{now:%Y-%m-%d}", payload={}, now=now, priority=-1
    )
