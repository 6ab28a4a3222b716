"""Filing listings and leads: once, with history, with numbers that have no gaps."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from desk.errors import AlreadyDecided
from desk.leads.models import Lead, LeadSeries, Listing, Run, Seller
from desk.leads.services import dismiss, file_leads, file_listing, shortlist
from desk.leads.services.filing import clean, digest_of
from desk.leads.states import LeadState
from tests.desk.conftest import NOON, Town, listing_json, match_json

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


def _find(town: Town, run: Run, *, now: datetime = NOON, **changes: object) -> list[Lead]:
    row = file_listing(data=listing_json(1, **changes), run=run, now=now)
    return file_leads(listing=row, matches=[match_json(town.mark)], run=run, now=now)


def test_a_listing_is_one_row_with_first_and_last_seen(run: Run) -> None:
    file_listing(data=listing_json(), run=run, now=NOON)
    row = file_listing(data=listing_json(price="9.00", sales="5"), run=run, now=LATER)
    assert Listing.objects.count() == 1
    assert (row.first_seen, row.last_seen, row.changes, row.price) == (NOON, LATER, 0, "9.00")
    row = file_listing(data=listing_json(title="甬舟新茶"), run=run, now=LATER)
    assert (row.changes, row.changed_at, row.changed_run) == (1, LATER, run)


def test_a_seller_is_one_row_and_keeps_what_was_known(run: Run) -> None:
    file_listing(data=listing_json(ship_from="宁波"), run=run, now=NOON)
    file_listing(data=listing_json(2), run=run, now=LATER)
    seller = Seller.objects.get()
    assert (seller.ship_from, seller.first_seen, seller.last_seen) == ("宁波", NOON, LATER)
    assert file_listing(data=listing_json(3, shop=None), run=run, now=NOON).seller is None


def test_unkeepable_characters_are_taken_out(run: Run) -> None:
    row = file_listing(data=listing_json(title="甬\x00舟\ud800"), run=run, now=NOON)
    assert row.title == "甬舟?"
    assert clean({"a": ["x\x00", 1, None]}) == {"a": ["x", 1, None]}


def test_the_digest_ignores_price_and_empty_fields() -> None:
    assert digest_of({"title": "a", "price": "1"}) == digest_of({"title": "a", "brand": None})
    assert digest_of({"title": "a"}) != digest_of({"title": "b"})
    assert digest_of({"title": "a"}) != digest_of({"title": "a", "images": ["x"]})


def test_a_lead_is_filed_once_with_its_snapshot(town: Town, run: Run) -> None:
    (lead,) = _find(town, run)
    assert lead.number == "甬线-2026-000001"
    assert (lead.organisation, lead.run, lead.state) == (town.bureau, run, LeadState.NEW)
    assert lead.snapshot["title"] == "甬舟茶叶 1"
    assert lead.versions == {"rules": "1"}
    assert _find(town, run) == []
    assert Lead.objects.count() == 1


def test_unflagged_matches_become_no_leads(town: Town, run: Run) -> None:
    row = file_listing(data=listing_json(), run=run, now=NOON)
    match = match_json(town.mark, flag=False)
    assert file_leads(listing=row, matches=[match], run=run, now=NOON) == []
    assert not Lead.objects.exists()


def test_a_lead_found_again_keeps_its_decision_and_snapshot(town: Town, run: Run) -> None:
    (lead,) = _find(town, run)
    shortlist(lead=lead, actor=town.officer)
    _find(town, run, now=LATER, title="甬舟别的")
    lead.refresh_from_db()
    assert (lead.state, lead.last_found_at) == (LeadState.SHORTLISTED, LATER)
    assert lead.snapshot["title"] == "甬舟茶叶 1"


def test_a_changed_listing_reopens_a_dismissed_lead(town: Town, run: Run) -> None:
    (lead,) = _find(town, run)
    dismiss(lead=lead, actor=town.officer, reason_code="genuine")
    _find(town, run, now=LATER, price="1.00")
    lead.refresh_from_db()
    assert lead.state == LeadState.DISMISSED
    _find(town, run, now=LATER, title="甬舟高仿")
    lead.refresh_from_db()
    assert (lead.state, lead.reason_code) == (LeadState.NEW, "")
    assert lead.snapshot["title"] == "甬舟高仿"
    event = lead.events.last()
    assert event is not None
    assert (event.from_state, event.to_state, event.actor, event.run) == (
        "dismissed",
        "new",
        None,
        run,
    )
    _find(town, run, now=LATER, title="甬舟高仿")
    assert lead.events.count() == 3


def test_a_change_makes_what_the_officer_saw_stale(town: Town, run: Run) -> None:
    (lead,) = _find(town, run)
    seen = Lead.objects.get(pk=lead.pk)
    _find(town, run, title="甬舟换图")
    with pytest.raises(AlreadyDecided):
        shortlist(lead=seen, actor=town.officer)
    assert shortlist(lead=Lead.objects.get(pk=lead.pk), actor=town.officer).state == "shortlisted"


def test_numbers_start_again_each_year_in_local_time_and_have_no_gaps(town: Town, run: Run) -> None:
    eve = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
    numbers = []
    for number, now in enumerate((eve, eve, eve + timedelta(minutes=1)), start=1):
        row = file_listing(data=listing_json(number), run=run, now=now)
        with transaction.atomic():
            file_leads(listing=row, matches=[match_json(town.mark)], run=run, now=now)
            transaction.set_rollback(True)
        made = file_leads(listing=row, matches=[match_json(town.mark)], run=run, now=now)
        numbers.append(made[0].number)
    assert numbers == ["甬线-2026-000001", "甬线-2026-000002", "甬线-2027-000001"]


@pytest.mark.django_db(transaction=True)
def test_filing_at_the_same_time_leaves_no_gap_and_no_double(town: Town, run: Run) -> None:
    lost: list[BaseException] = []

    def file(part: int) -> None:
        try:
            for number in range(8):
                item = part % 2 * 100 + number
                row = file_listing(data=listing_json(item), run=run, now=NOON)
                try:
                    file_leads(listing=row, matches=[match_json(town.mark)], run=run, now=NOON)
                except AlreadyDecided:
                    continue
        except Exception as error:  # noqa: BLE001 - told by the test
            lost.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=file, args=(part,)) for part in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not lost
    assert Lead.objects.count() == LeadSeries.objects.get().last == 16
    numbers = sorted(Lead.objects.values_list("number", flat=True))
    assert numbers == [f"甬线-2026-{number:06d}" for number in range(1, 17)]
