"""What is done on the page: settle, scroll for lazy pictures, and take the records of one act."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.sync_api import Error, Page

from evidence.browser.order import CaptureOrder, Limits
from evidence.browser.steps import Steps
from evidence.browser.world import evaluate
from evidence.capture.extras import Files

_WAIT_FONTS_AND_IMAGES = """async (limit) => {
  const late = new Promise(done => setTimeout(() => done('time limit'), limit));
  const images = Array.from(document.images).filter(i => i.currentSrc || i.src);
  const ready = Promise.all([
    document.fonts ? document.fonts.ready : null,
    ...images.map(i => i.complete ? null : new Promise(done => {
      i.addEventListener('load', done); i.addEventListener('error', done); })),
  ]).then(() => 'all ready');
  const result = await Promise.race([late, ready]);
  const broken = images.filter(i => i.complete && i.naturalWidth === 0).length;
  return result + '; images ' + images.length + ', without picture ' + broken;
}"""
_HEIGHT = "() => Math.max(document.documentElement ? document.documentElement.scrollHeight : 0, \
document.body ? document.body.scrollHeight : 0)"
_TEXT = "() => document.body ? document.body.innerText : \
(document.documentElement ? document.documentElement.textContent : '')"
_PASSWORD = "() => document.querySelectorAll('input[type=password]').length"  # noqa: S105
_VERIFY_WORDS = ("验证码", "安全验证", "滑块", "人机验证", "captcha", "verify you are human")
_LOGIN_WORDS = ("请登录", "账号登录", "扫码登录", "sign in", "log in")
_EMPTY_BELOW = 20
_PICTURE_MS = 20_000
_TITLE_LIMIT = 500
_IS_HTML = "() => document instanceof HTMLDocument"


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
    password_fields: int
    files: Files = field(default_factory=dict)


def settle(page: Page, limits: Limits, steps: Steps) -> tuple[str, ...]:
    """Scroll to the end within bounds, wait for fonts and pictures; return limits hit."""
    hit = []
    milliseconds = limits.settle_seconds * 1000
    try:
        page.wait_for_load_state("networkidle", timeout=milliseconds)
        steps.add("network idle")
    except Error:
        steps.add("network not idle", f"waited {limits.settle_seconds} s")
    if not _scroll(page, limits, steps):
        hit.append("scrolls")
    steps.add("fonts and images", str(evaluate(page, _WAIT_FONTS_AND_IMAGES, milliseconds)))
    with suppress(Error):
        page.wait_for_load_state("networkidle", timeout=milliseconds / 2)
    return tuple(hit)


def _scroll(page: Page, limits: Limits, steps: Steps) -> bool:
    """Scroll a screen at a time; return whether the end was reached within the bound."""
    done = False
    count = 0
    while count < limits.scrolls and not done:
        count += 1
        at_end = evaluate(
            page,
            "() => { window.scrollBy(0, Math.max(200, window.innerHeight - 80)); "
            "const e = document.scrollingElement; return !e || "
            "e.scrollTop + window.innerHeight >= e.scrollHeight - 2; }",
        )
        page.wait_for_timeout(60)
        done = bool(at_end)
    steps.add("scrolled", f"{count} times; end reached: {'yes' if done else 'no'}")
    evaluate(page, "() => window.scrollTo(0, 0)")
    page.wait_for_timeout(100)
    return done


def take_records(page: Page, order: CaptureOrder, steps: Steps) -> Records:
    """Take DOM, text, picture and PDF, in this order; the picture's height is bounded."""
    limits = order.limits
    title = printable(page.title())[:_TITLE_LIMIT]
    dom = page.content().encode("utf-8", "surrogatepass")
    steps.add("document", f"{len(dom)} bytes")
    text = str(evaluate(page, _TEXT)).encode("utf-8", "surrogatepass")
    steps.add("text", f"{len(text)} bytes")
    height = int(evaluate(page, _HEIGHT))
    width = page.viewport_size["width"] if page.viewport_size else 0
    hit = ("picture height",) if height > limits.picture_height else ()
    screenshot = _picture(page, width, max(1, min(height, limits.picture_height)), hit, steps)
    steps.add("screenshot", f"{len(screenshot)} bytes; page height {height} px")
    passwords = int(evaluate(page, _PASSWORD))
    pdf = page.pdf(format="A4", print_background=True)
    steps.add("pdf", f"{len(pdf)} bytes")
    return Records(
        title=title,
        dom=_valid(dom),
        text=_valid(text),
        screenshot=screenshot,
        pdf=pdf,
        height=height,
        limits_hit=hit,
        password_fields=passwords,
    )


def _picture(page: Page, width: int, height: int, hit: tuple[str, ...], steps: Steps) -> bytes:
    """Return the picture of the page; one that is not HTML (an SVG) is taken by protocol.

    So is one of which the ordinary way gives none in time; the steps say so.
    """
    clip = {"x": 0.0, "y": 0.0, "width": float(width), "height": float(height)}
    if evaluate(page, _IS_HTML):
        try:
            return page.screenshot(
                full_page=True,
                clip=clip if hit else None,  # type: ignore[arg-type]
                timeout=_PICTURE_MS,
            )
        except Error as error:
            if "Timeout" not in error.message:
                raise
    steps.add("screenshot by protocol", f"{width} x {height} px")
    session = page.context.new_cdp_session(page)
    try:
        answer = session.send(
            "Page.captureScreenshot",
            {"format": "png", "captureBeyondViewport": True, "clip": {**clip, "scale": 1}},
        )
    finally:
        with suppress(Error):
            session.detach()
    return base64.b64decode(answer["data"])


def printable(text: str) -> str:
    """Return ``text`` with half surrogates, which no encoding can hold, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _valid(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode("utf-8")


def page_note(records: Records, status: int) -> str | None:
    """Return what the page looks like if not an ordinary one: a hint, not a finding.

    One of ``http-error``, ``verification``, ``login``, ``empty``; None otherwise.
    """
    text = records.text.decode("utf-8").lower()
    words = f"{records.title.lower()}\n{text}"
    short = len(text) < 2000
    if status >= 400:
        return "http-error"
    if short and any(word in words for word in _VERIFY_WORDS):
        return "verification"
    if records.password_fields and short and any(word in words for word in _LOGIN_WORDS):
        return "login"
    if len(text.strip()) < _EMPTY_BELOW:
        return "empty"
    return None
