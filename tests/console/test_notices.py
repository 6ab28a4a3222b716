"""Each person is told what concerns them, once, and what they read is theirs alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from desk.cases.models import Entrustment, Exhibit, NoticeRead
from desk.cases.notices import mark_read, notices_for
from desk.leads.models import Lead, Run
from tests.console.conftest import Sessions
from tests.console.world import World


@pytest.fixture
def busy(world: World) -> World:
    """Return the world after a reading that found leads and one that was turned away."""
    now = timezone.now()
    Run.objects.update(
        finished_at=now, new_leads=5, alarm_zh="价格读不到了。", alarm_en="No prices."
    )
    run = Run.objects.get()
    Lead.objects.update(run=run)
    Run.objects.create(
        watch=run.watch, due_at=now, finished_at=now, state="blocked",
        sentence_zh="网站要求验证码，已停止。", sentence_en="The site asks for a CAPTCHA; stopped.",
    )  # fmt: skip
    return world


def _kinds(world: World, name: str) -> list[str]:
    told = notices_for(world.people[name], now=timezone.now())
    return sorted(one.kind for one in told if not one.read)


def test_who_is_told_what(busy: World) -> None:
    assert _kinds(busy, "officer") == _kinds(busy, "auditor") == ["alarm", "leads", "unread"]
    assert _kinds(busy, "owner") == ["mark"]
    assert _kinds(busy, "notary") == ["entrusted"]
    for name in ("administrator", "other_officer", "other_owner"):
        assert _kinds(busy, name) == []


def test_what_is_old_ended_or_not_theirs_is_not_told(busy: World) -> None:
    old = timezone.now() - timedelta(days=31)
    Run.objects.update(finished_at=old)
    Entrustment.objects.update(ended_at=timezone.now())
    Exhibit.objects.update(state="failed", requested_at=timezone.now(), error_zh="网页打不开。")
    assert _kinds(busy, "officer") == ["failed"]
    assert _kinds(busy, "notary") == _kinds(busy, "owner") == []


def test_a_notice_is_read_by_one_person_and_stays_unread_for_others(
    busy: World, session: Sessions
) -> None:
    officer = session("officer")
    home = officer.get("/").content.decode()
    assert "未读通知" in home
    assert "网站要求验证码" in home
    page = officer.get("/notices/")
    assert page.context["unread"] == 3
    first = page.context["notices"][0]
    officer.post("/notices/read/", {"key": [first.key, "leads:999999", "x" * 500]})
    assert officer.get("/notices/").context["unread"] == 2
    assert len(_kinds(busy, "auditor")) == 3
    keys = [one.key for one in page.context["notices"]]
    officer.post("/notices/read/", {"key": keys})
    assert "均已读" in officer.get("/notices/").content.decode()
    assert "未读通知" not in officer.get("/").content.decode()
    assert NoticeRead.objects.count() == 3
    english = session("notary", language="en").get("/").content.decode()
    assert "Unread notices" in english


def test_what_was_read_long_ago_is_forgotten(busy: World) -> None:
    officer, now = busy.people["officer"], timezone.now()
    NoticeRead.objects.create(account=officer, key="leads:0", at=now - timedelta(days=61))
    assert mark_read(account=officer, keys=["unread:0"], now=now) == 0
    assert not NoticeRead.objects.exists()
