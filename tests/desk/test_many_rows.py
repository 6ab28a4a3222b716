"""A million listings and leads: the desk's reads stay right, and their times are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

import pytest

from desk.leads.models import Lead, Listing
from desk.leads.paging import next_lead_for
from desk.leads.selectors import lead_counts, leads_for
from desk.leads.states import LeadState
from tests.desk.conftest import NOON, Town

WORDS = ("甬舟 龙井茶 礼盒", "甬丹 红茶 散装", "YONGZHOU tea 250g", "永舟 茶具 套装")


def _listings(number: int) -> Iterator[Listing]:
    for one in range(number):
        title = f"{WORDS[one % len(WORDS)]} {one}"
        yield Listing(
            platform="shop", item_id=str(one), url=f"http://127.0.0.1:9/{one}", title=title,
            data={"id": f"shop:{one}", "title": title}, digest="0" * 64,
            first_seen=NOON, last_seen=NOON,
        )  # fmt: skip


def _leads(town: Town, listings: list[Listing], numbers: Iterator[int]) -> Iterator[Lead]:
    for listing, number in zip(listings, numbers, strict=False):
        yield Lead(
            number=f"甬线-2026-{number:07d}", organisation=town.bureau, listing=listing,
            mark=town.mark, holder=town.brand, platform="shop", state=LeadState.NEW, similarity=0.9,
            priority=0.5 + (number * 7919 % 5000) / 10000, field="title", span=[0, 2],
            snapshot={"title": listing.title}, listing_digest="0" * 64,
            found_at=NOON, last_found_at=NOON,
        )  # fmt: skip


def _fill(town: Town, number: int) -> None:
    numbers = count(1)
    source = _listings(number)
    while part := list(islice(source, 20_000)):
        rows = Listing.objects.bulk_create(part)
        Lead.objects.bulk_create(_leads(town, rows, numbers))


def _milliseconds(read: Callable[[], Any], *, times: int = 5) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        read()
        taken.append(time.perf_counter() - started)
    return round(sorted(taken)[times // 2] * 1000, 1)


def _reads(town: Town) -> dict[str, Callable[[], Any]]:
    return {
        "first page": lambda: list(leads_for(town.officer)[:50]),
        "next lead": lambda: next_lead_for(town.officer),
        "counts": lambda: lead_counts(town.officer),
        "two-character search": lambda: list(leads_for(town.officer, search="甬丹")[:50]),
    }


def _check(town: Town, number: int) -> None:
    first = list(leads_for(town.officer)[:50])
    assert [lead.priority for lead in first] == sorted((x.priority for x in first), reverse=True)
    assert lead_counts(town.officer)["new"] == number
    assert leads_for(town.officer, search="甬丹").count() == len(range(1, number, 4))
    assert list(leads_for(town.other_officer)[:1]) == []


def test_a_few_thousand_rows_are_read_right(town: Town) -> None:
    _fill(town, 2_000)
    _check(town, 2_000)


@pytest.mark.soak
def test_a_million_rows_are_read_right(town: Town) -> None:
    number = 1_000_000
    started = time.monotonic()
    _fill(town, number)
    print(f"soak: {number} listings and leads loaded in {time.monotonic() - started:.0f} s")
    _check(town, number)
    for name, read in _reads(town).items():
        print(f"soak: {name} {_milliseconds(read)} ms (median of 5)")
