"""The timetable ticks, and says so when it cannot."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from desk.jobs.models import Job
from desk.leads.models import Run
from desk.leads.services import add_source, add_watch
from desk.register.services import add_organisation
from scheduler import Timetable, tick


def _watch() -> None:
    bureau = add_organisation(name="鄞州局", kind="bureau")
    source = add_source(organisation=bureau, name="s", start_url="http://127.0.0.1:9/")
    add_watch(source=source, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_tick_enqueues_what_is_due_and_reclaims_the_dead() -> None:
    _watch()
    tick()
    job = Job.objects.get()
    Job.objects.update(
        state="running", lease_owner="gone|1|1", lease_until=datetime(2020, 1, 1, tzinfo=UTC)
    )
    tick()
    job.refresh_from_db()
    assert (job.state, Run.objects.count()) == ("queued", 1)


@pytest.mark.django_db(transaction=True)
def test_two_timetables_make_one_run() -> None:
    _watch()
    stop = threading.Event()
    tables = [Timetable(stop=stop, seconds=0.1) for _ in range(2)]
    for table in tables:
        table.start()
    stop.wait(1.5)
    for table in tables:
        table.stop()
        assert table.error is None
    assert not stop.is_set()
    assert Run.objects.count() == Job.objects.count() == 1


def test_a_tick_that_fails_stops_the_work_and_keeps_the_reason() -> None:
    def no_clock() -> datetime:
        raise LookupError

    stop = threading.Event()
    table = Timetable(stop=stop, seconds=0.1, clock=no_clock)
    table.start()
    assert stop.wait(10)
    table.stop()
    assert isinstance(table.error, LookupError)
