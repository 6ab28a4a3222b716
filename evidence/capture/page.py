"""What is kept of a page: its document, its text, its picture, its PDF and itself as MHTML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from playwright.sync_api import Error, Frame, Page

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Steps
from evidence.browser.world import evaluate
from evidence.capture.extras import Files
from evidence.capture.pagestate import Signs, measure, note_of
from evidence.capture.pictures import take_picture
from evidence.capture.settling import settle
from evidence.format.names import MHTML

__all__ = ["Records", "page_note", "printable", "settle", "take_records"]

_TEXT = "() => document.body ? document.body.innerText : \
(document.documentElement ? document.documentElement.textContent : '')"
_TITLE_LIMIT = 500
_FRAMES = 40
_FRAME_MS = 1500
_FRAME_LIMIT = 500_000
_MHTML_LIMIT = 300_000_000
_MHTML_HEAD = 64 << 10  # a verifier reads no further for the end of the head


@dataclass(frozen=True)
class Records:
    """The mutually corroborating records of one page, taken one after the other.

    ``files`` are the optional ones, by their names in the package.
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


def take_records(page: Page, order: CaptureOrder, steps: Steps) -> Records:
    """Take DOM, text, picture, PDF and MHTML, in this order; the picture's height is bounded.

    All are of one document: raises playwright's Error when the page moved on meanwhile. A text
    that changed while they were taken is told in the steps.
    """
    limits, document = order.limits, _document(page)
    title = printable(page.title())[:_TITLE_LIMIT]
    dom = page.content().encode("utf-8", "surrogatepass")
    steps.add("document", f"{len(dom)} bytes")
    text = take_text(page, steps)
    picture = take_picture(
        page,
        steps,
        bound=limits.picture_height,
        strip=limits.strip_height,
        seconds=limits.picture_seconds,
    )
    signs = measure(page)
    if not text.startswith(_valid(str(evaluate(page, _TEXT)).encode("utf-8", "surrogatepass"))):
        steps.add("text changed meanwhile", "text and picture are of different moments")
    with _unprepared(page):
        pdf = page.pdf(format="A4", print_background=True)
        steps.add("pdf", f"{len(pdf)} bytes")
        mhtml = take_mhtml(page, steps)
    if _document(page) != document:
        raise Error("Execution context was destroyed (the page moved on among its records)")
    return Records(
        title=title,
        dom=_valid(dom),
        text=text,
        screenshot=picture.png,
        pdf=pdf,
        height=picture.height,
        limits_hit=picture.limits_hit,
        signs=signs,
        files={**picture.strips, **({} if mhtml is None else {MHTML: mhtml})},
    )


def _document(page: Page) -> str:
    """Return the browser's name for the document that the page shows; a new one has another."""
    session = page.context.new_cdp_session(page)
    try:
        return str(session.send("Page.getFrameTree")["frameTree"]["frame"]["loaderId"])
    finally:
        with suppress(Error):
            session.detach()


@contextmanager
def _unprepared(page: Page) -> Iterator[None]:
    """Have the page printed as it is shown: without its print styles, its scripts at rest."""
    session = page.context.new_cdp_session(page)
    try:
        session.send("Emulation.setScriptExecutionDisabled", {"value": True})
        page.emulate_media(media="screen")
        yield
    finally:
        with suppress(Error):
            page.emulate_media(media="null")
        with suppress(Error):
            session.send("Emulation.setScriptExecutionDisabled", {"value": False})
            session.detach()


def take_text(page: Page, steps: Steps) -> bytes:
    """Return the visible text of the page, then of each frame that has any, under its address."""
    text = str(evaluate(page, _TEXT))
    steps.add("text", f"{len(text.encode('utf-8', 'surrogatepass'))} bytes")
    frames = [frame for frame in page.frames if frame != page.main_frame]
    parts = [text]
    for frame in frames[:_FRAMES]:
        inner = _frame_text(frame)
        if inner is None:
            steps.add("frame text not had", printable(frame.url))
        elif inner.strip():
            parts.append(f"\n\n[frame {printable(frame.url[:2000])}]\n{inner[:_FRAME_LIMIT]}")
            steps.add("frame text", f"{len(inner)} characters; {printable(frame.url)}")
    if len(frames) > _FRAMES:
        steps.add("frames beyond the bound", f"{len(frames) - _FRAMES} of {len(frames)}")
    return _valid("".join(parts).encode("utf-8", "surrogatepass"))


def _frame_text(frame: Frame) -> str | None:
    """Return a frame's text by the browser's own functions, or None; one of no size has none."""
    try:
        element = frame.frame_element()
        if not element.is_visible():
            return ""
        return frame.locator("body").inner_text(timeout=_FRAME_MS)
    except Error:
        return None


def take_mhtml(page: Page, steps: Steps) -> bytes | None:
    """Return the page with its parts as one MHTML file (RFC 2557) of the browser's making."""
    session = page.context.new_cdp_session(page)
    try:
        data = str(session.send("Page.captureSnapshot", {"format": "mhtml"})["data"])
    except Error as error:
        steps.add("no MHTML", error.message.splitlines()[0])
        return None
    finally:
        with suppress(Error):
            session.detach()
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


def printable(text: str) -> str:
    """Return ``text`` with half surrogates, which no encoding can hold, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _valid(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode("utf-8")


def page_note(records: Records, status: int) -> str | None:
    """Return what the page looks like if not an ordinary one; see ``evidence.capture.pagestate``.

    One of ``gone``, ``http-error``, ``verification``, ``login``, ``empty``; None otherwise.
    """
    return note_of(records.title, records.text.decode("utf-8", "replace"), status, records.signs)
