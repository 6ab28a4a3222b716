"""The labelled set: large enough, split by mark, the same at every call, and judged as promised."""

from __future__ import annotations

from bench.evasion.labelled import load
from matcher import Watchlist

NOT_WANTED = ("genuine", "compatible", "second_hand", "unrelated", "ordinary")


def test_the_set_is_large_and_no_mark_is_in_both_parts() -> None:
    data = load()
    assert data == load()
    assert len(data.rows) >= 1500
    assert len(data.marks) >= 200
    parts = [{row.mark_id for row in data.rows if row.held_out is part} for part in (True, False)]
    assert not parts[0] & parts[1]
    assert min(map(len, parts)) >= 90
    assert len({row.offer.id for row in data.rows}) == len(data.rows)


def test_a_sample_of_it_is_judged_as_promised() -> None:
    data = load()
    watchlist = Watchlist(data.marks, data.shops)
    rows = data.rows[::5]
    flags = [
        {m.mark_id for m in found if m.flag}
        for found in watchlist.scan_all([row.offer for row in rows])
    ]
    wanted = [row.mark_id in got for row, got in zip(rows, flags, strict=True) if row.wanted]
    assert sum(wanted) >= 0.9 * len(wanted)
    quiet = [bool(got) for row, got in zip(rows, flags, strict=True) if row.kind in NOT_WANTED]
    assert sum(quiet) <= 0.03 * len(quiet)
