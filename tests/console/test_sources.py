"""Officers add a source with its watch, pause it and let it go on, on a page of their own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from desk.leads.models import Override, Run, Source, Watch
from desk.leads.services import enqueue_due
from tests.console.conftest import Sessions
from tests.console.world import World

GIVEN = {"name": "示例商城", "start_url": "https://mall.example/s", "query": "霁泷", "every": "360"}


def test_a_source_is_added_with_its_watch(session: Sessions, world: World) -> None:
    answer = session("officer").post("/sources/new/", GIVEN, follow=True)
    assert "来源已添加" in answer.content.decode()
    watch = Watch.objects.get(source__name="示例商城")
    assert (watch.query, watch.every_minutes, watch.source.kind) == ("霁泷", 360, "site")
    assert watch.source.organisation == world.leads["new"].organisation
    assert "示例商城" not in session("other_officer").get("/sources/").content.decode()
    again = session("officer").post("/sources/new/", GIVEN)
    assert again.status_code == 422
    assert "已存在" in again.content.decode()
    assert Source.objects.filter(name="示例商城").count() == 1


@pytest.mark.parametrize(
    "url", ["/etc/passwd", "file:///srv/list.jsonl", "ftp://x.example/", "javascript:alert(1)", ""]
)
def test_only_a_site_is_a_source(session: Sessions, url: str) -> None:
    answer = session("officer").post("/sources/new/", {**GIVEN, "start_url": url})
    assert answer.status_code == 422
    assert not Source.objects.filter(name="示例商城").exists()


def test_a_paused_watch_is_not_due(session: Sessions, world: World) -> None:
    client, watch = session("officer"), world.watch
    assert watch is not None
    Watch.objects.filter(pk=watch.pk).update(next_due_at=timezone.now())
    page = client.post(f"/watches/{watch.pk}/pause/", follow=True).content.decode()
    assert "已暂停" in page
    assert enqueue_due(now=timezone.now()) == []
    page = client.post(f"/watches/{watch.pk}/pause/", {"active": "1"}, follow=True)
    assert "监控已恢复" in page.content.decode()
    assert len(enqueue_due(now=timezone.now())) == 1


def test_an_override_is_recorded_shown_and_withdrawn(session: Sessions, world: World) -> None:
    client, watch = session("officer"), world.watch
    assert watch is not None
    place = f"/sources/{watch.source_id}"
    day = timezone.localdate() + timedelta(days=30)
    given = {"number": "甬监 7", "basis": "《电子商务法》第二十五条", "approved_by": "李某"}
    for wrong in ("2020-01-01", "2999-01-01", "tomorrow"):
        assert client.post(f"{place}/override/", {**given, "last_day": wrong}).status_code == 422
    page = client.post(f"{place}/override/", {**given, "last_day": f"{day}"}, follow=True)
    for words in (*given.values(), "例外批准已登记"):
        assert words in page.content.decode()
    made = Override.objects.get()
    assert (timezone.localdate(made.expires_at), made.source) == (
        day + timedelta(days=1),
        watch.source,
    )
    assert made.recorded_by == world.people["officer"]
    assert "甬监 7" not in client.post(f"{place}/withdraw/", follow=True).content.decode()


def test_an_alarm_is_seen_and_settled(session: Sessions, world: World) -> None:
    client, watch = session("officer"), world.watch
    assert watch is not None
    run = Run.objects.create(
        watch=watch, due_at=timezone.now(), state="complete", alarm_zh="改版了", alarm_en="changed"
    )
    Source.objects.filter(pk=watch.source_id).update(active=False, alarm=run)
    page = client.get("/sources/").content.decode()
    assert "读取异常" in page
    assert page.count("改版了") == 2
    client.post(f"/sources/{watch.source_id}/resume/", {"accept": "1"})
    source = Source.objects.get(pk=watch.source_id)
    assert (source.active, source.alarm, source.baseline_from) == (True, None, run.due_at)


def test_a_pasted_tip_is_handed_in(session: Sessions, world: World) -> None:
    client = session("officer")
    answer = client.post("/sources/tip/", {"text": "https://item.jd.com/100031.html"})
    assert answer.status_code == 422
    assert "没有商品标题" in answer.content.decode()
    tip = {"text": "【京东】https://3.cn/1A-b 「霁泷 雨伞」"}
    assert "已收下" in client.post("/sources/tip/", tip, follow=True).content.decode()
    run = Run.objects.get(watch__source__name="粘贴的线索")
    assert "霁泷 雨伞" in Path(run.watch.source.start_url).read_text("utf-8")
    assert client.post("/sources/tip/", tip).status_code == 422
