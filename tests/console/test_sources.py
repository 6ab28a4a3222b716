"""Officers add a source with its watch, pause it and let it go on, on a page of their own."""

from __future__ import annotations

import pytest
from django.utils import timezone

from desk.leads.models import Source, Watch
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
