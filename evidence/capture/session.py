"""One capture from the first request to the closed files, told as named steps.

1. The machine is observed; 2. a browser of its own runs and writes its log; 3. the page is
visited; 4. the browser ends; 5. its log is read; 6. the machine is observed again; 7. the
artefacts are written from the log and from what the visit took.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Error

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.launch import Running, open_browser
from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Clock, Steps, Tell, untold, wall_clock
from evidence.capture.artefacts import Found, write_artefacts
from evidence.capture.attended import attend
from evidence.capture.certificates import site_certificate
from evidence.capture.course import Course, Visit
from evidence.capture.joined import Joined, join
from evidence.capture.partial import write_partial
from evidence.capture.veil import Veil
from evidence.capture.visit import Act, visit
from evidence.capture.warc import Place, record_count
from evidence.capture.watchdog import watchdog
from evidence.environment.answers import Answered
from evidence.environment.journal import journal_size, read_journal
from evidence.environment.record import Surroundings
from evidence.format.counted import counted
from evidence.netlog import Wire, read_netlog

SPOOL = ".spool"
LATE = (0.5, 2.0)
RECORDS = 19_000
"""A package's WARC may hold 20,000 records, two or more to an exchange."""


@dataclass(frozen=True)
class Snapshot:
    """A finished capture: the artefacts lie in ``folder`` under their names in the package.

    ``fidelity`` is the WARC's (``evidence.format.manifest.FIDELITIES``); ``declared`` are the
    sentences (Chinese, English) that come before everything else that is said of it.
    """

    url: str
    final_url: str
    title: str
    http_status: int
    page_note: str | None
    certificate: str
    started: datetime
    finished: datetime
    folder: Path
    places: tuple[Place, ...]
    fidelity: str = "decoded"
    declared: tuple[tuple[str, str], ...] = ()


def capture(
    order: CaptureOrder,
    folder: Path,
    *,
    software: str,
    clock: Clock = wall_clock,
    act: Act | None = None,
    tell: Tell = untold,
    isolation: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Capture one page into ``folder``; return what was captured.

    Raises PageNotCaptured (a CaptureError) with the reason when the page cannot be had, after
    ``partial.json`` in ``folder`` says how far it came. ``act`` is what is done in the browser:
    by default a visit, or what the attended order's person does;
    ``tell`` hears of each step; ``isolation`` is what this process found of its own. What is
    proved: nothing yet; digests are taken by ``evidence.seal`` as the files close. Not checked:
    whether the page's content is true.
    """
    course = Course(order, Steps(clock, tell=tell), clock())
    with _spool(folder) as spool:
        try:
            course.veil = Veil.of(order, spool)
            if course.veil is not None:
                course.veil.require_plain(order.url)
            doing = act or (attend if order.attended else visit)
            found = _found(course, spool, software, isolation, doing)
        except PageNotCaptured as failure:
            write_partial(folder, course, failure, spool)
            raise
        written = write_artefacts(course, found, folder, clock(), software)
    return Snapshot(
        url=order.url,
        final_url=written.final_url,
        title=written.title,
        http_status=found.visit.status,
        page_note=written.page_note,
        certificate=written.certificate,
        started=course.started,
        finished=written.finished,
        folder=folder,
        places=written.places,
        fidelity=written.fidelity,
        declared=written.declared,
    )


@contextmanager
def _spool(folder: Path) -> Iterator[Path]:
    """Make a private folder for the browser's log, which holds cookies; remove it afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    spool = (folder / SPOOL).absolute()
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir(mode=0o700)
    try:
        yield spool
    finally:
        shutil.rmtree(spool, ignore_errors=True)


def _found(
    course: Course,
    spool: Path,
    software: str,
    isolation: Mapping[str, Any] | None,
    act: Act,
) -> Found:
    order, steps = course.order, course.steps
    surroundings = Surroundings(order, steps.clock)
    steps.add("environment before")
    mark = journal_size(order.journal)
    with (
        open_browser(order, spool) as running,
        watchdog(course, running),
        surroundings.watching(running),
    ):
        steps.add("browser started", running.version)
        taken = _acted(course, running, spool, mark, act)
    steps.add("browser closed")
    wire = _read(course, running)
    journal = read_journal(order.journal, mark)
    joined = join(wire, taken.seen, journal)
    _require_the_page(joined)
    site = site_certificate(taken, joined)
    environment = surroundings.record(
        running,
        journal,
        software=software,
        answered=Answered(
            url=taken.final_url,
            http_status=taken.status,
            certificate=site["verdict"] if site else "none (http)",
            chain_sha256=tuple(site["chain_sha256"]) if site else (),
            root_store=str(wire.root_store) if wire.root_store else None,
        ),
        isolation=isolation,
    )
    steps.add("environment recorded")
    return Found(taken, wire, joined, journal, environment, site)


def _acted(course: Course, running: Running, spool: Path, mark: int, act: Act) -> Visit:
    try:
        return act(course, running, spool, mark)
    except Error as error:
        raise _browser_failed(course, error) from error


def _read(course: Course, running: Running) -> Wire:
    """Read the browser's log, which must be whole; the process that writes it may end last."""
    wire = read_netlog(running.log, running.log.parent / "wire")
    for attempt, wait in enumerate(LATE):
        if wire.complete:
            break
        time.sleep(wait)
        wire = read_netlog(running.log, running.log.parent / f"wire{attempt}")
    course.steps.add("log read", counted(len(wire.exchanges), "exchange", "exchanges"))
    if not wire.complete:
        raise PageNotCaptured(
            Reason.BROWSER,
            "The browser ended before its own network log was whole.",
            "浏览器在其网络日志完整之前已结束。",
        )
    if sum(record_count(one) for one in wire.exchanges) > RECORDS:
        raise _too_much()
    return wire


def _require_the_page(joined: Joined) -> None:
    """Refuse a log without a page that the browser got; a new network process begins it anew.

    Chromium starts another network process where one ends before its time. That one empties the
    log, closes it in order at the end, and nothing but what is missing tells of it. A page that
    the browser got ready beforehand (prerendering) is told of twice and asked for once.
    """
    logged = {row.wire.url.partition("#")[0] for row in joined.rows}
    unheard = (one for one in joined.only_seen if one.url not in logged)
    if any(one.kind == "Document" and one.connection for one in unheard):
        raise PageNotCaptured(
            Reason.BROWSER,
            "The browser's network log lacks the page itself; its network process ended early.",
            "浏览器的网络日志缺少该网页本身；其网络进程提前结束。",
        )


def _browser_failed(course: Course, error: Error) -> PageNotCaptured:
    if course.stopped == "seconds":
        return PageNotCaptured(
            Reason.TIMEOUT,
            f"The capture took longer than {course.order.limits.seconds:.0f} seconds.",
            f"取证超过 {course.order.limits.seconds:.0f} 秒的时限。",
        )
    if course.stopped == "bytes":
        return _too_much()
    if course.stopped == "crash":
        return PageNotCaptured(
            Reason.BROWSER,
            "The page's own process crashed during the capture.",
            "取证过程中网页进程崩溃。",
        )
    first = error.message.splitlines()[0][:200] if error.message else "unknown"
    return PageNotCaptured(
        Reason.BROWSER,
        f"The browser failed during the capture ({first}).",
        f"取证过程中浏览器出错（{first}）。",
    )


def _too_much() -> PageNotCaptured:
    return PageNotCaptured(
        Reason.LIMIT,
        "The page loads more than a capture may hold.",
        "网页加载的数据超过取证的上限。",
    )
