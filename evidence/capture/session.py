"""One capture from the first request to the closed files, told as named steps."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Dialog, Error, Page, Response

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.launch import Running, open_browser
from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Clock, Steps, Tell, untold, wall_clock
from evidence.capture.artefacts import Course, Visit, write_artefacts
from evidence.capture.exchange import Exchange, NotRecorded
from evidence.capture.navigation import explain
from evidence.capture.page import Records, page_note, printable, settle, take_records
from evidence.capture.recorder import Recorder
from evidence.capture.warc import Place
from evidence.environment.journal import JournalView, journal_size, read_journal
from evidence.environment.record import environment_record, observe

MOVES = 4


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
    tell: Tell = untold,
    isolation: dict[str, Any] | None = None,
) -> Snapshot:
    """Capture one page into ``folder``; return what was captured.

    ``tell`` hears of each step at once; ``isolation`` goes into the environment record.

    Raises PageNotCaptured (a CaptureError) with the reason when the page cannot be had. What
    is proved: nothing yet; digests are taken by ``evidence.seal`` as the files close. Not
    checked: whether the page's content is true.
    """
    steps = Steps(clock, tell=tell)
    session = Course(order, steps, clock())
    before = observe(clock)
    steps.add("environment before")
    mark = journal_size(order.journal)
    with open_browser(order) as running, _watchdog(session, running):
        steps.add("browser started", running.version)
        try:
            visit = _visit(session, running, mark)
        except Error as error:
            raise _browser_failed(session, error) from error
    steps.add("browser closed")
    after = observe(clock)
    journal = read_journal(order.journal, mark)
    environment = environment_record(
        order,
        running,
        journal,
        before=before,
        after=after,
        software=software,
        isolation=isolation,
    )
    visit = replace(visit, exchanges=_with_peers(visit.exchanges, order, journal))
    finished = clock()
    places = write_artefacts(session, visit, environment, folder, finished, software)
    return Snapshot(
        url=order.url,
        final_url=visit.final_url,
        title=visit.records.title,
        http_status=visit.status,
        page_note=page_note(visit.records, visit.status),
        certificate=_verdict(visit),
        started=session.started,
        finished=finished,
        folder=folder,
        places=places,
    )


@contextmanager
def _watchdog(session: Course, running: Running) -> Iterator[None]:
    """End the browser when the whole capture outlives its bound; a hung page cannot hold us."""

    def expire() -> None:
        session.expired = True
        running.kill()

    limits = session.order.limits
    timer = threading.Timer(limits.seconds + limits.grace_seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _browser_failed(session: Course, error: Error) -> PageNotCaptured:
    if session.expired:
        return PageNotCaptured(
            Reason.TIMEOUT,
            f"The capture took longer than {session.order.limits.seconds:.0f} seconds.",
            f"取证超过 {session.order.limits.seconds:.0f} 秒的时限。",
        )
    first = error.message.splitlines()[0][:200] if error.message else "unknown"
    return PageNotCaptured(
        Reason.BROWSER,
        f"The browser failed during the capture ({first}).",
        f"取证过程中浏览器出错（{first}）。",
    )


def _visit(session: Course, running: Running, mark: int) -> Visit:
    """Load the page with certificates verified; with a bad one, declare it and load again."""
    try:
        return _visit_once(session, running, mark, tolerate=None)
    except PageNotCaptured as failure:
        if failure.reason is not Reason.CERTIFICATE or session.order.strict_tls:
            raise
        session.steps.add("bad certificate, declared; loading again", failure.en)
        return _visit_once(session, running, mark, tolerate=failure.en)


def _visit_once(session: Course, running: Running, mark: int, *, tolerate: str | None) -> Visit:
    order, limits = session.order, session.order.limits
    context = running.browser.new_context(
        locale=order.locale,
        timezone_id=order.timezone,
        viewport={"width": order.viewport.width, "height": order.viewport.height},
        ignore_https_errors=tolerate is not None,
        service_workers="block",
        accept_downloads=False,
    )
    page = context.new_page()
    recorder = Recorder(limits, _stopper(session, page))
    cdp = recorder.attach(context, page)
    _watch_page(session, context, page)
    answers = _navigate(session, page, mark)
    records = _take(session, page)
    response = answers[-1]
    certificate = _certificate(cdp, response, tolerate)
    page.wait_for_timeout(200)
    exchanges, named = recorder.finish()
    session.steps.add("exchanges", f"{len(exchanges)} recorded, {len(named)} named")
    visit = Visit(records, exchanges, named, page.url, response.status, certificate)
    context.close()
    return visit


def _stopper(session: Course, page: Page) -> Callable[[str], None]:
    """Return what the recorder calls at a bound: no further request is let go."""

    def stop(limit: str) -> None:
        if limit in session.hit:
            return
        session.hit.append(limit)
        session.steps.add("limit", limit)
        page.context.set_offline(True)

    return stop


def _watch_page(session: Course, context: BrowserContext, page: Page) -> None:
    def on_dialog(dialog: Dialog) -> None:
        session.dialogs.append({"type": dialog.type, "message": printable(dialog.message[:500])})
        dialog.dismiss()

    def on_page(popup: Page) -> None:
        if popup != page:
            session.extra.append(NotRecorded("popup", popup.url, "closed, picture not taken"))
            popup.close()

    page.on("dialog", on_dialog)
    context.on("page", on_page)


def _navigate(session: Course, page: Page, mark: int) -> list[Response]:
    """Go to the address; return the list to which every answer for the page itself is added."""
    order = session.order
    answers: list[Response] = []

    def keep(response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and response.frame == page.main_frame:
            answers.append(response)

    page.on("response", keep)
    session.steps.add("navigation", order.url)
    try:
        page.goto(order.url, wait_until="load", timeout=order.limits.load_seconds * 1000)
    except Error as error:
        if "Timeout" not in error.message or not answers:
            raise explain(error.message, order, mark) from error
        session.hit.append("load seconds")
        session.steps.add("load not complete", f"after {order.limits.load_seconds} s")
    if not answers:
        raise explain("no response", order, mark)
    session.steps.add("loaded", f"{answers[-1].status} {page.url}")
    return answers


def _take(session: Course, page: Page) -> Records:
    """Settle and take the records; a page that moves on by script is followed, within bounds."""
    for _ in range(MOVES):
        try:
            session.hit.extend(settle(page, session.order.limits, session.steps))
            return take_records(page, session.order, session.steps)
        except Error as error:
            if "navigat" not in error.message and "context was destroyed" not in error.message:
                raise
            session.steps.add("page moved on by itself", page.url)
            with suppress(Error):
                page.wait_for_load_state("load", timeout=session.order.limits.settle_seconds * 1000)
    raise PageNotCaptured(
        Reason.BROWSER,
        "The page keeps moving to other addresses by itself.",
        "该网页不断自动跳转，无法取证。",
    )


def _certificate(
    cdp: CDPSession, response: Response, tolerate: str | None
) -> dict[str, Any] | None:
    if not response.url.startswith("https:"):
        return None
    origin = "/".join(response.url.split("/")[:3])
    chain = cdp.send("Network.getCertificate", {"origin": origin})["tableNames"]
    details: dict[str, Any] = dict(response.security_details() or {})
    return {
        "origin": origin,
        "verdict": "bad" if tolerate else "accepted by the browser",
        "problem": tolerate or "",
        "protocol": str(details.get("protocol", "")),
        "chain": list(chain),
        "chain_sha256": [hashlib.sha256(base64.b64decode(item)).hexdigest() for item in chain],
    }


def _verdict(visit: Visit) -> str:
    return visit.certificate["verdict"] if visit.certificate else "none (http)"


def _with_peers(
    exchanges: tuple[Exchange, ...], order: CaptureOrder, journal: JournalView
) -> tuple[Exchange, ...]:
    if order.proxy is None:
        return exchanges
    return tuple(replace(item, peer=journal.peer(item.url)) for item in exchanges)
