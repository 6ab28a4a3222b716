"""One visit to a page without anybody at the keyboard: go there, settle, take the records."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Error, Page
from playwright.sync_api import TimeoutError as NotYet

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.heard import Heard
from evidence.browser.launch import Running
from evidence.capture.answered import Answer, Answers, require_a_page
from evidence.capture.answering import answering
from evidence.capture.beside import Beside
from evidence.capture.course import Course, Visit
from evidence.capture.extras import context_options
from evidence.capture.licence import take_licence
from evidence.capture.navigation import WITHOUT_CONTENT, explain
from evidence.capture.page import Records, settle, take_records
from evidence.capture.recorder import Recorder
from evidence.capture.recording import filming
from evidence.capture.telling import BARE, MOVED
from evidence.format.counted import counted

MOVES = 4
STOPPING = frozenset({"requests", "bytes"})
"""The bounds at which the recorder stops a page."""
_LOOK_SECONDS = 0.5

Act = Callable[[Course, Running, Path, int], Visit]
"""What is done in the browser: the course, the browser, the spool, the journal's mark."""


def visit(course: Course, running: Running, spool: Path, mark: int) -> Visit:
    """Load the page with certificates verified; with a bad one, declare it and load again."""
    try:
        return _visit_once(course, running, spool, mark, problem="")
    except PageNotCaptured as failure:
        if failure.reason is not Reason.CERTIFICATE or course.order.strict_tls:
            raise
        course.steps.add("bad certificate, declared; loading again", failure.en)
        return _visit_once(course, running, spool, mark, problem=failure.en)


def _visit_once(course: Course, running: Running, spool: Path, mark: int, *, problem: str) -> Visit:
    context = running.browser.new_context(
        **context_options(course.order, running.version, course.login),
        ignore_https_errors=bool(problem),
        service_workers="block",
        accept_downloads=True,
    )
    page = context.new_page()
    recorder = Recorder(course.order.limits, stopper(course, page), Heard.from_now(running.heard))
    answers = _listening(recorder, page)
    recorder.know_shared_workers(running.browser)
    beside = Beside(course)
    beside.watch(page)

    def to_the_front(_: Page) -> None:
        with suppress(Error):  # a page behind another loads no lazy pictures
            page.bring_to_front()

    context.on("page", to_the_front)
    following, asked = recorder.following(), answering(course, running.browser)
    with following, asked, filming(course, page, spool) as filmed:
        bare = _navigate(course, page, mark, recorder, answers)
        records = _take(course, page, recorder)
        if bare is None:
            require_a_page(records.url)
        else:
            course.declared.append(BARE)
            records = replace(records, url=bare.url)
        context.remove_listener("page", to_the_front)
        recorder.read()
        final_url, answer = records.url, answers.shown(page, records.url)
        licence = take_licence(course, page)
        beside.wait(page)
        page.wait_for_timeout(200)
    seen = tuple(recorder.seen)
    context.close()
    course.steps.add("context closed", f"{counted(len(seen), 'request', 'requests')} seen")
    records = replace(records, files={**records.files, **licence, **filmed.files})
    status, answered = (answer.status, answer.url) if answer else (0, "")
    return Visit(records, final_url, status, problem, seen, answered)


def stopper(course: Course, page: Page) -> Callable[[str], None]:
    """Return what the recorder calls at a bound: no further request is let go."""

    def stop(limit: str) -> None:
        if limit in course.hit:
            return
        course.reached(limit)
        with suppress(Error):
            page.context.set_offline(True)
            session = page.context.new_cdp_session(page)
            session.send("Page.stopLoading")

    return stop


def _listening(recorder: Recorder, page: Page) -> Answers:
    """Return what every answer for the page itself is added to, as the recorder reads of it.

    The driver's own responses, one object for each part of a page, would make every page load
    slower.
    """
    answers, session = Answers(), page.context.new_cdp_session(page)
    main = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    session.detach()

    def heard(frame: str, url: str, status: int) -> None:
        if frame == main:
            answers.add(page, Answer(url, status))

    recorder.heard = heard
    return answers


def _navigate(
    course: Course, page: Page, mark: int, recorder: Recorder, answers: Answers
) -> Answer | None:
    """Go to the address and wait for what it loads.

    Returns None, or the answer of an error status without content, in place of which the browser
    shows a page of its own.
    """
    order = course.order
    course.steps.add("navigation", order.url)
    end = time.monotonic() + order.limits.load_seconds
    try:
        page.goto(order.url, wait_until="commit", timeout=order.limits.load_seconds * 1000)
        _loaded(course, page, end)
    except Error as error:
        recorder.read()
        if course.stopped or page.is_closed() or "crashed" in error.message:
            raise
        if WITHOUT_CONTENT in error.message and answers.of(page):
            return _without_content(course, page, answers)
        if "Timeout" not in error.message or not answers.of(page):
            raise explain(error.message, order, mark) from error
        _late(course)
    recorder.read()
    if not answers.of(page):
        raise explain("no response", order, mark)
    course.steps.add("loaded", f"{answers.of(page)[-1].status} {page.url}")
    return None


def _loaded(course: Course, page: Page, end: float) -> None:
    """Wait for the page's load event; a page that a bound has stopped never gives one."""
    while not STOPPING.intersection(course.hit):
        left = end - time.monotonic()
        try:
            page.wait_for_load_state("load", timeout=max(1.0, min(left, _LOOK_SECONDS) * 1000))
        except NotYet:
            if left <= _LOOK_SECONDS:
                _late(course)
                return
        else:
            return
    course.steps.add("load not complete", "stopped at a bound")


def _late(course: Course) -> None:
    course.hit.append("load seconds")
    course.steps.add("load not complete", f"after {course.order.limits.load_seconds} s")


def _without_content(course: Course, page: Page, answers: Answers) -> Answer:
    """Wait for the browser's own page in place of an error that has no content."""
    answer = answers.of(page)[-1]
    with suppress(Error):
        page.wait_for_load_state("load", timeout=course.order.limits.settle_seconds * 1000)
    course.steps.add("loaded", f"{answer.status} {answer.url}; no content, the browser's own page")
    return answer


def _take(course: Course, page: Page, recorder: Recorder) -> Records:
    """Settle and take the records; a page that moves on by script is followed, within bounds."""
    limits = course.order.limits
    for _ in range(MOVES):
        try:
            settled = settle(page, limits, course.steps, still=recorder.still)
            records = take_records(page, course.order, course.steps, settled)
            course.hit.extend(settled.hit)
        except Error as error:
            moved = "navigat" in error.message or "context was destroyed" in error.message
            if course.stopped or page.is_closed() or not moved:
                raise
            course.steps.add("page moved on by itself", page.url)
            if MOVED not in course.declared:
                course.declared.append(MOVED)
            with suppress(Error):
                page.wait_for_load_state("load", timeout=limits.settle_seconds * 1000)
        else:
            return records
    raise PageNotCaptured(
        Reason.BROWSER,
        "The page keeps moving to other addresses by itself.",
        "该网页不断自动跳转，无法取证。",
    )
