"""A listing becomes a lead: one run of a watch, from the site to filed leads.

1. open the guard and read the source (crawler, in a process of its own);
2. record each listing with its seller;
3. compare it with every mark;
4. file the flagged matches as leads;
5. fetch the pictures of the leads;
6. write down what was read, or why it was not; a site that has changed pauses its source.

A run that was cut short, or whose budget is used up, goes on later from its own frontier;
filing twice is harmless.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import crawler
import egress.process
import matcher
from crawler import CrawlOrder, CrawlReport, Listing
from crawler.errors import CrawlerDied, CrawlError
from crawler.override import Override
from crawler.sentences import counted
from desk.errors import BadInput
from desk.jobs.work import Later, Work
from desk.leads.counting import fold
from desk.leads.drift import WATCHED
from desk.leads.handover import read_list
from desk.leads.models import Lead, LeadEvent, Run
from desk.leads.models import Listing as ListingRow
from desk.leads.pictures import keep_picture
from desk.leads.services.alarms import look_for_drift
from desk.leads.services.filing import file_leads, file_listing
from desk.leads.services.overrides import override_of
from desk.leads.states import LeadState, RunState, SourceKind
from desk.register.models import Mark
from egress.errors import EgressError

BATCH = 25
OPEN = (RunState.QUEUED, RunState.RUNNING)
Crawl = Callable[..., CrawlReport]
OpenGuard = Callable[..., AbstractContextManager[egress.process.Guard]]
FetchPictures = Callable[..., dict[str, Path]]


@dataclass
class Filer:
    """Compares listings with the watchlist as they come and files them in batches."""

    run: Run
    watchlist: matcher.Watchlist
    clock: Callable[[], datetime] = timezone.now
    read: int = 0
    coverage: Counter[str] = field(default_factory=Counter)
    _waiting: list[Listing] = field(default_factory=list)

    def take(self, listing: Listing) -> None:
        """Take one listing; every 25 are filed in one transaction."""
        self._waiting.append(listing)
        self.read += 1
        self.coverage.update(name for name in WATCHED if getattr(listing, name))
        if len(self._waiting) >= BATCH:
            self.file()

    def file(self) -> None:
        """File what waits, all or nothing."""
        now = self.clock()
        with transaction.atomic():
            found = self.watchlist.scan_all(self._waiting)
            for listing, some in zip(self._waiting, found, strict=True):
                matches = [match.to_json() for match in some]
                row = file_listing(data=listing.to_json(), run=self.run, now=now)
                file_leads(listing=row, matches=matches, run=self.run, now=now)
        self._waiting.clear()


def watchlist_of_all_marks() -> matcher.Watchlist:
    """Return the watchlist of every registered mark; mark ids are the rows' keys."""
    marks, authorised = [], {}
    for row in Mark.objects.prefetch_related("authorised_sellers").order_by("pk"):
        key = str(row.pk)
        marks.append(
            matcher.Mark(
                mark_id=key,
                name=row.name,
                classes=row.class_numbers(),
                kind=row.kind,
                holder=row.holder,
                well_known=row.well_known,
                common_word=row.common_word,
            )
        )
        authorised[key] = [seller.shop for seller in row.authorised_sellers.all()]
    return matcher.Watchlist(marks, authorised)


def run_sweep(
    work: Work,
    *,
    crawl: Crawl | None = None,
    guard: OpenGuard = egress.process.guard,
    pictures: FetchPictures = crawler.fetch_pictures,
) -> Run:
    """Do the run ``work.payload["run"]`` and return it; a run that has ended is left alone.

    A source that cannot be read ends the run with the reason; the next due time tries
    again. Errors of ours break the job, which is then tried again. Raises Later when the
    source's budget is used up: the same run goes on when it fills again.
    """
    run = Run.objects.select_related("watch__source__organisation").get(pk=work.payload["run"])
    if run.state not in OPEN:
        return run
    Run.objects.filter(pk=run.pk, started_at=None).update(started_at=timezone.now())
    override = override_of(run.watch.source)
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, override=override)
    run.override = override
    folder = Path(settings.MARKSEAL_HOME) / "crawls" / f"run-{run.pk}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    filer = Filer(run, watchlist_of_all_marks())
    if crawl is None:
        crawl = read_list if run.watch.source.kind == SourceKind.FILE else crawler.crawl
    try:
        with guard(
            folder / "egress.jsonl",
            allow_loopback=settings.MARKSEAL_ALLOW_LOOPBACK,
            resolvers=settings.MARKSEAL_RESOLVERS,
        ) as way:
            report = crawl(
                _order(run, folder=folder, proxy=way.address),
                on_listing=filer.take,
                on_progress=lambda _: work.report(f"已读取 {filer.read} 条"),
            )
            filer.file()
            _fetch_pictures(run, pictures, folder=folder, proxy=way.address)
    except CrawlerDied:
        raise  # the frontier keeps what it had; the job goes on from there
    except (CrawlError, EgressError, BadInput) as error:
        return _close(run, RunState.FAILED, zh=error.zh, en=error.en, read=filer.read)
    if report.goes_on is not None:
        raise _interrupt(run, report, filer)
    ended = _close(
        run, _state(report.state), zh=report.zh, en=report.en, read=filer.read, report=report
    )
    look_for_drift(ended, filer.coverage)
    if not ended.overridden:  # else the frontier says which pages were read under the override
        shutil.rmtree(folder / "frontier", ignore_errors=True)
    return ended


