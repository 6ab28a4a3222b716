"""An officer asks for a page to be preserved; what became of asking, when nothing did."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from desk.cases.models import Exhibit
from desk.cases.services.custody import add_event
from desk.cases.states import LIVE, CustodyKind, ExhibitState
from desk.errors import NotPossible
from desk.jobs.models import Job, JobState
from desk.jobs.queue import enqueue
from desk.leads.models import Lead
from desk.leads.services.triage import hold, release
from desk.leads.states import LeadState
from desk.register.models import Role, User
from desk.register.roles import require_role

URGENT = 10


@dataclass(frozen=True)
class Wishes:
    """What an officer asks of one capture besides the page."""

    mobile: bool = False
    recording: bool = False


NO_WISHES = Wishes()


@transaction.atomic
def request_preservation(*, lead: Lead, actor: User, wishes: Wishes = NO_WISHES) -> Exhibit:
    """Ask for the page of a shortlisted lead to be preserved; return the new exhibit.

    The exhibit, its custody event and the job come into being together. Raises
    NotAllowed, or NotPossible unless the lead is shortlisted and has no live exhibit.
    """
    require_role(actor, Role.OFFICER, organisation_id=lead.organisation_id)
    hold(lead=lead)
    return _request(lead, actor, wishes)


@transaction.atomic
def request_again(*, lead: Lead, actor: User, wishes: Wishes = NO_WISHES) -> Exhibit:
    """Ask for the page of a preserved lead to be preserved once more; return the new exhibit.

    Every capture is kept, whether the page still shows the same or not. Raises NotAllowed, or
    NotPossible unless the lead is preserved and has no live exhibit.
    """
    require_role(actor, Role.OFFICER, organisation_id=lead.organisation_id)
    if lead.state != LeadState.PRESERVED:
        raise NotPossible(
            "Only a page that was preserved can be preserved again.",
            "只有已固证封装的页面才能再次固证。",
        )
    return _request(lead, actor, wishes)


def _request(lead: Lead, actor: User, wishes: Wishes) -> Exhibit:
    now = timezone.now()
    serial = Exhibit.objects.filter(lead=lead).count() + 1
    capture_id = secrets.token_hex(16)
    try:
        with transaction.atomic():
            exhibit = Exhibit.objects.create(
                number=f"{lead.number}-证{serial:02d}",
                organisation_id=lead.organisation_id,
                lead=lead,
                capture_id=capture_id,
                url=lead.listing.url,
                requested_by=actor,
                requested_at=now,
                folder=f"exhibits/{capture_id}",
                mobile=wishes.mobile,
                recording=wishes.recording,
            )
    except IntegrityError as error:
        raise NotPossible(
            "A capture of this lead is under way already.", "该线索正在固证。"
        ) from error
    add_event(exhibit=exhibit, kind=CustodyKind.REQUESTED, actor=actor)
    enqueue(
        kind="preserve",
        key=job_key(exhibit),
        payload={"exhibit": exhibit.pk},
        lane="capture",
        priority=URGENT,
        now=now,
    )
    lead.refresh_from_db()
    return exhibit


def job_key(exhibit: Exhibit) -> str:
    """Return the key of the job that preserves this exhibit."""
    return f"preserve:{exhibit.pk}"


@transaction.atomic
def record_failure(*, exhibit: Exhibit, zh: str, en: str) -> Exhibit:
    """Close an exhibit that could not be preserved, once; its lead may be tried again."""
    changed = Exhibit.objects.filter(pk=exhibit.pk, state__in=LIVE).update(
        state=ExhibitState.FAILED, error_zh=zh, error_en=en
    )
    exhibit.refresh_from_db()
    if changed:
        add_event(exhibit=exhibit, kind=CustodyKind.FAILED, actor=None, note=zh)
        release(lead=exhibit.lead)
    return exhibit


def close_abandoned(*, now: datetime) -> int:
    """Fail the live exhibits whose job was laid aside or cancelled; return how many."""
    count = 0
    for exhibit in Exhibit.objects.filter(state__in=LIVE, requested_at__lte=now):
        job = Job.objects.filter(
            key=job_key(exhibit), state__in=(JobState.DEAD, JobState.CANCELLED)
        ).first()
        if job is not None:
            record_failure(
                exhibit=exhibit,
                zh=job.error_zh or "已取消。",
                en=job.error_en or "Cancelled.",
            )
            count += 1
    return count
