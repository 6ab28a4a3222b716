"""A thousand marks and two thousand listings: the index keeps what looking at everything flags."""

from __future__ import annotations

import random

import pytest

from bench.evasion.labelled import load
from bench.match import names
from matcher import Mark, Watchlist
from tests.matcher.oracle import Exhaustive

MARKS, LISTINGS, STEP = 1000, 2000, 100


@pytest.mark.soak
def test_a_thousand_marks_and_two_thousand_listings() -> None:
    data, chance = load(), random.Random(20261123)
    more = [Mark(f"P{n:04d}", name) for n, name in enumerate(names(MARKS, chance))]
    marks = [*data.marks, *more][:MARKS]
    listings = [row.offer for row in chance.sample(data.rows, LISTINGS)]
    index, slow = Watchlist(marks), Watchlist(marks, finder=Exhaustive)
    kept, missed, more_than = 0, [], 0
    for first in range(0, LISTINGS, STEP):
        some = listings[first : first + STEP]
        for one, ours, all_of in zip(some, index.scan_all(some), slow.scan_all(some), strict=True):
            wanted = {m.mark_id for m in all_of if m.flag}
            got = {m.mark_id for m in ours if m.flag}
            kept += len(got & wanted)
            more_than += len(got - wanted)
            missed += [(one.title, mark_id) for mark_id in sorted(wanted - got)]
    for title, mark_id in missed:
        print(f"soak: the index misses {mark_id} in {title}")
    print(
        f"soak: {MARKS:,} marks, {LISTINGS:,} listings: {kept:,} flags kept, "
        f"{len(missed)} missed, {more_than} more"
    )
    assert more_than == 0
    assert kept / (kept + len(missed)) >= 0.99
