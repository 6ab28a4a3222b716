"""The same page preserved again: each capture is kept, and what was said of it with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from desk.cases.models import Exhibit
from desk.cases.selectors import earlier_of
from desk.cases.services import Wishes, request_again, request_preservation
from desk.errors import NotAllowed, NotPossible
from desk.leads.models import Lead, LeadEvent
from desk.leads.services import shortlist
from evidence.errors import CaptureFailed
from evidence.seal import Preserved, PreserveOrder
from tests.desk.conftest import LeadMaker, Town
from tests.desk.test_cases import Sealer, preserve

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(town: Town, make_lead: LeadMaker) -> Exhibit:
    """Return a sealed exhibit."""
    lead = shortlist(lead=make_lead(), actor=town.officer)
    return preserve(request_preservation(lead=lead, actor=town.officer), Sealer())


def lead_of(exhibit: Exhibit) -> Lead:
    return Lead.objects.get(pk=exhibit.lead_id)


def test_both_captures_are_kept_and_the_lead_stays_preserved(town: Town, sealed: Exhibit) -> None:
    before = LeadEvent.objects.count()
    again = preserve(request_again(lead=lead_of(sealed), actor=town.officer), Sealer())
    assert (again.state, again.number) == ("sealed", "甬线-2026-000001-证02")
    assert Exhibit.objects.filter(state="sealed").count() == 2
    assert (lead_of(sealed).state, LeadEvent.objects.count()) == ("preserved", before)
    assert earlier_of(town.officer, again).first() == sealed
    assert earlier_of(town.officer, sealed).first() is None
    assert earlier_of(town.other_officer, again).first() is None


def test_one_at_a_time_only_of_a_preserved_lead_only_by_its_officers(
    town: Town, sealed: Exhibit, make_lead: LeadMaker
) -> None:
    request_again(lead=lead_of(sealed), actor=town.officer)
    with pytest.raises(NotPossible):
        request_again(lead=lead_of(sealed), actor=town.second_officer)
    for who in (town.owner, town.other_officer, town.notary, town.auditor):
        with pytest.raises(NotAllowed):
            request_again(lead=lead_of(sealed), actor=who)


def test_a_lead_not_yet_preserved_is_not_preserved_again(town: Town, make_lead: LeadMaker) -> None:
    with pytest.raises(NotPossible):
        request_again(lead=make_lead(), actor=town.officer)


def test_a_second_capture_that_fails_leaves_the_first_as_it_was(
    town: Town, sealed: Exhibit
) -> None:
    def fail(order: PreserveOrder, **_: Any) -> Preserved:
        raise CaptureFailed("It was refused.", "已拒绝。")

    again = preserve(request_again(lead=lead_of(sealed), actor=town.officer), fail)
    assert again.state == "failed"
    assert Exhibit.objects.get(pk=sealed.pk).state == "sealed"
    assert lead_of(sealed).state == "preserved"
    request_again(lead=lead_of(sealed), actor=town.officer)


def test_wishes_reach_the_capture_and_what_is_declared_the_row(
    town: Town, make_lead: LeadMaker
) -> None:
    lead = shortlist(lead=make_lead(), actor=town.officer)
    wishes = Wishes(mobile=True, recording=True)
    exhibit = request_preservation(lead=lead, actor=town.officer, wishes=wishes)
    sealer = Sealer()

    def declaring(order: PreserveOrder, **more: Any) -> Preserved:
        kept = sealer(order, **more)
        return replace(kept, certificate="bad", fidelity="exact", declared=(("坏", "bad"),))

    done = preserve(exhibit, declaring)
    assert (sealer.orders[0].profile, sealer.orders[0].recording) == ("mobile", True)
    assert (done.certificate, done.fidelity) == ("bad", "exact")
    assert done.declared == [{"zh": "坏", "en": "bad"}]
