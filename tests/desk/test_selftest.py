"""The daily technical review: due once a day, told loudly when it fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pytest_django.fixtures import Settings

from desk.cases.services.daily import enqueue_due_review
from desk.cases.services.selftest import ReviewFailed, run_selftest
from desk.jobs.models import Job
from desk.jobs.work import Work
from egress.process import Guard
from evidence.environment.packages import code_digest
from evidence.format.times import format_time
from evidence.home import EvidenceHome
from evidence.keyfile import public_pem
from evidence.selftest.review import Review, is_due, keep, sign
from scheduler import tick

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    """A home that was set up two days before ``NOW``."""
    settings.MARKSEAL_HOME = tmp_path
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust/signer.pem").write_bytes(public_pem(KEY))
    policy = tmp_path / "trust/policy.toml"
    policy.write_text("")
    begun = (NOW - timedelta(days=2)).timestamp()
    os.utime(policy, (begun, begun))
    return tmp_path


def review(moment: datetime, *, code: str | None = None, result: str = "passed") -> Review:
    value = {
        "format": "markseal-review/1",
        "result": result,
        "started": format_time(moment),
        "finished": format_time(moment),
        "subject": {"browser_sha256": "b" * 64, "code_sha256": code or code_digest()},
        "system": {},
        "declared": {},
        "checks": [{"id": "http.count", "result": result}],
        "exchanges": [],
    }
    return sign(value, KEY)


def test_it_is_due_once_a_day_and_after_a_change_of_the_code(home: Path) -> None:

    def due() -> bool:
        return is_due(home, now=NOW, code_sha256=code_digest())

    assert due()
    keep(home, review(NOW - timedelta(hours=25)))
    assert due()
    keep(home, review(NOW - timedelta(hours=23)))
    assert not due()
    keep(home, review(NOW - timedelta(hours=1), code="0" * 64))
    assert due()


def test_a_home_that_is_new_or_not_prepared_is_left_alone(home: Path) -> None:
    code = code_digest()
    assert not is_due(home, now=NOW - timedelta(hours=30), code_sha256=code)
    assert not is_due(home / "nowhere", now=NOW, code_sha256=code)


@pytest.mark.django_db(transaction=True)
def test_a_tick_enqueues_it_once_a_day(home: Path) -> None:
    tick(clock=lambda: NOW)
    tick(clock=lambda: NOW + timedelta(minutes=5))
    assert [job.kind for job in Job.objects.all()] == ["selftest"]
    tick(clock=lambda: NOW + timedelta(days=1))
    assert Job.objects.count() == 2
    keep(home, review(NOW + timedelta(days=1)))
    assert enqueue_due_review(now=NOW + timedelta(days=1, hours=13)) is None


@contextmanager
def guard(journal: Path, **_: Any) -> Iterator[Guard]:
    yield Guard("127.0.0.1:9", journal, 0)


@pytest.mark.parametrize("result", ["passed", "failed"])
def test_a_review_that_failed_fails_its_job(home: Path, settings: Settings, result: str) -> None:
    settings.MARKSEAL_FIND_BROWSER = lambda: Path("/nonexistent")
    asked: list[dict[str, Any]] = []

    def make(house: EvidenceHome, **how: Any) -> Review:
        asked.append(how)
        return review(NOW, result=result)

    if result == "passed":
        assert run_selftest(Work({}), review=make, guard=guard).passed
    else:
        with pytest.raises(ReviewFailed, match=r"http\.count"):
            run_selftest(Work({}), review=make, guard=guard)
    assert asked[0]["proxy"] == "127.0.0.1:9"
