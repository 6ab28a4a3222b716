"""Deciding on leads: every step, every forbidden step, who may, and who is too late."""

from __future__ import annotations

import itertools
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from desk.errors import AlreadyDecided, BadInput, DeskError, NotAllowed, NotPossible
from desk.leads.models import Lead, LeadEvent
from desk.leads.services import dismiss, mark_authorised, shortlist, undo
from desk.leads.services.triage import hold, mark_preserved, release, step
from desk.leads.states import LEAD_STEPS, LeadState, ReasonCode, require_step
from tests.desk.conftest import LeadMaker, Town

pytestmark = pytest.mark.django_db


def test_shortlist_writes_state_and_event(town: Town, make_lead: LeadMaker) -> None:
    lead = shortlist(lead=make_lead(), actor=town.officer, note=" 近似 ")
    assert lead.state == LeadState.SHORTLISTED
    assert lead.decided_by == town.officer
    event = lead.events.last()
    assert event is not None
    assert (event.from_state, event.to_state, event.actor, event.note) == (
        "new",
        "shortlisted",
        town.officer,
        "近似",
    )


def test_dismiss_needs_a_known_reason(town: Town, make_lead: LeadMaker) -> None:
    lead = make_lead()
    with pytest.raises(BadInput):
        dismiss(lead=lead, actor=town.officer, reason_code="because")
    with pytest.raises(BadInput):
        dismiss(lead=lead, actor=town.officer, reason_code="other", note=" ")
    lead = dismiss(lead=lead, actor=town.officer, reason_code="fair_use")
    assert (lead.state, lead.reason_code) == ("dismissed", "fair_use")
    assert undo(lead=lead, actor=town.officer).reason_code == ""


def test_authorised_and_back(town: Town, make_lead: LeadMaker) -> None:
    lead = mark_authorised(lead=make_lead(), actor=town.officer)
    assert lead.state == LeadState.AUTHORISED
    assert undo(lead=lead, actor=town.officer).state == LeadState.NEW
    assert [event.to_state for event in lead.events.all()] == ["new", "authorised", "new"]


PAIRS = [
    (before, after)
    for before, after in itertools.product(LeadState, LeadState)
    if after not in LEAD_STEPS[before]
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_forbidden_steps_are_refused(
    town: Town, make_lead: LeadMaker, before: LeadState, after: LeadState
) -> None:
    lead = make_lead()
    code = ReasonCode.GENUINE if before == LeadState.DISMISSED else ""
    Lead.objects.filter(pk=lead.pk).update(state=before, reason_code=code)
    lead.refresh_from_db()
    with pytest.raises(NotPossible) as caught:
        step(lead, after, actor=town.officer, note="")
    assert "线索" in caught.value.zh
    assert Lead.objects.get(pk=lead.pk).state == before
    assert lead.events.count() == 1


def test_the_table_names_every_state() -> None:
    assert set(LEAD_STEPS) == set(LeadState)
    with pytest.raises(ValueError, match="gone"):
        require_step("gone", LeadState.NEW)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "convicted"},
        {"state": "dismissed", "reason_code": ""},
        {"state": "dismissed", "reason_code": "whim"},
        {"state": "new", "reason_code": "genuine"},
        {"state": "new", "preserving": True},
    ],
)
def test_the_database_refuses_impossible_leads(
    make_lead: LeadMaker, values: dict[str, object]
) -> None:
    lead = make_lead()
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(**values)


@pytest.mark.parametrize("who", ["owner", "other_officer", "notary", "auditor", "administrator"])
def test_only_officers_of_the_bureau_decide(town: Town, make_lead: LeadMaker, who: str) -> None:
    lead = make_lead()
    with pytest.raises(NotAllowed):
        shortlist(lead=lead, actor=getattr(town, who))
    with pytest.raises(NotAllowed):
        dismiss(lead=lead, actor=getattr(town, who), reason_code="genuine")
    assert lead.events.count() == 1


def test_an_inactive_officer_decides_nothing(town: Town, make_lead: LeadMaker) -> None:
    town.officer.is_active = False
    town.officer.save()
    with pytest.raises(NotAllowed):
        shortlist(lead=make_lead(), actor=town.officer)


def test_a_decision_on_what_was_seen_earlier_is_refused(town: Town, make_lead: LeadMaker) -> None:
    lead = make_lead()
    stale = Lead.objects.get(pk=lead.pk)
    shortlist(lead=lead, actor=town.officer)
    with pytest.raises(AlreadyDecided):
        dismiss(lead=stale, actor=town.second_officer, reason_code="genuine")
    with pytest.raises(AlreadyDecided):
        undo(lead=lead, actor=town.second_officer, revision=0)
    assert Lead.objects.get(pk=lead.pk).state == LeadState.SHORTLISTED


def test_a_lead_being_preserved_cannot_be_taken_back(town: Town, make_lead: LeadMaker) -> None:
    lead = make_lead()
    with pytest.raises(NotPossible):
        hold(lead=lead)
    lead = shortlist(lead=lead, actor=town.officer)
    hold(lead=lead)
    with pytest.raises(NotPossible):
        hold(lead=lead)
    with pytest.raises(NotPossible):
        undo(lead=lead, actor=town.officer)
    release(lead=lead)
    hold(lead=lead)
    lead = mark_preserved(lead=lead, actor=None)
    assert (lead.state, lead.preserving) == ("preserved", False)
    with pytest.raises(NotPossible):
        undo(lead=lead, actor=town.officer)


def test_a_long_note_is_refused(town: Town, make_lead: LeadMaker) -> None:
    with pytest.raises(BadInput):
        shortlist(lead=make_lead(), actor=town.officer, note="字" * 2001)


@pytest.mark.django_db(transaction=True)
def test_of_many_officers_one_decides(town: Town, make_lead: LeadMaker) -> None:
    leads = [make_lead() for _ in range(5)]
    for lead in leads:
        barrier = threading.Barrier(4)
        ended: list[str] = []

        def decide(
            number: int,
            pk: int = lead.pk,
            barrier: threading.Barrier = barrier,
            ended: list[str] = ended,
        ) -> None:
            try:
                seen = Lead.objects.get(pk=pk)
                barrier.wait(20)
                if number % 2:
                    shortlist(lead=seen, actor=town.officer)
                else:
                    dismiss(lead=seen, actor=town.second_officer, reason_code="genuine")
                ended.append("won")
            except DeskError as error:
                ended.append(type(error).__name__)
            finally:
                connection.close()

        threads = [threading.Thread(target=decide, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(ended) == ["AlreadyDecided"] * 3 + ["won"]
        assert LeadEvent.objects.filter(lead=lead).count() == 2
