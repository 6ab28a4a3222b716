"""Nobody sees what is not theirs: every selector for every kind of person."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from desk.cases import selectors as cases
from desk.cases.models import Entrustment, Exhibit
from desk.cases.services import request_preservation
from desk.errors import NotFound
from desk.leads import paging
from desk.leads import selectors as leads
from desk.leads.models import Lead
from desk.leads.sellers import linked_sellers
from desk.leads.services import shortlist
from desk.register import selectors as register
from desk.register.roles import organisation_for, roles_of, scope_of
from tests.desk.conftest import LeadMaker, Town

pytestmark = pytest.mark.django_db
EVERYBODY = (
    "owner",
    "other_owner",
    "officer",
    "second_officer",
    "other_officer",
    "notary",
    "auditor",
    "administrator",
)
SEES_LEAD = {"owner", "officer", "second_officer", "auditor"}
SEES_MARK = SEES_LEAD | {"other_officer"}
SEES_SOURCE = {"officer", "second_officer", "auditor"}
SEES_ENTRUSTED = SEES_SOURCE | {"notary"}


@pytest.mark.parametrize("who", EVERYBODY)
def test_marks(town: Town, who: str) -> None:
    viewer = getattr(town, who)
    seen = set(register.marks_for(viewer))
    assert (town.mark in seen) == (who in SEES_MARK)
    if who in SEES_MARK:
        assert register.mark_for(viewer, town.mark.pk) == town.mark
    else:
        with pytest.raises(NotFound):
            register.mark_for(viewer, town.mark.pk)
    if who == "owner":
        assert seen == {town.mark}


@pytest.mark.parametrize("who", EVERYBODY)
def test_leads_sources_and_runs(town: Town, make_lead: LeadMaker, who: str) -> None:
    viewer, lead = getattr(town, who), make_lead()
    assert (lead in leads.leads_for(viewer)) == (who in SEES_LEAD)
    assert bool(leads.lead_counts(viewer)["new"]) == (who in SEES_LEAD)
    assert (paging.next_lead_for(viewer) == lead) == (who in SEES_LEAD)
    if who not in SEES_LEAD:
        with pytest.raises(NotFound):
            leads.lead_for(viewer, lead.pk)
    for rows in (leads.sources_for(viewer), leads.watches_for(viewer), leads.runs_for(viewer)):
        assert rows.exists() == (who in SEES_SOURCE)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("entrusted", [False, True])
def test_exhibits(
    town: Town, make_lead: LeadMaker, who: str, sealed: bool, entrusted: bool
) -> None:
    lead = shortlist(lead=make_lead(), actor=town.officer)
    exhibit = request_preservation(lead=lead, actor=town.officer)
    if sealed:
        Exhibit.objects.update(
            state="sealed", wacz="a", dossier="b", manifest_sha256="c",
            sealed_at=exhibit.requested_at, log_index=1,
        )  # fmt: skip
    if entrusted:
        office = town.notary.memberships.get().organisation
        Entrustment.objects.create(exhibit=exhibit, office=office, at=exhibit.requested_at)
    viewer = getattr(town, who)
    seen = who in (SEES_ENTRUSTED if sealed and entrusted else SEES_SOURCE)
    assert cases.exhibits_for(viewer).exists() == seen
    assert cases.custody_of(viewer, exhibit).exists() == seen
    if not seen:
        with pytest.raises(NotFound):
            cases.exhibit_for(viewer, exhibit.pk)


def test_an_owner_does_not_see_who_decided(town: Town, make_lead: LeadMaker) -> None:
    lead = shortlist(lead=make_lead(), actor=town.officer, note="内部")
    assert leads.events_of(town.owner, lead).count() == 1
    assert leads.events_of(town.officer, lead).count() == 2


def test_somebody_inactive_or_nobody_sees_nothing(town: Town, make_lead: LeadMaker) -> None:
    make_lead()
    town.officer.is_active = False
    assert not leads.leads_for(town.officer).exists()
    nobody = AnonymousUser()
    assert scope_of(nobody).content == frozenset()  # type: ignore[arg-type]
    assert roles_of(nobody) == frozenset()  # type: ignore[arg-type]


def test_roles_and_organisations(town: Town) -> None:
    assert roles_of(town.officer) == {"officer"}
    assert list(register.organisations_of(town.administrator)) == [town.bureau]
    assert organisation_for(town.owner, "owner") == town.brand  # type: ignore[arg-type]


def test_search_and_filters(town: Town, make_lead: LeadMaker) -> None:
    first, second = make_lead(), make_lead(title="甬舟白茶", shop="白茶店")
    assert set(leads.leads_for(town.officer, search="白茶")) == {second}
    assert set(leads.leads_for(town.officer, search="某某专营店")) == {first}
    assert set(leads.leads_for(town.officer, mark=town.other_mark.pk)) == set()
    shortlist(lead=first, actor=town.officer)
    assert set(leads.leads_for(town.officer, state="new")) == {second}
    assert paging.next_lead_for(town.officer, after=second) is None
    assert set(register.marks_for(town.officer, search="明州")) == {town.other_mark}


def test_a_picture_stays_in_its_folder(make_lead: LeadMaker) -> None:
    lead = make_lead()
    assert leads.picture_of(lead) is None
    Lead.objects.update(picture="../markseal.sqlite3")
    assert leads.picture_of(Lead.objects.get()) is None


def test_shops_are_linked_by_what_the_platform_shows(town: Town, make_lead: LeadMaker) -> None:
    first = make_lead(shop="甲店", seller_id="7", seller_name="王某")
    make_lead(shop="乙店", seller_id="7")
    make_lead(shop="丙店", seller_name="王某")
    make_lead(shop="甲店", platform="other")
    make_lead(shop="丁店", seller_id="8")
    make_lead(town.other_mark, shop="戊店", seller_id="7")
    seller = first.listing.seller
    found = {(one.seller.shop, one.by, one.leads) for one in linked_sellers(town.officer, seller)}
    seen = {("乙店", "seller_id", 1), ("丙店", "seller_name", 1), ("甲店", "shop", 1)}
    assert found == seen | {("戊店", "seller_id", 1)}
    mine = linked_sellers(town.owner, seller)
    assert {(one.seller.shop, one.by, one.leads) for one in mine} == seen
    assert [one.strong for one in mine] == [True, True, False]
    assert linked_sellers(town.other_officer, seller) == linked_sellers(town.officer, None) == []
