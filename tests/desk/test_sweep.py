"""A run of a watch: from listings to leads, blocked sources, runs cut short."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image

from crawler import CrawlOrder, CrawlReport, CrawlState, Listing
from crawler.errors import CrawlerDied, OrderWrong
from crawler.override import Override
from desk.errors import BadInput, NotAllowed, NotPossible
from desk.jobs.work import Later, Work
from desk.leads.handover import read_list
from desk.leads.models import Lead, Run, Source
from desk.leads.models import Listing as ListingRow
from desk.leads.pictures import keep_picture
from desk.leads.services import (
    add_override,
    add_source,
    add_watch,
    dismiss,
    end_alarm,
    enqueue_due,
    hand_in,
    run_now,
    withdraw_override,
)
from desk.leads.services.sweep import run_sweep
from desk.leads.states import RunState
from desk.register.services import authorise_seller
from egress.process import Guard
from tests.desk.conftest import NOON, Town, listing_json

pytestmark = pytest.mark.django_db


@contextmanager
def open_way(journal: Path, **_: object) -> Iterator[Guard]:
    """Stand in for the guard: an address nobody listens on."""
    yield Guard("127.0.0.1:9", journal, 0)


def shop(*rows: dict[str, Any], state: CrawlState = CrawlState.COMPLETE, die: bool = False) -> Any:
    """Return a crawl that finds these listings and then ends so."""

    def crawl(
        order: CrawlOrder, *, on_listing: Callable[[Listing], None], on_progress: Any = None
    ) -> CrawlReport:
        for row in rows:
            on_listing(Listing.from_json(row))
        if die:
            raise CrawlerDied("The crawl ended.", "采集进程退出。")
        return CrawlReport(state, len(rows), 3, len(rows), {"ok": 3}, "读取完毕。", "All read.")

    return crawl


def no_pictures(urls: Any, **_: Any) -> dict[str, Path]:
    """Fetch nothing."""
    return {}


def sweep(run: Run, crawl: Any, pictures: Any = no_pictures) -> Run:
    """Run the sweep with these doors."""
    return run_sweep(Work({"run": run.pk}), crawl=crawl, guard=open_way, pictures=pictures)


def test_suspected_listings_become_leads(town: Town, run: Run) -> None:
    plain = listing_json(2, title="不锈钢保温杯", brand=None, description=None)
    ended = sweep(run, shop(listing_json(1), plain))
    assert (ended.state, ended.listings, ended.new_listings, ended.new_leads) == (
        "complete",
        2,
        2,
        1,
    )
    assert (ended.pages, ended.reported_total, ended.page_states) == (3, 2, {"ok": 3})
    assert "疑似线索 1 条" in ended.sentence_zh
    assert ended.finished_at is not None
    lead = Lead.objects.get()
    assert (lead.mark, lead.listing.item_id, lead.organisation) == (town.mark, "1", town.bureau)
    assert lead.reasons
    assert lead.versions


def test_authorised_sellers_become_no_leads(town: Town, run: Run) -> None:
    authorise_seller(actor=town.owner, mark=town.mark, shop="某某专营店")
    assert sweep(run, shop(listing_json())).new_leads == 0


def test_a_run_that_has_ended_is_left_alone(run: Run) -> None:
    sweep(run, shop(listing_json()))
    again = sweep(run, shop(listing_json(1), listing_json(2)))
    assert (again.listings, Lead.objects.count()) == (1, 1)


@pytest.mark.parametrize("state", ["blocked", "forbidden", "unreachable", "refused", "gone"])
def test_a_source_that_is_not_read_says_why(run: Run, state: str) -> None:
    ended = sweep(run, shop(state=CrawlState(state)))
    assert ended.state == state
    assert ended.sentence_zh.startswith("读取完毕。")
    assert ended.listings == 0


def test_an_order_that_cannot_be_carried_out_ends_the_run(run: Run) -> None:
    def wrong(order: CrawlOrder, **_: Any) -> CrawlReport:
        raise OrderWrong("No such thing.", "无法执行。")

    ended = sweep(run, wrong)
    assert (ended.state, ended.sentence_zh[:5]) == (RunState.FAILED, "无法执行。")


def test_a_run_cut_short_goes_on_and_counts_each_thing_once(run: Run) -> None:
    rows = [listing_json(number) for number in range(1, 61)]
    with pytest.raises(CrawlerDied):
        sweep(run, shop(*rows[:40], die=True))
    run.refresh_from_db()
    assert (run.state, ListingRow.objects.count()) == (RunState.RUNNING, 25)
    ended = sweep(run, shop(*rows))
    assert (ended.listings, ended.new_listings, ended.new_leads) == (60, 60, 60)
    numbers = sorted(Lead.objects.values_list("number", flat=True))
    assert numbers[-1] == "甬线-2026-000060"


def test_a_changed_listing_reopens_and_is_counted(town: Town, run: Run) -> None:
    sweep(run, shop(listing_json()))
    dismiss(lead=Lead.objects.get(), actor=town.officer, reason_code="genuine")
    second = run_now(watch=town.watch, now=NOON + timedelta(minutes=5))
    ended = sweep(second, shop(listing_json(title="甬舟茶叶 高仿")))
    assert (ended.changed_listings, ended.reopened_leads, ended.new_leads) == (1, 1, 0)


def test_a_run_whose_budget_is_used_up_goes_on_in_the_next_window(run: Run) -> None:
    rows = [listing_json(number) for number in range(1, 4)]
    filled = timezone.now() + timedelta(hours=1)
    part = replace(
        shop()(CrawlOrder(None, ""), on_listing=print),
        state=CrawlState.LIMITED, left=7, goes_on=filled.timestamp(),
    )  # fmt: skip

    def first(order: CrawlOrder, *, on_listing: Any, on_progress: Any = None) -> CrawlReport:
        order.workdir.mkdir()
        on_listing(Listing.from_json(rows[0]))
        return part

    with pytest.raises(Later) as later:
        sweep(run, first)
    run.refresh_from_db()
    assert (run.state, run.left, run.goes_on, run.listings) == ("queued", 7, filled, 1)
    assert "到时自动继续" in run.sentence_zh
    assert timedelta(minutes=50) < later.value.delay <= timedelta(hours=1)
    assert (settings.MARKSEAL_HOME / "crawls" / f"run-{run.pk}" / "frontier").is_dir()
    assert enqueue_due(now=NOON + timedelta(days=1)) == []
    ended = sweep(run, shop(*rows))
    assert (ended.state, ended.listings, ended.left, ended.goes_on) == ("complete", 3, 0, None)


def _again(town: Town, minutes: int, *rows: dict[str, Any]) -> Run:
    run = run_now(watch=town.watch, now=NOON + timedelta(minutes=minutes))
    return sweep(run, shop(*rows))


def test_a_site_that_changed_raises_the_alarm_in_that_run(town: Town, run: Run) -> None:
    rows = [listing_json(number) for number in range(1, 13)]
    bare = [{**row, "price": None, "currency": None} for row in rows]
    assert sweep(run, shop(*rows)).alarm_zh == ""
    changed = _again(town, 5, *bare)
    source = Source.objects.get(pk=town.source.pk)
    assert "价格（100% → 0%）" in changed.alarm_zh
    assert (source.active, source.alarm_id) == (False, changed.pk)
    assert enqueue_due(now=NOON + timedelta(days=1)) == []
    end_alarm(source=source, accept=False, actor=town.officer)
    assert _again(town, 10, *bare).alarm_zh
    end_alarm(source=Source.objects.get(pk=source.pk), accept=True)
    assert Source.objects.get(pk=source.pk).active
    assert _again(town, 15, *bare).alarm_zh == ""
    few = _again(town, 20)
    assert "网站自报总数同样减少" in few.alarm_zh
    assert Source.objects.get(pk=source.pk).active
    with pytest.raises(NotAllowed):
        end_alarm(source=source, accept=True, actor=town.other_officer)


def test_a_run_under_an_override_carries_it(town: Town, run: Run) -> None:
    given = {"number": "1", "basis": "b", "approved_by": "李某", "now": NOON}
    until = NOON + timedelta(days=1)
    with pytest.raises(NotAllowed):
        add_override(source=town.source, actor=town.other_officer, expires_at=until, **given)  # type: ignore[arg-type]
    for wrong in ({"basis": " "}, {"expires_at": NOON}, {"expires_at": NOON + timedelta(400)}):
        with pytest.raises(BadInput):
            add_override(**{"source": town.source, "expires_at": until, **given, **wrong})  # type: ignore[arg-type]
    made = add_override(source=town.source, actor=town.officer, expires_at=until, **given)  # type: ignore[arg-type]
    orders: list[CrawlOrder] = []

    def crawl(order: CrawlOrder, **doors: Any) -> CrawlReport:
        orders.append(order)
        return replace(shop(listing_json())(order, **doors), overridden=3)

    ended = sweep(run, crawl)
    assert (ended.override, ended.overridden) == (made, 3)
    assert orders[0].override == Override("1", "b", "李某", until)
    assert withdraw_override(source=town.source, now=NOON, actor=town.officer) == 1
    assert _again(town, 5, listing_json()).override is None


def _picture(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "one"
    Image.new("RGBA", (40, 30), (200, 0, 0, 128)).save(path, "PNG")
    return path


def test_pictures_of_leads_are_fetched_and_written_anew(run: Run) -> None:
    url = "http://127.0.0.1:9/a.png"

    def fetch(urls: Any, *, folder: Path, **_: Any) -> dict[str, Path]:
        assert urls == [url]
        return {url: _picture(folder)}

    sweep(run, shop(listing_json(images=[url])), fetch)
    kept = settings.MARKSEAL_HOME / "pictures" / Lead.objects.get().picture
    with Image.open(kept) as picture:
        assert (picture.format, picture.size) == ("JPEG", (40, 30))


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_not_kept(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert keep_picture(path, folder=tmp_path / "kept") is None


def test_a_picture_with_too_many_points_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    Image.new("1", (7000, 7000)).save(path)
    assert keep_picture(path, folder=tmp_path / "kept") is None


def _list_file(town: Town, path: Path, *lines: str) -> Source:
    path.write_text("\n".join(lines), encoding="utf-8")
    return add_source(organisation=town.bureau, name=path.name, start_url=str(path))


def test_a_list_handed_over_is_a_source(town: Town, tmp_path: Path) -> None:
    rows = [json.dumps(listing_json(number)) for number in (1, 2)]
    source = _list_file(town, tmp_path / "list.jsonl", *rows, "")
    watch = add_watch(source=source, now=NOON)
    ended = run_sweep(Work({"run": run_now(watch=watch, now=NOON).pk}), guard=open_way)
    assert (ended.state, ended.listings, ended.new_leads) == ("complete", 2, 2)


def test_what_is_handed_in_becomes_leads_of_one_source(town: Town) -> None:
    for minute in (1, 2):
        given = [Listing.from_json(listing_json(minute))]
        run = hand_in(
            organisation=town.bureau,
            name="粘贴的线索",
            listings=given,
            now=NOON + timedelta(minutes=minute),
            actor=town.officer,
        )
        with pytest.raises(NotPossible):
            hand_in(organisation=town.bureau, name="粘贴的线索", listings=given, now=NOON)
        ended = run_sweep(Work({"run": run.pk}), guard=open_way)
        assert (ended.state, ended.listings, ended.new_leads) == ("complete", 1, 1)
    source = Source.objects.get(name="粘贴的线索")
    assert (source.kind, source.watches.get().active) == ("file", False)
    with pytest.raises(NotAllowed):
        hand_in(organisation=town.bureau, name="x", listings=[], now=NOON, actor=town.other_officer)


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"id": "1", "title": "x", "colour": "red"}'])
def test_a_line_that_is_no_listing_is_named(town: Town, tmp_path: Path, line: str) -> None:
    source = _list_file(town, tmp_path / "list.jsonl", json.dumps(listing_json()), line)
    order = CrawlOrder(source=None, start_url=source.start_url)
    with pytest.raises(BadInput) as caught:
        read_list(order, on_listing=lambda _: None)
    assert "第 2 行" in caught.value.zh


def test_a_list_is_limited_and_searched(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(json.dumps(listing_json(number)) for number in range(5)))
    taken: list[Listing] = []
    order = CrawlOrder(source=None, start_url=str(path), limit=2)
    assert read_list(order, on_listing=taken.append).state == CrawlState.LIMITED
    order = CrawlOrder(source=None, start_url=str(path), query="茶叶 3")
    assert read_list(order, on_listing=taken.append).listings == 1
    assert len(taken) == 3
    with pytest.raises(BadInput):
        read_list(CrawlOrder(source=None, start_url=str(tmp_path / "no")), on_listing=print)
