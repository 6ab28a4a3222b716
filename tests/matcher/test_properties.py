"""Properties: spans quote raw text, order does not matter, unrelated marks change nothing."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import Mark, Watchlist
from matcher.normal import Text, fold
from tests.matcher.oracle import Exhaustive
from tests.matcher.samples import MARKS, SHOPS, offer, watchlist

PIECES = st.sampled_from(
    [mark.name for mark in MARKS]
    + [
        "霖狗",
        "林狸",
        "柯沫岚",
        "Zentav0",
        "NORVIK",
        "ｚｅｎｔａｖｏ",
        "柯mo岚",
        "茉柯岚",
        "橡果仁",
    ]
    + ["矿泉水", "适用于", "手机壳", "高仿", "for", "case", "【包邮】", "2026新款", "精美的"]
    + [" ", "·", "/", "\u200b", "́", "\ud800", "\u202e", "ß", "㎏", "が", "한", "A", "0"]
)
TITLES = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=12).map("".join)
LIST = watchlist()
UNRELATED = Mark("ZZ", "喆罡鼐", (7,))
WIDER = watchlist(UNRELATED)


@settings(max_examples=150, deadline=None)
@given(TITLES, TITLES)
def test_spans_lie_in_the_raw_field_and_quote_it(title: str, brand: str) -> None:
    listing = offer(title, brand=brand)
    for match in LIST.scan(listing):
        raw = {"title": title, "brand": brand}[match.field]
        start, end = match.span
        assert 0 <= start < end <= len(raw)
        assert match.reasons[0].evidence == raw[start:end]
        assert 0.0 <= match.priority <= 1.0
        assert 0.0 <= match.similarity <= 1.0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_every_folded_character_knows_its_raw_one(raw: str) -> None:
    text = Text(raw)
    for at in range(len(text.joined)):
        start, end = text.span(at, at + 1)
        assert text.joined[at] in fold(raw[start:end])


@settings(max_examples=60, deadline=None)
@given(st.lists(TITLES, max_size=4), st.randoms(use_true_random=False))
def test_order_of_marks_and_listings_makes_no_difference(
    titles: list[str], chance: random.Random
) -> None:
    marks = list(MARKS)
    chance.shuffle(marks)
    shuffled = Watchlist(marks, SHOPS)
    for title in reversed(titles):
        here = [m.to_json() for m in LIST.scan(offer(title))]
        assert here == [m.to_json() for m in shuffled.scan(offer(title))]


@settings(max_examples=100, deadline=None)
@given(TITLES)
def test_an_unrelated_mark_changes_nothing_else(title: str) -> None:
    others = [m.to_json() for m in WIDER.scan(offer(title)) if m.mark_id != UNRELATED.mark_id]
    assert others == [m.to_json() for m in LIST.scan(offer(title))]


def test_the_index_keeps_what_exhaustive_scoring_flags() -> None:
    chance = random.Random(20261122)
    han = "霖狸柯茉岚橡果旭堇云舟沐禾喆罡铭玥瑾澜"
    latin = ["zen", "tav", "nor", "vik", "pel", "mu", "hea", "ro", "qui", "bla"]
    marks = [
        Mark(f"H{n}", "".join(chance.choices(han, k=chance.choice((2, 3, 3, 4)))))
        for n in range(40)
    ] + [Mark(f"L{n}", "".join(chance.choices(latin, k=chance.choice((2, 3))))) for n in range(40)]
    index, slow = Watchlist(marks), Watchlist(marks, finder=Exhaustive)
    listings = []
    for _ in range(400):
        name = list(chance.choice(marks).name)
        name[chance.randrange(len(name))] = chance.choice(han if name[0] in han else "aeioxq")
        title = chance.choice(["{} 家用 包邮", "正品 {} 礼盒", "new {} black", "优选{}水杯"])
        listings.append(offer(title.format("".join(name))))
    kept = missed = 0
    for ours, all_of in zip(index.scan_all(listings), slow.scan_all(listings), strict=True):
        wanted = {m.mark_id for m in all_of if m.flag}
        got = {m.mark_id for m in ours if m.flag}
        assert got <= wanted
        kept, missed = kept + len(got), missed + len(wanted - got)
    assert kept > 200
    assert kept / (kept + missed) >= 0.99
