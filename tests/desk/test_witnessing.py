"""The daily request to the witnesses, as the timetable makes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from desk.cases.services.witnessing import (
    WitnessSilent,
    enqueue_due_witnessing,
    run_witnessing,
)
from desk.jobs.work import Later, Work
from evidence.seal import EvidenceHome, open_home
from tests.desk.test_cases import open_way
from tests.evidence.seal.witnessed import configure, witness_of
from tests.evidence.witness.fixtures import grow


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path, settings: LazySettings) -> EvidenceHome:
    settings.MARKSEAL_HOME = str(tmp_path / "home")
    return open_home(tmp_path / "home", clock=now)


@pytest.mark.django_db(transaction=True)
def test_once_a_day_and_only_where_there_are_witnesses(home: EvidenceHome, tmp_path: Path) -> None:
    assert enqueue_due_witnessing(now=now()) is None
    with witness_of(home, tmp_path / "witness") as witness:
        configure(home, witness)
    job = enqueue_due_witnessing(now=now())
    assert job is not None
    assert enqueue_due_witnessing(now=now()) == job
    assert enqueue_due_witnessing(now=now() + timedelta(days=1)) != job


@pytest.mark.django_db(transaction=True)
def test_the_log_is_shown_and_silence_is_told_after_days(
    home: EvidenceHome, tmp_path: Path, settings: LazySettings
) -> None:
    settings.MARKSEAL_ALLOW_LOOPBACK = True
    grow(home.open_log(), "a closing, say")
    today = Work({"day": f"{now():%Y-%m-%d}"})
    assert run_witnessing(today) == 0
    with witness_of(home, tmp_path / "witness") as witness:
        configure(home, witness)
        assert run_witnessing(today) == 1
    with pytest.raises(Later):
        run_witnessing(today, guard=open_way)
    assert run_witnessing(Work({"day": "2020-01-01"}), guard=open_way) == 1
    with pytest.raises(WitnessSilent, match="has not cosigned the log since 20") as told:
        run_witnessing(today, guard=open_way, clock=lambda: now() + timedelta(days=4))
    assert "未签署日志" in told.value.zh
