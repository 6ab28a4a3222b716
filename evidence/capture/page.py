"""What is kept of a page: its document, its text, its picture, its PDF and itself as MHTML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from playwright.sync_api import CDPSession, Error, Page

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Steps
from evidence.browser.world import evaluate
from evidence.capture.extras import Files
from evidence.capture.firstscreen import compared, first_screen
from evidence.capture.pagestate import Signs, measure, note_of
from evidence.capture.passed import gone_by, section_of
from evidence.capture.pictures import take_picture
from evidence.capture.settling import SETTLED, Settled, settle
from evidence.capture.shown import printable, take_document, take_shown
from evidence.capture.stillness import at_rest
from evidence.capture.telling import (
    told_of_mhtml,
    told_of_parts,
    told_of_rest,
    told_of_styled,
    told_of_width,
)
from evidence.format.declared import Line
from evidence.format.names import MHTML

__all__ = ["Records", "page_note", "printable", "settle", "take_records"]

_TITLE_LIMIT = 500
# Boxes of some size of which a part is to be seen only by scrolling in them.
_INSIDE = """() => Array.from(document.querySelectorAll('*')).filter(e => {
  if (e === document.scrollingElement || e === document.body) return false;
  if (e.clientHeight < 120 || e.clientWidth < 120) return false;
  const style = getComputedStyle(e), moves = kind => ['auto', 'scroll', 'overlay'].includes(kind);
  return (e.scrollHeight - e.clientHeight >= 80 && moves(style.overflowY)
    || e.scrollWidth - e.clientWidth >= 80 && moves(style.overflowX))
    && e.checkVisibility({visibilityProperty: true});
}).length"""
_MHTML_LIMIT = 300_000_000
_MHTML_HEAD = 64 << 10  # a verifier reads no further for the end of the head


@dataclass(frozen=True)
class Records:
    """The mutually corroborating records of one page, taken one after the other.

    ``files`` are the optional ones, by their names in the package; ``url`` is the address of the
    page while they were taken; ``lines`` are sentences that come before anything else.
    """

    title: str
    dom: bytes
    text: bytes
    screenshot: bytes
    pdf: bytes
    height: int
    limits_hit: tuple[str, ...]
    signs: Signs
    files: Files = field(default_factory=dict)
    url: str = ""
    lines: tuple[Line, ...] = ()


def take_records(
    page: Page,
    order: CaptureOrder,
    steps: Steps,
    settled: Settled = SETTLED,
    *,
    stop: bool = True,
) -> Records:
    """Take DOM, text, picture, PDF and MHTML, in this order, of a page that is kept at rest.

    All are of one document: raises playwright's Error when the page moved on meanwhile. What
    could not be kept still, or does not stand in all of the records, is in ``lines``. Without
    ``stop`` the page's scripts go on, and its changes are told.
    """
    limits, document = order.limits, _document(page)
    with at_rest(page, steps, stop=stop) as rest:
        before = _screen(page)
        url, title = page.url, printable(page.title())[:_TITLE_LIMIT]
        dom, shown = take_document(page, steps), take_shown(page, steps)
        inside = int(evaluate(page, _INSIDE)) + shown.scrolling
        picture = take_picture(
            page,
            steps,
            bound=limits.picture_height,
            strip=limits.strip_height,
            seconds=limits.picture_seconds,
        )
        signs = measure(page)
        with _unprepared(page, stopped=rest.stopped):
            pdf = page.pdf(format="A4", print_background=True)
            steps.add("pdf", f"{len(pdf)} bytes")
            mhtml = take_mhtml(page, steps)
        changed = take_shown(page, Steps()).text != shown.text
        if changed:
            steps.add("text changed meanwhile", "text and picture are of different moments")
        box = compared(before, _screen(page), steps)
        if _document(page) != document:
            raise Error("Execution context was destroyed (the page moved on among its records)")
    passed = gone_by(settled.passed, shown.text.decode())
    lines = (
        *told_of_rest(rest, changed=changed or box is not None),
        *told_of_parts(passed=len(passed), inside=inside, missed=shown.missed),
        *told_of_styled(signs.styled),
        *told_of_width(picture.width, picture.shown),
        *told_of_mhtml(kept=mhtml is not None),
    )
    return Records(
        title=title,
        dom=dom,
        text=shown.text + section_of(passed),
        screenshot=picture.png,
        pdf=pdf,
        height=picture.height,
        limits_hit=picture.limits_hit,
        signs=signs,
        files={**picture.strips, **({} if mhtml is None else {MHTML: mhtml})},
        url=url,
        lines=lines,
    )


def _screen(page: Page) -> bytes | None:
    with _session(page) as session:
        return first_screen(session)


def _document(page: Page) -> str:
    """Return the browser's name for the document that the page shows; a new one has another."""
    with _session(page) as session:
        return str(session.send("Page.getFrameTree")["frameTree"]["frame"]["loaderId"])


@contextmanager
def _session(page: Page) -> Iterator[CDPSession]:
    session = page.context.new_cdp_session(page)
    try:
        yield session
    finally:
        with suppress(Error):
            session.detach()


@contextmanager
def _unprepared(page: Page, *, stopped: bool) -> Iterator[None]:
    """Have the page printed as it is shown: without its print styles, its scripts at rest."""
    session = page.context.new_cdp_session(page)
    try:
        if not stopped:
            session.send("Emulation.setScriptExecutionDisabled", {"value": True})
        page.emulate_media(media="screen")
        yield
    finally:
        with suppress(Error):
            page.emulate_media(media="null")
        with suppress(Error):
            if not stopped:
                session.send("Emulation.setScriptExecutionDisabled", {"value": False})
            session.detach()


def take_text(page: Page, steps: Steps, settled: Settled = SETTLED) -> bytes:
    """Return what the page and its frames show as text, and what they showed while scrolled."""
    text = take_shown(page, steps).text
    return text + section_of(gone_by(settled.passed, text.decode()))


def take_mhtml(page: Page, steps: Steps) -> bytes | None:
    """Return the page with its parts as one MHTML file (RFC 2557) of the browser's making."""
    try:
        with _session(page) as session:
            data = str(session.send("Page.captureSnapshot", {"format": "mhtml"})["data"])
    except Error as error:
        steps.add("no MHTML", error.message.splitlines()[0])
        return None
    mhtml = data.encode("utf-8", "surrogatepass")
    if len(mhtml) > _MHTML_LIMIT:
        steps.add("no MHTML", f"{len(mhtml)} bytes, more than {_MHTML_LIMIT}")
        return None
    head = mhtml[:_MHTML_HEAD]
    if b"\r\n\r\n" not in head and b"\n\n" not in head:
        steps.add("no MHTML", f"its head (title, address) is longer than {_MHTML_HEAD} bytes")
        return None
    steps.add("MHTML", f"{len(mhtml)} bytes")
    return mhtml


def page_note(records: Records, status: int) -> str | None:
    """Return what the page looks like if not an ordinary one; see ``evidence.capture.pagestate``.

    One of ``gone``, ``http-error``, ``verification``, ``login``, ``empty``; None otherwise.
    """
    return note_of(records.title, records.text.decode("utf-8", "replace"), status, records.signs)
