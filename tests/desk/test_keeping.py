"""A sealed exhibit in the desk: encrypted at rest, read back, renewed, erased."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from desk.cases.models import Exhibit
from desk.cases.selectors import dossier_of, erased, kept_of, wacz_of
from desk.cases.services.daily import enqueue_due_renewal
from desk.cases.services.keeping import NotRenewed, note_erased, run_renewal, take_in
from desk.cases.services.request import request_preservation
from desk.errors import NotFound
from desk.jobs.work import Work
from desk.leads.services.triage import shortlist
from evidence.format.policy import POLICY, WeakAlgorithm
from evidence.format.policytext import parse_policy
from evidence.keeping.erasing import EraseOrder, erase
from evidence.seal import open_home
from tests.desk.conftest import LeadMaker, Town
from tests.desk.test_cases import open_way
from tests.evidence.builder import NAME
from tests.evidence.keeping.homes import seal_into
from tests.evidence.keeping.years import begin


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def exhibit(town: Town, make_lead: LeadMaker, tmp_path: Path) -> Exhibit:
    """Return a sealed exhibit whose authority's certificate ends in 2029."""
    home = open_home(Path(settings.MARKSEAL_HOME), clock=now)
    world = begin(tmp_path / "world")
    asked = request_preservation(
        lead=shortlist(lead=make_lead(), actor=town.officer), actor=town.officer
    )
    shutil.copytree(world.exhibit.folder, home.path / asked.folder, dirs_exist_ok=True)
    shutil.rmtree(home.trust / "authorities", ignore_errors=True)
    shutil.copytree(world.trusted(), home.trust, dirs_exist_ok=True)
    Exhibit.objects.filter(pk=asked.pk).update(
        state="sealed", sealed_at=now(), wacz=f"{NAME}.wacz", dossier=f"{NAME}.dossier.zip",
        dossier_sha256="ab" * 32, manifest_sha256="cd" * 32, log_index=1,
        capture_id=world.exhibit.outcome.capture_id,
    )  # fmt: skip
    return Exhibit.objects.get(pk=asked.pk)


@pytest.mark.django_db(transaction=True)
def test_content_is_encrypted_and_served_in_the_clear(exhibit: Exhibit, tmp_path: Path) -> None:
    before = dossier_of(exhibit).read_bytes()
    take_in(exhibit)
    take_in(exhibit)
    folder = kept_of(exhibit).folder
    assert not (folder / exhibit.wacz).exists()
    assert not (folder / exhibit.dossier).exists()
    assert dossier_of(exhibit).read_bytes() == before
    with wacz_of(exhibit).clear(tmp_path) as clear:
        assert clear.read_bytes()[:4] == b"PK\x03\x04"
    assert list(tmp_path.glob(".clear-*")) == []


@pytest.mark.django_db(transaction=True)
def test_the_daily_job_alarms_and_says_what_it_could_not_renew(
    exhibit: Exhibit, caplog: pytest.LogCaptureFixture
) -> None:
    job = enqueue_due_renewal(now=now())
    assert job is not None
    assert enqueue_due_renewal(now=now()) == job
    assert run_renewal(Work({}), guard=open_way) == 0
    policy = Path(settings.MARKSEAL_HOME) / "trust" / POLICY
    held = parse_policy(policy.read_text("utf-8"))
    for days, within in ((150, 180), (80, 90), (20, 30)):
        soon = (WeakAlgorithm("sha256", now() + timedelta(days=days)),)
        text = type(held)(**{**vars(held), "weak": soon}).to_text()
        policy.write_text(text, encoding="utf-8")
        with pytest.raises(NotRenewed, match=f"due, the most urgent within {within} days") as told:
            run_renewal(Work({}), guard=open_way)
        assert f"最紧迫的在 {within} 天内" in told.value.zh
        assert f"within {within} days" in caplog.messages[-1]
    assert not (kept_of(exhibit).folder / exhibit.wacz).exists()


@pytest.mark.django_db(transaction=True)
def test_an_erased_exhibit_says_so(exhibit: Exhibit, tmp_path: Path) -> None:
    home = open_home(Path(settings.MARKSEAL_HOME), clock=now)
    shutil.rmtree(kept_of(exhibit).folder)
    seal_into(home, kept_of(exhibit).folder, tmp_path)
    take_in(exhibit)
    order = EraseOrder("pipl-purpose-ended", ("张三", "李四"), "已结")
    done = erase(kept_of(exhibit), order, home=home, clock=now)
    for _ in range(2):
        note_erased(capture_id=done.capture_id, sha256="ab" * 32, note=done.basis)
    exhibit.refresh_from_db()
    assert erased(exhibit)
    assert exhibit.title == exhibit.final_url == ""
    assert list(exhibit.custody.values_list("kind", flat=True)).count("content_erased") == 1
    for content in (dossier_of, wacz_of):
        with pytest.raises(NotFound):
            content(exhibit)
