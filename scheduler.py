"""The timetable, and nothing else (APScheduler 3.11).

It only ticks: every few seconds due watches become runs, and jobs of dead workers are
queued again. What is due stands in rows, so two timetables are harmless, and what fell
due while none was running is caught up by the first tick.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from django.db import close_old_connections, connections

from desk.cases.services.daily import enqueue_due_renewal, enqueue_due_review
from desk.cases.services.erasing import block_abandoned as block_abandoned_erasures
from desk.cases.services.request import close_abandoned as close_abandoned_exhibits
from desk.cases.services.witnessing import enqueue_due_witnessing
from desk.jobs import queue
from desk.leads.services.watches import close_abandoned as close_abandoned_runs
from desk.leads.services.watches import enqueue_due

SECONDS = 5
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


def tick(*, clock: Clock = utc_now) -> None:
    """Queue the jobs of the dead again, close what was laid aside, enqueue what is due.

    Due are watches, and once a day the technical review of the capture tool, a look at what
    timestamps have to be renewed, and the request to the log's witnesses.
    """
    close_old_connections()
    now = clock()
    queue.reclaim(now=now)
    close_abandoned_runs(now=now)
    close_abandoned_exhibits(now=now)
    block_abandoned_erasures()
    enqueue_due(now=now)
    enqueue_due_review(now=now)
    enqueue_due_renewal(now=now)
    enqueue_due_witnessing(now=now)


def _tick_in_thread(clock: Clock) -> None:
    try:
        tick(clock=clock)
    finally:
        connections.close_all()


class Timetable:
    """Ticks in the background from ``start`` to ``stop``.

    A tick that fails sets ``stop`` and leaves its error in ``error``, so that the process
    ends and is started again instead of being silent.
    """

    def __init__(
        self, *, stop: threading.Event, seconds: float = SECONDS, clock: Clock = utc_now
    ) -> None:
        self._stop_work = stop
        self.error: BaseException | None = None
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._scheduler.add_listener(self._note, EVENT_JOB_ERROR)
        self._scheduler.add_job(
            _tick_in_thread, "interval", seconds=seconds, args=[clock], next_run_time=utc_now()
        )

    def _note(self, event: JobExecutionEvent) -> None:
        self.error = event.exception
        self._stop_work.set()

    def start(self) -> None:
        """Begin to tick; the first tick comes at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """End after the tick that is under way."""
        self._scheduler.shutdown(wait=True)
