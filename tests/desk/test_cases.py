"""Preserving a lead's page, custody, and verifying what is handed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from desk.cases.models import CustodyEvent, Exhibit
from desk.cases.selectors import dossier_of, exhibit_for, wacz_of
from desk.cases.services import (
    entrust,
    record_download,
    record_view,
    request_preservation,
    verify_upload,
)
from desk.cases.services.preserve import run_preserve
from desk.cases.services.request import close_abandoned
from desk.cases.states import EXHIBIT_STEPS, ExhibitState, require_step
from desk.errors import BadInput, NotAllowed, NotFound, NotPossible
from desk.jobs.models import Job, JobState
from desk.jobs.work import Later, Work
from desk.leads.models import Lead
from desk.leads.services import shortlist
from egress.process import Guard
from evidence.errors import CaptureFailed, LogError
from evidence.seal import Preserved, PreserveOrder, Status
from tests.desk.conftest import NOON, LeadMaker, Town

pytestmark = pytest.mark.django_db


@contextmanager
def open_way(journal: Path, **_: object) -> Iterator[Guard]:
    """Stand in for the guard: an address nobody listens on."""
    yield Guard("127.0.0.1:9", journal, 0)


class Sealer:
    """Stands in for the evidence package: writes two files, counts its calls."""

    def __init__(self, status: Status = Status.SEALED) -> None:
        self.status = status
        self.orders: list[PreserveOrder] = []

    def __call__(self, order: PreserveOrder, **_: Any) -> Preserved:
        """Preserve, always in the same way."""
        self.orders.append(order)
        order.out.write_bytes(b"wacz")
        dossier = order.out.with_suffix(".dossier.zip")
        dossier.write_bytes(b"dossier")
        sealed = self.status is Status.SEALED
        return Preserved(
            status=self.status,
            wacz=order.out,
            dossier=dossier if sealed else None,
            manifest_sha256="ab" * 32,
            index=7 if sealed else None,
            trial=True,
            title="甬舟茶叶",
            final_url=order.url,
            http_status=200,
            page_note=None,
            certificate="none",
            checkpoint=None,
        )


@pytest.fixture
def lead(town: Town, make_lead: LeadMaker) -> Lead:
    """Return a shortlisted lead."""
    return shortlist(lead=make_lead(), actor=town.officer)


@pytest.fixture
def exhibit(town: Town, lead: Lead) -> Exhibit:
    """Return an exhibit that was asked for."""
    return request_preservation(lead=lead, actor=town.officer)


def preserve(exhibit: Exhibit, sealer: Any) -> Exhibit:
    """Run the job of the exhibit."""
    return run_preserve(Work({"exhibit": exhibit.pk}), preserve=sealer, guard=open_way)


@pytest.fixture
def sealed(exhibit: Exhibit) -> Exhibit:
    """Return a sealed exhibit."""
    return preserve(exhibit, Sealer())


def _custody(exhibit: Exhibit) -> list[str]:
    return list(exhibit.custody.values_list("kind", flat=True))


def test_asking_makes_exhibit_custody_and_job_together(town: Town, exhibit: Exhibit) -> None:
    assert exhibit.number == "甬线-2026-000001-证01"
    assert (exhibit.state, exhibit.requested_by) == ("requested", town.officer)
    assert _custody(exhibit) == ["requested"]
    job = Job.objects.get(kind="preserve")
    assert (job.payload, job.lane) == ({"exhibit": exhibit.pk}, "capture")
    assert Lead.objects.get().preserving


def test_asking_twice_is_refused(town: Town, exhibit: Exhibit) -> None:
    with pytest.raises(NotPossible):
        request_preservation(lead=exhibit.lead, actor=town.second_officer)
    assert Exhibit.objects.count() == Job.objects.filter(kind="preserve").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Exhibit.objects.create(
            number="x", organisation=town.bureau, lead=exhibit.lead, capture_id="0" * 32,
            url="x", requested_at=NOON, folder="x",
        )  # fmt: skip


def test_only_a_shortlisted_lead_and_only_its_officers(town: Town, make_lead: LeadMaker) -> None:
    lead = make_lead()
    with pytest.raises(NotPossible):
        request_preservation(lead=lead, actor=town.officer)
    lead = shortlist(lead=lead, actor=town.officer)
    for who in (town.owner, town.other_officer, town.notary, town.auditor, town.administrator):
        with pytest.raises(NotAllowed):
            request_preservation(lead=lead, actor=who)
    assert not Exhibit.objects.exists()


def test_sealing_completes_the_row_once(town: Town, exhibit: Exhibit) -> None:
    sealer = Sealer()
    done = preserve(exhibit, sealer)
    assert (done.state, done.trial, done.log_index) == ("sealed", True, 7)
    assert done.dossier_sha256
    order = sealer.orders[0]
    assert (order.capture_id, order.case) == (exhibit.capture_id, exhibit.lead.number)
    assert order.out.name == "markseal-2026-000001-01.wacz"
    assert preserve(exhibit, sealer).state == "sealed"
    assert len(sealer.orders) == 1
    assert _custody(done) == ["requested", "sealed"]
    assert Lead.objects.get().state == "preserved"
    assert dossier_of(done).read_bytes() == b"dossier"
    assert wacz_of(done).read_bytes() == b"wacz"


def test_a_preserving_cut_short_goes_on_with_the_same_capture(exhibit: Exhibit) -> None:
    def killed(order: PreserveOrder, **_: Any) -> Preserved:
        raise LogError("The log is locked.", "日志被占用。")

    with pytest.raises(LogError):
        preserve(exhibit, killed)
    exhibit.refresh_from_db()
    assert exhibit.state == ExhibitState.CAPTURING
    sealer = Sealer()
    assert preserve(exhibit, sealer).state == "sealed"
    assert sealer.orders[0].capture_id == exhibit.capture_id
    assert _custody(exhibit) == ["requested", "sealed"]


def test_a_missing_timestamp_waits_and_is_no_seal(exhibit: Exhibit) -> None:
    with pytest.raises(Later):
        preserve(exhibit, Sealer(Status.AWAITING_TIMESTAMP))
    exhibit.refresh_from_db()
    assert (exhibit.state, exhibit.sealed_at) == ("awaiting_timestamp", None)
    with pytest.raises(NotFound):
        dossier_of(exhibit)
    assert preserve(exhibit, Sealer()).state == "sealed"


def test_a_failed_capture_frees_the_lead_for_another(town: Town, exhibit: Exhibit) -> None:
    def failing(order: PreserveOrder, **_: Any) -> Preserved:
        raise CaptureFailed("The page is gone.", "页面打不开。")

    failed = preserve(exhibit, failing)
    assert (failed.state, failed.error_zh) == ("failed", "页面打不开。")
    assert _custody(failed) == ["requested", "failed"]
    lead = Lead.objects.get()
    assert (lead.state, lead.preserving) == ("shortlisted", False)
    assert request_preservation(lead=lead, actor=town.officer).number.endswith("证02")


def test_an_abandoned_job_fails_its_exhibit(exhibit: Exhibit) -> None:
    assert close_abandoned(now=exhibit.requested_at) == 0
    Job.objects.filter(kind="preserve").update(state=JobState.DEAD, error_zh="坏", error_en="bad")
    assert close_abandoned(now=exhibit.requested_at) == 1
    exhibit.refresh_from_db()
    assert (exhibit.state, exhibit.error_zh) == ("failed", "坏")
    assert close_abandoned(now=exhibit.requested_at) == 0


PAIRS = [
    (before, after)
    for before in ExhibitState
    for after in ExhibitState
    if after not in EXHIBIT_STEPS[before]
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_forbidden_steps_are_refused(before: ExhibitState, after: ExhibitState) -> None:
    with pytest.raises(NotPossible):
        require_step(before, after)


@pytest.mark.parametrize("values", [{"state": "lost"}, {"state": "sealed"}])
def test_the_database_refuses_impossible_exhibits(exhibit: Exhibit, values: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Exhibit.objects.filter(pk=exhibit.pk).update(**values)


def test_the_database_refuses_a_second_seal_in_custody(sealed: Exhibit) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CustodyEvent.objects.create(exhibit=sealed, kind="sealed", at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        CustodyEvent.objects.create(exhibit=sealed, kind="eaten", at=NOON)


def test_who_views_and_downloads_is_in_custody(town: Town, sealed: Exhibit) -> None:
    office = town.notary.memberships.get().organisation
    entrust(exhibit=sealed, office=office, actor=town.officer)
    record_view(exhibit=sealed, actor=town.notary)
    event = record_download(exhibit=sealed, actor=town.notary)
    assert event.sha256 == sealed.dossier_sha256
    assert _custody(sealed) == ["requested", "sealed", "entrusted", "viewed", "downloaded"]
    for who in (town.owner, town.other_officer, town.administrator):
        with pytest.raises(NotFound):
            record_download(exhibit=sealed, actor=who)


def test_an_unsealed_exhibit_is_nothing_to_a_notary(town: Town, exhibit: Exhibit) -> None:
    with pytest.raises(NotFound):
        exhibit_for(town.notary, exhibit.pk)
    with pytest.raises(NotFound):
        record_download(exhibit=exhibit, actor=town.officer)


def _incoming() -> list[Path]:
    return list((settings.MARKSEAL_HOME / "incoming").iterdir())


def test_a_text_handed_in_is_no_package_and_is_not_kept(town: Town) -> None:
    row = verify_upload(actor=town.notary, name="C:\\x\\说明.txt", data=b"hello")
    assert (row.exit_code, row.name, row.size) == (2, "说明.txt", 5)
    assert row.verdict["verdict"] == "not_a_package"
    assert row.exhibit is None
    assert _incoming() == []


def test_too_large_empty_and_forbidden_uploads(town: Town) -> None:
    with pytest.raises(BadInput):
        verify_upload(actor=town.notary, name="x.zip", data=iter([b"123", b"456"]), limit=5)
    with pytest.raises(BadInput):
        verify_upload(actor=town.notary, name="x.zip", data=b"")
    for who in (town.auditor, town.administrator):
        with pytest.raises(NotAllowed):
            verify_upload(actor=who, name="x.zip", data=b"x")
    assert _incoming() == []


def test_verifying_an_exhibits_dossier_is_in_its_custody(town: Town, sealed: Exhibit) -> None:
    office = town.notary.memberships.get().organisation
    stranger = verify_upload(actor=town.notary, name="x.dossier.zip", data=b"dossier")
    assert stranger.exhibit is None, "nor may a notary office it is not entrusted to"
    entrust(exhibit=sealed, office=office, actor=town.officer)
    row = verify_upload(actor=town.notary, name="x.dossier.zip", data=b"dossier")
    assert row.exhibit == sealed
    assert _custody(sealed)[-1] == "verified"
    other = verify_upload(actor=town.owner, name="x.dossier.zip", data=b"dossier")
    assert other.exhibit is None, "an owner may not learn of exhibits by their digest"


@pytest.mark.parametrize(
    ("given", "spoken_of"),
    [
        ("altered.dossier.zip", "altered.dossier.zip"),
        ("C:\\x\\altered.wacz", "altered.wacz"),
        ("证据.dossier.zip", "upload.dossier.zip"),
        ("../../etc/passwd", "passwd"),
        ("-rf", "upload"),
    ],
)
def test_the_verdict_speaks_of_the_file_by_its_name(town: Town, given: str, spoken_of: str) -> None:
    row = verify_upload(actor=town.notary, name=given, data=b"PK\x03\x04 cut short")
    assert row.exit_code == 1
    assert f"{spoken_of}!central directory" in {c["where"] for c in row.verdict["claims"]}
