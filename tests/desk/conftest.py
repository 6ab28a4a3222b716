"""People, organisations, marks and leads for the tests of the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from desk.leads.models import Lead, Run, Source, Watch
from desk.leads.services import add_source, add_watch, enqueue_due, file_leads, file_listing
from desk.register.models import Mark, Organisation, User
from desk.register.services import add_mark, add_organisation, add_user

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@dataclass
class Town:
    """Two brand owners, two bureaux and a notary office with one person each."""

    owner: User
    other_owner: User
    officer: User
    second_officer: User
    other_officer: User
    notary: User
    auditor: User
    administrator: User
    brand: Organisation
    other_brand: Organisation
    bureau: Organisation
    other_bureau: Organisation
    mark: Mark
    other_mark: Mark
    source: Source
    watch: Watch


def _person(name: str, role: str, organisation: Organisation) -> User:
    return add_user(name=name, role=role, organisation=organisation, password="a long password")[0]


@pytest.fixture
def town(db: None) -> Town:
    """Return the town, freshly settled."""
    brand = add_organisation(name="甬舟茶业", kind="brand_owner")
    other_brand = add_organisation(name="明州钟表", kind="brand_owner")
    bureau = add_organisation(name="鄞州局", kind="bureau")
    other_bureau = add_organisation(name="海曙局", kind="bureau")
    notaries = add_organisation(name="永欣公证处", kind="notary_office")
    owner = _person("owner", "owner", brand)
    other_owner = _person("other-owner", "owner", other_brand)
    source = add_source(organisation=bureau, name="示例商城", start_url="http://127.0.0.1:9/")
    return Town(
        owner=owner,
        other_owner=other_owner,
        officer=_person("officer", "officer", bureau),
        second_officer=_person("second", "officer", bureau),
        other_officer=_person("other-officer", "officer", other_bureau),
        notary=_person("notary", "notary", notaries),
        auditor=_person("auditor", "auditor", bureau),
        administrator=_person("admin", "administrator", bureau),
        brand=brand,
        other_brand=other_brand,
        bureau=bureau,
        other_bureau=other_bureau,
        mark=add_mark(actor=owner, mark_id="100", name="甬舟", classes=(30,)),
        other_mark=add_mark(actor=other_owner, mark_id="200", name="明州", classes=(14,)),
        source=source,
        watch=add_watch(source=source, now=NOON, query="甬舟", every_minutes=60),
    )


def listing_json(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a listing in JSON."""
    return {
        "id": f"shop:{number}",
        "platform": "shop",
        "item_id": str(number),
        "url": f"http://127.0.0.1:9/item/{number}",
        "title": f"甬舟茶叶 {number}",
        "description": "好茶",
        "brand": "甬舟",
        "price": "12.00",
        "currency": "CNY",
        "shop": "某某专营店",
        "shop_url": None,
        "images": [],
        "attributes": {},
        **changes,
    }


def match_json(mark: Mark, **changes: Any) -> dict[str, Any]:
    """Return a flagged match in JSON for this mark."""
    return {
        "listing_id": "shop:1",
        "mark_id": str(mark.pk),
        "similarity": 1.0,
        "priority": 0.9,
        "flag": True,
        "field": "title",
        "span": [0, 2],
        "reasons": [{"code": "exact", "text": "完全相同", "text_en": "exact", "evidence": "甬舟"}],
        "against": [],
        "versions": {"rules": "1"},
        **changes,
    }


@pytest.fixture
def run(town: Town) -> Run:
    """Return the first run of the town's watch."""
    return enqueue_due(now=NOON)[0]


LeadMaker = Callable[..., Lead]


@pytest.fixture
def make_lead(town: Town, run: Run) -> LeadMaker:
    """Return a maker of leads: each on a listing of its own, for the first owner's mark."""
    made = 0

    def make(mark: Mark | None = None, **changes: Any) -> Lead:
        nonlocal made
        made += 1
        row = file_listing(data=listing_json(made, **changes), run=run, now=NOON)
        return file_leads(listing=row, matches=[match_json(mark or town.mark)], run=run, now=NOON)[
            0
        ]

    return make
