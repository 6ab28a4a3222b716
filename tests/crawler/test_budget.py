"""Budgets by hour and day, and how long a source asks to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from crawler.budget import DAY, HOUR, Budget
from crawler.order import CrawlState
from crawler.pace import retry_after
from crawler.sentences import ending

NOON = 20_000 * DAY + 12 * HOUR


def test_an_hour_is_full_until_the_next(tmp_path: Path) -> None:
    purse = Budget(tmp_path / "b.sqlite3", "shop.example", per_hour=3)
    assert [purse.spend(NOON + n) for n in range(3)] == [0.0] * 3
    assert purse.spend(NOON + 100) == NOON + HOUR
    assert Budget(tmp_path / "b.sqlite3", "other.example", per_hour=3).spend(NOON) == 0.0
    assert purse.spend(NOON + HOUR) == 0.0


def test_a_day_is_full_until_midnight(tmp_path: Path) -> None:
    purse = Budget(tmp_path / "b.sqlite3", "shop.example", per_hour=2, per_day=3)
    assert [purse.spend(NOON), purse.spend(NOON)] == [0.0, 0.0]
    assert purse.spend(NOON + HOUR) == 0.0
    assert purse.spend(NOON + 2 * HOUR) == NOON + 12 * HOUR
    assert purse.spend(NOON + 12 * HOUR) == 0.0


def test_crawls_share_the_purse_and_no_budget_is_no_bound(tmp_path: Path) -> None:
    path = tmp_path / "home" / "b.sqlite3"
    one, two = (Budget(path, "shop.example", per_day=2) for _ in range(2))
    assert (one.spend(NOON), two.spend(NOON)) == (0.0, 0.0)
    assert one.spend(NOON) == two.spend(NOON) > NOON
    assert not Budget(tmp_path / "none" / "b", "shop.example").spend(NOON)
    assert not (tmp_path / "none").exists()


def test_retry_after_in_seconds_as_a_date_and_unsaid() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert retry_after("30", now=now, tries=0) == 30
    assert retry_after("Mon, 23 Nov 2026 13:00:00 GMT", now=now, tries=0) == 3600
    assert retry_after("Mon, 23 Nov 2026 11:00:00 GMT", now=now, tries=0) == 0
    assert [retry_after(None, now=now, tries=n) for n in range(3)] == [2, 4, 8]
    assert retry_after("soon", now=now, tries=0) == 2


def test_the_sentence_says_when_to_go_on() -> None:
    for state, reason in (
        (CrawlState.LIMITED, "budget until 2026-11-23 13:00 UTC"),
        (CrawlState.BLOCKED, "asked until 2026-11-23 13:00 UTC"),
    ):
        said = ending(
            state, host="shop.example", reason=reason, listings=3, pages=4, total=None, failed=0
        )
        for text in said:
            assert "shop.example" in text
            assert "2026-11-23 13:00 UTC" in text
