"""The queue of leads a page at a time, and the counts the database keeps by itself."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Sum

from desk.leads.counting import KIND, fold, keep_counting, recount
from desk.leads.models import Lead, LeadCount, LeadEvent, Listing
from desk.leads.paging import Place, Wanted, next_lead_for, previous_lead_for, window
from desk.leads.selectors import lead_counts, lead_total, leads_for, platforms_with_leads
from desk.leads.services import dismiss, undo
from desk.register.models import Membership, User
from tests.desk.conftest import NOON, LeadMaker, Town


def _make(make_lead: LeadMaker, number: int) -> list[Lead]:
    """Make leads of which several share a priority."""
    made = [make_lead() for _ in range(number)]
    for at, lead in enumerate(made):
        Lead.objects.filter(pk=lead.pk).update(priority=0.9 - at % 3 / 10)
    return made


def _walk(viewer: User, wanted: Wanted, size: int) -> list[list[int]]:
    page = window(viewer, wanted, size=size)
    assert page.before is None
    pages = [page]
    while page.after is not None:
        page = window(viewer, wanted, size=size, after=Place.read(str(page.after)))
        pages.append(page)
    back = page
    for expected in reversed(pages[:-1]):
        back = window(viewer, wanted, size=size, before=back.before)
        assert back.leads == expected.leads
    assert back.before is None
    return [[lead.pk for lead in one.leads] for one in pages]


@pytest.mark.parametrize("size", [1, 3, 4, 8, 20])
def test_pages_forth_and_back_are_the_whole_queue_once(
    town: Town, make_lead: LeadMaker, size: int
) -> None:
    _make(make_lead, 8)
    Membership.objects.create(user=town.officer, organisation=town.brand, role="owner")
    expected = list(leads_for(town.officer).values_list("pk", flat=True))
    pages = _walk(town.officer, Wanted(), size)
    assert [pk for page in pages for pk in page] == expected
    assert all(len(page) == size for page in pages[:-1])
    assert _walk(town.owner, Wanted(platform="shop"), size) == pages
    assert _walk(town.officer, Wanted(mark=town.mark.pk, state="new"), size) == pages
    assert _walk(town.officer, Wanted(mark=town.other_mark.pk), size) == [[]]
    assert _walk(town.other_officer, Wanted(), size) == [[]]


def test_the_next_and_the_previous_lead_follow_the_queue(town: Town, make_lead: LeadMaker) -> None:
    _make(make_lead, 5)
    queue = list(leads_for(town.officer))
    for one, two in pairwise(queue):
        assert next_lead_for(town.officer, after=one) == two
        assert previous_lead_for(town.officer, before=two) == one
    assert next_lead_for(town.officer, after=queue[-1]) == queue[0]
    assert previous_lead_for(town.officer, before=queue[0]) is None
    assert next_lead_for(town.other_officer, after=queue[0]) is None


@pytest.mark.parametrize("text", ["", "~", "0.5", "nan~1", "9~1", "0.5~-1", "0.5~٣", "x~1"])
def test_a_place_that_is_none_is_the_start(text: str) -> None:
    assert Place.read(text) is None


def test_a_search_says_how_many_it_found(town: Town, make_lead: LeadMaker) -> None:
    make_lead(title="甬舟 白茶")
    make_lead()
    page = window(town.officer, Wanted(search="白茶"), size=5)
    assert (page.total, page.more, len(page.leads)) == (1, False, 1)


def _kept() -> dict[tuple[object, ...], int]:
    rows = LeadCount.objects.values_list(*KIND).annotate(sum=Sum("number")).filter(sum__gt=0)
    return {tuple(kind): number for *kind, number in rows}


def _counted() -> dict[tuple[object, ...], int]:
    rows = Lead.objects.order_by().values_list(*KIND).annotate(sum=Count("pk"))
    return {tuple(kind): number for *kind, number in rows}


def test_the_database_counts_every_change(town: Town, make_lead: LeadMaker) -> None:
    made = _make(make_lead, 6)
    dismiss(lead=Lead.objects.get(pk=made[0].pk), actor=town.officer, reason_code="genuine")
    assert _kept() == _counted()
    assert lead_counts(town.officer) | {"new": 5, "dismissed": 1} == lead_counts(town.officer)
    assert lead_total(town.owner, state="new", mark=town.mark.pk) == 5
    assert platforms_with_leads(town.owner) == ["shop"]
    undo(lead=Lead.objects.get(pk=made[0].pk), actor=town.officer)
    Lead.objects.filter(pk__in=[lead.pk for lead in made[:3]]).update(state="shortlisted")
    Lead.objects.filter(pk=made[0].pk).update(similarity=0.1)
    LeadEvent.objects.filter(lead=made[5]).delete()
    Lead.objects.filter(pk=made[5].pk).delete()
    assert _kept() == _counted()
    assert lead_counts(town.other_officer)["new"] == 0


def test_folding_keeps_the_sums(town: Town, make_lead: LeadMaker) -> None:
    lead = make_lead()
    for _ in range(300):
        for state in ("shortlisted", "new"):
            Lead.objects.filter(pk=lead.pk).update(state=state)
    fold()
    assert LeadCount.objects.count() == 1
    assert _kept() == _counted()
    LeadCount.objects.all().delete()
    recount()
    assert _kept() == _counted()


def _old_lead(town: Town) -> None:
    """Write a lead as the tables before this order of leads held it."""
    old = MigrationExecutor(connection).loader.project_state([("leads", "0002_initial")]).apps
    listing = Listing.objects.create(
        platform="shop", item_id="1", url="http://127.0.0.1:9/1", title="甬舟", data={},
        digest="0" * 64, first_seen=NOON, last_seen=NOON + timedelta(days=1),
    )  # fmt: skip
    old.get_model("leads", "Lead").objects.create(
        number="甬线-2026-000001", organisation_id=town.bureau.pk, listing_id=listing.pk,
        mark_id=town.mark.pk, similarity=0.9, priority=0.9, field="title", span=[0, 2],
        snapshot={}, listing_digest="0" * 64, found_at=NOON, last_found_at=NOON,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_leads_of_an_earlier_version_are_in_the_queue(town: Town) -> None:
    MigrationExecutor(connection).migrate([("leads", "0002_initial")])
    try:
        _old_lead(town)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        keep_counting()
    lead = Lead.objects.get()
    assert (lead.holder_id, lead.platform) == (town.brand.pk, "shop")
    assert _kept() == _counted()
    assert window(town.owner, Wanted(state="new"), size=5).leads == [lead]