def _interrupt(run: Run, report: CrawlReport, filer: Filer) -> Later:
    """Write down how far the run is, and return the word that it goes on later."""
    now, goes_on = timezone.now(), datetime.fromtimestamp(report.goes_on or 0, UTC)
    zh = f"{report.zh}到时自动继续。"
    en = f"{report.en} It goes on by itself then."
    Run.objects.filter(pk=run.pk).update(
        state=RunState.QUEUED,
        goes_on=goes_on,
        sentence_zh=zh,
        sentence_en=en,
        **_facts(report, filer.read),
    )
    return Later(max(goes_on - now, timedelta(seconds=1)), en, zh)


def _order(run: Run, *, folder: Path, proxy: str) -> CrawlOrder:
    watch, source = run.watch, run.watch.source
    return CrawlOrder(
        source=source.recipe or None,
        start_url=source.start_url,
        query=watch.query or None,
        limit=watch.item_limit,
        proxy=proxy,
        user_agent=settings.MARKSEAL_USER_AGENT,
        recipes=settings.MARKSEAL_RECIPES,
        workdir=folder / "frontier",
        budgets=Path(settings.MARKSEAL_HOME) / "budgets.sqlite3",
        override=None
        if run.override is None
        else Override(
            number=run.override.number,
            basis=run.override.basis,
            approved_by=run.override.approved_by,
            expires=run.override.expires_at,
        ),
    )


def _state(state: str) -> RunState:
    return RunState(state) if state in RunState.values else RunState.FAILED


def _fetch_pictures(run: Run, fetch: FetchPictures, *, folder: Path, proxy: str) -> None:
    leads = {
        lead.pk: lead.snapshot["images"][0]
        for lead in Lead.objects.filter(listing__last_run=run, picture="")
        if lead.snapshot.get("images")
    }
    if not leads or run.watch.source.kind == SourceKind.FILE:
        return
    fetched = fetch(
        sorted(set(leads.values())),
        proxy=proxy,
        folder=folder / "pictures",
        user_agent=settings.MARKSEAL_USER_AGENT,
    )
    kept = {
        url: keep_picture(path, folder=Path(settings.MARKSEAL_HOME) / "pictures")
        for url, path in fetched.items()
    }
    for pk, url in leads.items():
        if kept.get(url):
            Lead.objects.filter(pk=pk).update(picture=kept[url])
    shutil.rmtree(folder / "pictures", ignore_errors=True)


@transaction.atomic
def _close(
    run: Run, state: RunState, *, zh: str, en: str, read: int, report: CrawlReport | None = None
) -> Run:
    counts = _counts(run)
    Run.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        state=state,
        finished_at=timezone.now(),
        sentence_zh=_sentence_zh(zh, counts),
        sentence_en=_sentence_en(en, counts),
        goes_on=None,
        **counts,
        **_facts(report, read),
    )
    fold()
    run.refresh_from_db()
    return run


def _facts(report: CrawlReport | None, read: int) -> dict[str, Any]:
    if report is None:
        return {"listings": read}
    return {
        "listings": read,
        "pages": report.pages,
        "reported_total": report.reported_total,
        "page_states": dict(report.states),
        "left": report.left,
        "overridden": report.overridden,
    }


def _counts(run: Run) -> dict[str, int]:
    return {
        "new_listings": ListingRow.objects.filter(first_run=run).count(),
        "changed_listings": ListingRow.objects.filter(changed_run=run).count(),
        "new_leads": Lead.objects.filter(run=run).count(),
        "reopened_leads": LeadEvent.objects.filter(
            run=run, to_state=LeadState.NEW, from_state=LeadState.DISMISSED
        ).count(),
    }


def _sentence_zh(said: str, counts: dict[str, int]) -> str:
    return (
        f"{said}新增商品 {counts['new_listings']} 条，变化 {counts['changed_listings']} 条，"
        f"疑似线索 {counts['new_leads']} 条，重新打开 {counts['reopened_leads']} 条。"
    )


def _sentence_en(said: str, counts: dict[str, int]) -> str:
    return (
        f"{said} {counted(counts['new_listings'], 'new listing')}, "
        f"{counts['changed_listings']} changed, {counted(counts['new_leads'], 'suspected lead')}, "
        f"{counts['reopened_leads']} reopened."
    )
