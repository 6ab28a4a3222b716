"""Filing what was read: listings with their history, and the leads on them.

Filing the same thing again changes nothing but the last-seen times, so a run that was
cut short can simply be done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from desk.leads.models import Lead, LeadEvent, LeadSeries, Listing, Run, Seller
from desk.leads.services.triage import reopen
from desk.leads.states import LeadState
from desk.register.models import Mark

DECISIVE = (
    "title",
    "description",
    "brand",
    "shop",
    "shop_url",
    "seller_id",
    "category",
    "classes",
    "images",
    "attributes",
)
PREFIX = "甬线"


def digest_of(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the fields a decision rests on: not price, stock, sales."""
    facts = {key: data.get(key) for key in DECISIVE if data.get(key) not in (None, "", [], {})}
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def clean(value: Any) -> Any:
    """Return a JSON value without the characters that PostgreSQL cannot keep."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {clean(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


@transaction.atomic
def file_listing(*, data: Mapping[str, Any], run: Run | None, now: datetime) -> Listing:
    """Record a listing as read now and return its row; ``data`` is the listing in JSON.

    A changed digest is counted and dated. The seller is recorded with it.
    """
    facts: dict[str, Any] = clean(data)
    platform = facts.get("platform") or ""
    values = {
        "url": facts.get("url") or "",
        "title": facts.get("title") or "",
        "price": facts.get("price") or "",
        "currency": facts.get("currency") or "",
        "seller": _file_seller(facts, now=now),
        "data": facts,
        "digest": digest_of(facts),
        "last_seen": now,
        "last_run": run,
    }
    row, made = Listing.objects.select_for_update().get_or_create(
        platform=platform,
        item_id=facts.get("item_id") or facts["id"],
        defaults={**values, "first_seen": now, "first_run": run},
    )
    if made:
        return row
    if row.digest != values["digest"]:
        row.changes += 1
        row.changed_at, row.changed_run = now, run
    for key, value in values.items():
        setattr(row, key, value)
    row.save()
    return row


def _file_seller(facts: Mapping[str, Any], *, now: datetime) -> Seller | None:
    shop = facts.get("shop")
    if not shop:
        return None
    known = {
        key: facts[key]
        for key in ("shop_url", "seller_id", "seller_name", "ship_from")
        if facts.get(key)
    }
    seller, _ = Seller.objects.update_or_create(
        platform=facts.get("platform") or "",
        shop=shop,
        defaults={**known, "last_seen": now},
        create_defaults={**known, "first_seen": now, "last_seen": now},
    )
    return seller


@transaction.atomic
def file_leads(
    *, listing: Listing, matches: Sequence[Mapping[str, Any]], run: Run, now: datetime
) -> list[Lead]:
    """File the flagged matches of one listing and return the leads made by this call.

    ``matches`` are leads in JSON whose ``mark_id`` is the row of the mark. A lead that
    exists keeps its decision and the snapshot it was decided on, unless it was
    dismissed and the listing has changed since: then it is new again.
    """
    bureau = run.watch.source.organisation
    made = []
    for match in matches:
        if not match["flag"]:
            continue
        lead = Lead.objects.filter(listing=listing, mark_id=int(match["mark_id"])).first()
        if lead is not None:
            _find_again(lead, listing=listing, match=match, run=run, now=now)
            continue
        mark = Mark.objects.only("organisation_id").get(pk=int(match["mark_id"]))
        lead = Lead.objects.create(
            number=_next_number(now),
            organisation=bureau,
            listing=listing,
            mark=mark,
            holder_id=mark.organisation_id,
            platform=listing.platform,
            run=run,
            found_at=now,
            last_found_at=now,
            **_findings(match, listing),
        )
        LeadEvent.objects.create(
            lead=lead, run=run, at=now, to_state=LeadState.NEW, revision=0, note=str(run)
        )
        made.append(lead)
    return made


def _findings(match: Mapping[str, Any], listing: Listing) -> dict[str, Any]:
    return {
        "similarity": match["similarity"],
        "priority": match["priority"],
        "field": match["field"] or "",
        "span": match["span"],
        "reasons": clean(match["reasons"]),
        "against": clean(match["against"]),
        "versions": match["versions"],
        "snapshot": listing.data,
        "listing_digest": listing.digest,
    }


def _find_again(
    lead: Lead, *, listing: Listing, match: Mapping[str, Any], run: Run, now: datetime
) -> None:
    changed = lead.listing_digest != listing.digest
    if lead.state == LeadState.DISMISSED and changed:
        reopen(lead=lead, note="商品信息已变化 / the listing changed", run=run)
    fresh: dict[str, Any] = {"last_found_at": now}
    if lead.state == LeadState.NEW:
        fresh |= _findings(match, listing)
        if changed:  # who saw the old listing must look again before deciding
            fresh["revision"] = lead.revision + 1
    Lead.objects.filter(pk=lead.pk, revision=lead.revision).update(**fresh)


def _next_number(now: datetime) -> str:
    """Return the next lead number of the year; gap-free, since it is taken with the lead."""
    year = timezone.localtime(now).year
    LeadSeries.objects.get_or_create(year=year)
    LeadSeries.objects.filter(year=year).update(last=F("last") + 1)  # locks the row
    last = LeadSeries.objects.get(year=year).last
    return f"{PREFIX}-{year}-{last:06d}"
