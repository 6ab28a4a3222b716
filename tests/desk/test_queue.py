"""Leased rows: claiming, finishing, failing, reclaiming, cancelling."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from desk.errors import NotPossible
from desk.jobs import queue
from desk.jobs.models import Job, JobState
from desk.jobs.owner import is_dead, machine, own_name
from tests.desk.conftest import NOON

pytestmark = pytest.mark.django_db


def _job(key: str = "k", **changes: object) -> Job:
    return queue.enqueue(kind="slow", key=key, payload={"n": 1}, now=NOON, **changes)  # type: ignore[arg-type]


def test_the_same_key_is_one_job() -> None:
    assert _job().pk == _job().pk
    assert Job.objects.count() == 1


def test_a_job_rolls_back_with_its_cause() -> None:
    with transaction.atomic():
        _job()
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_the_most_urgent_due_job_of_a_free_lane_is_claimed() -> None:
    _job("a", lane="crawl")
    _job("b", lane="capture", priority=10)
    queue.enqueue(
        kind="slow", key="c", payload={}, now=NOON + timedelta(hours=1), priority=99, lane="x"
    )
    first = queue.claim(owner="me", now=NOON)
    assert first is not None
    assert (first.key, first.state, first.attempts) == ("b", "running", 1)
    assert queue.claim(owner="me", now=NOON, busy_lanes={"crawl", "capture"}) is None
    second = queue.claim(owner="me", now=NOON)
    assert second is not None
    assert second.key == "a"
    assert queue.claim(owner="me", now=NOON) is None


def test_only_the_owner_settles() -> None:
    job = _job()
    queue.claim(owner="me", now=NOON)
    assert not queue.heartbeat(job_id=job.pk, owner="you", now=NOON)
    assert not queue.finish(job_id=job.pk, owner="you", now=NOON)
    assert not queue.fail(job_id=job.pk, owner="you", now=NOON, en="x", zh="x")
    assert not queue.postpone(job_id=job.pk, owner="you", until=NOON, text="")
    queue.report(job_id=job.pk, owner="you", text="wrong")
    queue.report(job_id=job.pk, owner="me", text="half")
    assert Job.objects.get().progress == "half"
    assert queue.heartbeat(job_id=job.pk, owner="me", now=NOON)
    assert queue.finish(job_id=job.pk, owner="me", now=NOON)
    assert not queue.finish(job_id=job.pk, owner="me", now=NOON)
    assert Job.objects.get().state == JobState.DONE


def test_failing_waits_longer_each_time_and_ends_aside() -> None:
    job = _job()
    now, waits = NOON, []
    for _ in range(queue.MOST_FAILURES):
        assert queue.claim(owner="me", now=now) is not None
        assert queue.fail(job_id=job.pk, owner="me", now=now, en="no", zh="不行")
        row = Job.objects.get()
        waits.append(row.due_at - now)
        assert row.state == JobState.DEAD or queue.claim(owner="me", now=now) is None
        now = row.due_at
    assert waits[:4] == [timedelta(seconds=15 * 2**step) for step in range(4)]
    assert (row.state, row.error_zh, row.lease_owner) == ("dead", "不行", "")
    assert queue.delay_after(1000) == queue.LONGEST_DELAY


def test_postponing_is_no_failure() -> None:
    job = _job()
    queue.claim(owner="me", now=NOON)
    until = NOON + timedelta(minutes=2)
    assert queue.postpone(job_id=job.pk, owner="me", until=until, text="等")
    row = Job.objects.get()
    assert (row.state, row.failures, row.due_at) == ("queued", 0, until)


def test_a_run_out_lease_is_reclaimed_and_a_living_one_is_not() -> None:
    _job()
    queue.claim(owner="elsewhere|1|1", now=NOON)
    assert queue.reclaim(now=NOON + timedelta(seconds=59)) == 0
    assert queue.reclaim(now=NOON + timedelta(seconds=60)) == 1
    assert Job.objects.get().state == JobState.QUEUED


def test_a_dead_owner_of_this_machine_loses_its_job_at_once() -> None:
    program = (
        "from desk.jobs.owner import own_name; print(own_name(), flush=True);"
        "import time; time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert child.stdout is not None
    owner = child.stdout.readline().decode().strip()
    _job()
    queue.claim(owner=owner, now=NOON)
    assert queue.reclaim(now=NOON) == 0
    child.kill()
    child.wait()
    child.stdout.close()
    assert queue.reclaim(now=NOON) == 1


def test_who_is_dead() -> None:
    me = own_name()
    assert not is_dead(me)
    place, pid, _ = me.split("|")
    assert place == machine()
    assert is_dead(f"{place}|{pid}|1"), "the same number, started at another time"
    assert not is_dead(f"other|{pid}|1")
    assert not is_dead(f"{place}|{pid}|0")
    assert not is_dead("garbage")


def test_cancelling() -> None:
    waiting, running = _job("a"), _job("b")
    queue.cancel(job_id=waiting.pk, now=NOON)
    assert Job.objects.get(key="a").state == JobState.CANCELLED
    queue.claim(owner="me", now=NOON)
    assert not queue.cancelled(job_id=running.pk, owner="me", now=NOON)
    queue.cancel(job_id=running.pk, now=NOON)
    assert Job.objects.get(key="b").state == JobState.RUNNING
    assert queue.cancelled(job_id=running.pk, owner="me", now=NOON)
    with pytest.raises(NotPossible):
        queue.cancel(job_id=running.pk, now=NOON)


@pytest.mark.parametrize(
    "values", [{"state": "lost"}, {"state": "running"}, {"lease_owner": "somebody"}]
)
def test_the_database_refuses_impossible_jobs(values: dict[str, str]) -> None:
    job = _job()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**values)


@pytest.mark.django_db(transaction=True)
def test_many_claimers_never_hold_the_same_job() -> None:
    for number in range(40):
        _job(str(number), lane=str(number))
    claimed: list[int] = []
    lost: list[BaseException] = []

    def work(name: str) -> None:
        try:
            while (job := queue.claim(owner=name, now=NOON)) is not None:
                claimed.append(job.pk)
        except Exception as error:  # noqa: BLE001 - told by the test
            lost.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not lost
    assert len(claimed) == len(set(claimed)) == 40
