"""The full-page picture: in one piece, or a tall page in strips that are kept and stitched.

Chromium paints beyond the window without scrolling, so an element that is fixed to the window
stands once, where it is while the page is at its top. Strips follow one another within seconds:
what moves meanwhile (a clock, a carousel) can differ between them.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, FloatRect, Page

from evidence.browser.steps import Steps
from evidence.browser.world import evaluate
from evidence.capture.stitch import stitch
from evidence.format.names import strip_name

_PICTURE_MS = 20_000
_IS_HTML = "() => document instanceof HTMLDocument"
_EXTENT = """() => {
  const parts = [document.documentElement, document.body].filter(e => e);
  const most = names => Math.max(0, ...parts.flatMap(e => names.map(n => e[n] || 0)));
  return [most(['scrollWidth', 'clientWidth', 'offsetWidth']), most(['scrollHeight'])];
}"""
_WIDEST = 8000

Shot = Callable[[FloatRect], bytes]


@dataclass(frozen=True)
class Picture:
    """A page's picture, PNG; ``strips`` by their names in the package when it was taken in pieces.

    ``height`` and ``width`` are the page's in CSS pixels, of which the picture is ``shown`` wide;
    ``limits_hit`` says by which bounds the picture shows less of it.
    """

    png: bytes
    strips: dict[str, bytes]
    height: int
    limits_hit: tuple[str, ...]
    width: int = 0
    shown: int = 0


@dataclass(frozen=True)
class _Bounds:
    """How much of a page a picture may show: CSS pixels, pixels of one strip, seconds."""

    bound: int
    strip: int
    seconds: float


def take_picture(
    page: Page, steps: Steps, *, bound: int, strip: int, seconds: float = 45.0
) -> Picture:
    """Return the picture of the page, at most ``bound`` CSS pixels high, in pieces of ``strip``.

    After ``seconds`` no further piece is begun.
    A page that is not HTML (an SVG), or of which the ordinary way gives none in time, is taken
    by protocol; the steps say so. Raises playwright's Error when there is no picture at all.
    """
    bounds, extent = _Bounds(bound, strip, seconds), _extent(page)
    if evaluate(page, _IS_HTML):
        try:
            return _take(_ordinary(page), extent, bounds, steps)
        except Error as error:
            if "Timeout" not in error.message:
                raise
    steps.add("screenshot by protocol", f"{extent[0]} x {min(extent[1], bound)} px")
    return _take(_by_protocol(page), extent, bounds, steps)


def _take(shot: Shot, extent: tuple[int, int], bounds: _Bounds, steps: Steps) -> Picture:
    width, height = min(extent[0], _WIDEST), extent[1]
    shown = max(1, min(height, bounds.bound))
    places = [(at, min(bounds.strip, shown - at)) for at in range(0, shown, bounds.strip)]
    hit = ["picture height"] if height > bounds.bound else []
    hit += ["picture width"] if extent[0] > width else []
    until = steps.elapsed() + bounds.seconds
    pieces: list[bytes] = []
    for at, high in places:
        if pieces and steps.elapsed() > until:
            hit.append("picture seconds")
            break
        try:
            pieces.append(shot({"x": 0, "y": at, "width": width, "height": high}))
        except Error as error:
            if not pieces or "Clipped area" not in error.message:
                raise
            steps.add("page became shorter", f"nothing below {at} px any more")
            break
        if len(places) > 1:
            steps.add("strip", f"{len(pieces)}: {at} to {at + high} px")
    png = pieces[0] if len(pieces) == 1 else _stitched(pieces)
    strips = {strip_name(n): piece for n, piece in enumerate(pieces, 1)} if pieces[1:] else {}
    note = f"{len(png)} bytes; page height {height} px"
    note += f", width {extent[0]} px, {width} px shown" if extent[0] > width else ""
    steps.add("screenshot", note + (f"; {len(strips)} strips stitched" if strips else ""))
    return Picture(png, strips, height, tuple(hit), extent[0], width)


def _stitched(pieces: list[bytes]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="markseal-strips-") as folder:
        paths = []
        for number, piece in enumerate(pieces):
            paths.append(Path(folder) / f"{number}.png")
            paths[-1].write_bytes(piece)
        whole = Path(folder) / "whole.png"
        stitch(paths, whole)
        return whole.read_bytes()


def _extent(page: Page) -> tuple[int, int]:
    width, height = evaluate(page, _EXTENT)
    size = page.viewport_size
    least = size["width"] if size else 1
    return max(least, int(width)), max(1, int(height))


def _ordinary(page: Page) -> Shot:
    def shot(clip: FloatRect) -> bytes:
        return page.screenshot(full_page=True, clip=clip, caret="initial", timeout=_PICTURE_MS)

    return shot


def _by_protocol(page: Page) -> Shot:
    def shot(clip: FloatRect) -> bytes:
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

    return shot
