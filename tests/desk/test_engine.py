"""The engine with real child processes: killed, broken, cancelled, and done once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.desk.house import House, house, until


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[House]:
    """Return a house whose handlers only wait."""
    with house(tmp_path / "home", DJANGO_SETTINGS_MODULE="tests.desk.slow_settings") as place:
        place.ask("from desk.commands.opening import open_desk\nanswer = str(open_desk())")
        yield place


def _enqueue(desk: House, kind: str, **payload: Any) -> Path:
    trace = desk.home / f"trace-{kind}"
    trace.touch()
    payload |= {"trace": str(trace)}
    desk.ask(
        "from desk.jobs.queue import enqueue; from django.utils import timezone\n"
        f"answer = enqueue(kind={kind!r}, key={kind!r}, payload={payload!r},"
        " now=timezone.now()).pk"
    )
    return trace


def _job(desk: House, kind: str) -> dict[str, Any]:
    row = desk.ask(
        f"from desk.jobs.models import Job\nanswer = Job.objects.filter(kind={kind!r})"
        ".values('state', 'attempts', 'failures', 'error_zh', 'lease_owner', 'progress')[0]"
    )
    assert isinstance(row, dict)
    return row


def _words(trace: Path) -> list[str]:
    return [line.split()[0] for line in trace.read_text().splitlines()]


def test_a_killed_worker_takes_its_job_along_and_the_next_one_finishes_it(desk: House) -> None:
    trace = _enqueue(desk, "slow", seconds=3)
    worker = desk.start("work")
    until(lambda: _words(trace) == ["begun"])
    child = int(trace.read_text().split()[1])
    worker.kill()
    worker.wait()
    until(lambda: child not in desk.residents(), seconds=5)
    assert desk.residents() == []
    assert _job(desk, "slow")["state"] == "running"
    again = desk.start("work")
    until(lambda: "done" in _words(trace))
    until(lambda: _job(desk, "slow")["state"] == "done")
    assert _words(trace) == ["begun", "begun", "done"]
    assert (_job(desk, "slow")["attempts"], _job(desk, "slow")["failures"]) == (2, 0)
    again.terminate()
    assert again.wait(20) == 0
    assert desk.residents() == []


def test_a_stopped_worker_gives_its_job_back_at_once(desk: House) -> None:
    trace = _enqueue(desk, "slow", seconds=60)
    worker = desk.start("work")
    until(lambda: _words(trace) == ["begun"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    row = _job(desk, "slow")
    assert (row["state"], row["lease_owner"], row["failures"]) == ("queued", "", 0)
    assert desk.residents() == []


def test_two_workers_do_each_job_once(desk: House) -> None:
    trace = _enqueue(desk, "slow", seconds=1)
    workers = [desk.start("work") for _ in range(2)]
    until(lambda: "done" in _words(trace))
    until(lambda: _job(desk, "slow")["state"] == "done")
    assert _words(trace) == ["begun", "done"]
    assert all(worker.poll() is None for worker in workers)


def test_failures_are_written_down_and_tried_again_later(desk: House) -> None:
    broken, dying = _enqueue(desk, "broken"), _enqueue(desk, "dying")
    _enqueue(desk, "later")
    desk.start("work")
    until(lambda: _words(broken) and _words(dying))
    row = until(lambda: (row := _job(desk, "broken"))["failures"] and row)
    assert (row["state"], row["error_zh"]) == ("queued", "坏了。")
    row = until(lambda: (row := _job(desk, "dying"))["failures"] and row)
    assert row["state"] == "queued"
    assert "SIGKILL" in row["error_zh"]
    row = until(lambda: (row := _job(desk, "later"))["progress"] and row)
    assert (row["state"], row["failures"], row["progress"]) == ("queued", 0, "还不行。")


def test_a_cancelled_job_is_ended(desk: House) -> None:
    trace = _enqueue(desk, "slow", seconds=60)
    desk.start("work")
    until(lambda: _words(trace) == ["begun"])
    child = int(trace.read_text().split()[1])
    desk.ask(
        "from desk.jobs import queue; from desk.jobs.models import Job\n"
        "from django.utils import timezone\n"
        "answer = queue.cancel(job_id=Job.objects.get().pk, now=timezone.now()).pk"
    )
    until(lambda: _job(desk, "slow")["state"] == "cancelled")
    assert child not in desk.residents()
    assert _words(trace) == ["begun"]
