"""Attended capture (有人值守取证): a person uses a visible browser, everything is recorded.

1. The address is opened; 2. the person signs in, visits pages, marks the moments that count,
at the terminal or with Ctrl+Shift+M; 3. they end it, close the window, or the time is up; 4. the
records of the exhibit are taken from the page they were on. The capture itself clicks nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Error

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.heard import Heard
from evidence.browser.launch import Running
from evidence.browser.order import Attended
from evidence.capture.attendance import Attendance
from evidence.capture.course import Course, Visit
from evidence.capture.extras import context_options
from evidence.capture.recorder import Recorder
from evidence.capture.recording import filming
from evidence.capture.telling import told_of_moments
from evidence.capture.visit import stopper
from evidence.format.counted import counted
from evidence.format.names import ATTENDED


def attend(course: Course, running: Running, spool: Path, mark: int) -> Visit:
    """Open the address for a person and record what they do until they end it.

    With a bad certificate, that is declared and the address opened again, unless the order is
    strict. Raises PageNotCaptured when the address cannot be opened at all.
    """
    person = course.order.attended or Attended("")
    try:
        return _attend_once(course, running, spool, mark, person, problem="")
    except PageNotCaptured as failure:
        if failure.reason is not Reason.CERTIFICATE or course.order.strict_tls:
            raise
        course.steps.add("bad certificate, declared; loading again", failure.en)
        return _attend_once(course, running, spool, mark, person, problem=failure.en)


def _attend_once(
    course: Course, running: Running, spool: Path, mark: int, person: Attended, *, problem: str
) -> Visit:
    context = running.browser.new_context(
        **context_options(course.order, running.version, course.login),
        ignore_https_errors=bool(problem),
        service_workers="block",
        accept_downloads=False,
    )
    page = context.new_page()
    recorder = Recorder(course.order.limits, stopper(course, page), Heard.from_now(running.heard))
    with recorder.following(), filming(course, page, spool) as filmed:
        attendance = Attendance(course, context, filmed, spool, person, page)
        attendance.begin(page, mark)
        ended_by = attendance.run()
        attendance.finish(ended_by)
    seen = tuple(recorder.seen)
    with suppress(Error):
        context.close()
    course.steps.add("context closed", f"{counted(len(seen), 'request', 'requests')} seen")
    main = attendance.main
    if main is None:
        raise PageNotCaptured(
            Reason.INTERRUPTED,
            "The browser was closed before anything could be kept.",
            "尚未留存任何内容，浏览器即已关闭。",
        )
    others = {n: told for n, told in attendance.lines.items() if f"moment {n}" != main.whence}
    course.declared.extend(told_of_moments(others))
    told = attendance.doings.to_bytes(
        person,
        started=course.started,
        ended_by=ended_by,
        main=main.whence,
        filmed=bool(filmed.files),
    )
    files = {**main.records.files, **attendance.licence, **attendance.pictures, **filmed.files}
    files[ATTENDED] = told
    records = replace(main.records, files=files)
    return Visit(records, main.url, main.status, problem, seen, main.answered)
