"""Hostile input: bounded time, clear handling."""

from __future__ import annotations

import time

import pytest

from matcher import Mark, Watchlist
from matcher.stream import write_line
from tests.matcher.samples import offer, watchlist

SECONDS = 10.0  # of this process alone, whatever else the machine does


@pytest.mark.parametrize(
    "title",
    [
        "霖狸 矿泉水 " * 60_000,
        "霖" * 1_000_000,
        "a " * 500_000,
        "Zentavo" * 150_000,
        "霖" + "\u0301" * 50_000 + "狸",
        "\u202e" * 50_000 + "霖狸",
        "适用于" * 300_000,
        "1 " * 20_000 + "霖狸",
        "【" * 200_000,
    ],
    ids=lambda title: f"{title[:6]!r} x {len(title)}",
)
def test_long_titles_take_bounded_time(title: str) -> None:
    marks = watchlist()
    begun = time.process_time()
    marks.scan(offer(title, description=title))
    assert time.process_time() - begun < SECONDS


def test_exact_signs_far_back_in_a_long_title_are_found_and_the_cut_is_told() -> None:
    found = watchlist().scan(offer("水" * 9000 + " 霖狸 "))
    assert found[0].mark_id == "M1"
    assert "cut_short" in {reason.code for reason in found[0].against}


def test_a_hundred_thousand_equal_marks() -> None:
    marks = Watchlist([Mark(f"E{n:06d}", "霖狸", (32,)) for n in range(100_000)])
    assert len(marks.signs) == 1
    begun = time.process_time()
    found = marks.scan(offer("霖狗 矿泉水"))
    assert len(found) == 100_000
    assert time.process_time() - begun < 2 * SECONDS


def test_lone_surrogates_are_written_as_utf8() -> None:
    found = watchlist().scan(offer("霖\ud800狸 矿泉水", shop="\udfff"))
    for match in found:
        write_line(match).decode("utf-8")


@pytest.mark.parametrize("name", ["a", "0", "的", "正品", "new", "㍿", "ﷺ", "鼎" * 500, "ab" * 250])
def test_odd_names_neither_fail_nor_flag_plain_titles(name: str) -> None:
    marks = Watchlist([Mark("1", name)])
    assert not [m for m in marks.scan(offer("家用保温杯 500ml plain cup")) if m.flag]
