"""Watches: due, missed, claimed by two timetables, started out of turn."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from desk.errors import BadInput, NotAllowed, NotPossible
from desk.jobs.models import Job, JobState
from desk.leads.models import Run, Watch
from desk.leads.services import add_source, add_watch, enqueue_due, run_now
from desk.leads.services.watches import close_abandoned
from desk.leads.states import RunState
from tests.desk.conftest import NOON, Town

pytestmark = pytest.mark.django_db


def _end(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state=RunState.COMPLETE)


def test_a_due_watch_becomes_one_run_with_one_job(town: Town) -> None:
    assert enqueue_due(now=NOON - timedelta(seconds=1)) == []
    runs = enqueue_due(now=NOON)
    assert [(run.due_at, run.late, run.missed) for run in runs] == [(NOON, False, 0)]
    assert Job.objects.get().payload == {"run": runs[0].pk}
    assert enqueue_due(now=NOON) == []
    assert Watch.objects.get().next_due_at == NOON + timedelta(hours=1)


def test_missed_runs_are_caught_up_once_and_marked_late(town: Town) -> None:
    now = NOON + timedelta(hours=5, minutes=10)
    runs = enqueue_due(now=now)
    assert [(run.due_at, run.late, run.missed) for run in runs] == [(NOON, True, 5)]
    assert Watch.objects.get().next_due_at == NOON + timedelta(hours=6)
    assert enqueue_due(now=now) == []


def test_a_watch_waits_for_its_open_run(town: Town) -> None:
    first = enqueue_due(now=NOON)[0]
    assert enqueue_due(now=NOON + timedelta(hours=2)) == []
    _end(first)
    second = enqueue_due(now=NOON + timedelta(hours=2))[0]
    assert (second.late, second.missed) == (True, 1)


def test_inactive_watches_and_sources_rest(town: Town) -> None:
    Watch.objects.update(active=False)
    assert enqueue_due(now=NOON) == []
    Watch.objects.update(active=True)
    town.source.active = False
    town.source.save()
    assert enqueue_due(now=NOON) == []


def test_run_now_takes_the_due_run_or_one_out_of_turn(town: Town) -> None:
    due = run_now(watch=town.watch, now=NOON, actor=town.officer)
    assert Watch.objects.get().next_due_at == NOON + timedelta(hours=1)
    with pytest.raises(NotPossible):
        run_now(watch=town.watch, now=NOON, actor=town.officer)
    _end(due)
    extra = run_now(watch=town.watch, now=NOON + timedelta(minutes=5))
    assert extra.due_at == NOON + timedelta(minutes=5)
    assert Watch.objects.get().next_due_at == NOON + timedelta(hours=1)


def test_a_run_whose_job_is_laid_aside_says_so(town: Town) -> None:
    run = enqueue_due(now=NOON)[0]
    assert close_abandoned(now=NOON) == 0
    Job.objects.update(state=JobState.DEAD, error_zh="读不到", error_en="unreadable")
    assert close_abandoned(now=NOON) == 1
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "读不到" in run.sentence_zh
    assert len(enqueue_due(now=NOON + timedelta(hours=1))) == 1


def test_the_database_refuses_a_second_run_for_one_due_time(town: Town) -> None:
    run = enqueue_due(now=NOON)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(watch=run.watch, due_at=run.due_at)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "example.com", "", "http://", "http://[::1", "/no/list.jsonl"]
)
def test_an_address_that_is_none_is_refused(town: Town, url: str) -> None:
    with pytest.raises(BadInput):
        add_source(organisation=town.bureau, name="x", start_url=url)


def test_sources_and_watches_belong_to_officers_of_a_bureau(town: Town) -> None:
    for who in (town.owner, town.other_officer, town.auditor):
        with pytest.raises(NotAllowed):
            add_source(organisation=town.bureau, name="x", start_url="http://a.example/", actor=who)
        with pytest.raises(NotAllowed):
            add_watch(source=town.source, now=NOON, name="x", actor=who)
        with pytest.raises(NotAllowed):
            run_now(watch=town.watch, now=NOON, actor=who)
    with pytest.raises(BadInput):
        add_source(organisation=town.brand, name="x", start_url="http://a.example/")
    with pytest.raises(BadInput):
        add_source(organisation=town.bureau, name=" ", start_url="http://a.example/")
    with pytest.raises(BadInput):
        add_source(organisation=town.bureau, name="示例商城", start_url="http://a.example/")


@pytest.mark.parametrize(
    "values",
    [
        {"every_minutes": 0},
        {"item_limit": 0},
        {"item_limit": 10**12},
        {"query": "甬" * 201},
        {"query": "甬舟"},
    ],
)
def test_a_watch_that_cannot_be_is_refused(town: Town, values: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        add_watch(source=town.source, now=NOON, **values)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_two_timetables_make_one_run(town: Town) -> None:
    barrier = threading.Barrier(4)
    made: list[int] = []
    lost: list[BaseException] = []

    def tick() -> None:
        try:
            barrier.wait(20)
            made.extend(run.pk for run in enqueue_due(now=NOON))
        except Exception as error:  # noqa: BLE001 - told by the test
            lost.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not lost
    assert len(made) == Run.objects.count() == Job.objects.count() == 1
