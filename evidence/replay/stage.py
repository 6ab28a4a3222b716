"""The second browser: no network, every request answered from the recording or refused.

Requests are held back by the browser itself (CDP Fetch, for all of its targets: frames, workers,
popups), so a page keeps its own https address and no certificate is needed. Behind that stands a
proxy address at which nobody listens: what is not held back (WebSocket, preconnect) ends there.

A declared login is not declared again: what is replayed is the published WARC, as anyone could,
so nothing that was masked in it can come back.
"""

from __future__ import annotations

import base64
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

from playwright.sync_api import BrowserContext, CDPSession, Error, Page

from evidence.browser.launch import Running, open_browser
from evidence.browser.order import CaptureOrder, Limits
from evidence.browser.steps import Steps, wall_clock
from evidence.browser.world import evaluate
from evidence.capture.extras import context_options
from evidence.capture.page import settle, take_text
from evidence.capture.pictures import take_picture
from evidence.capture.settling import SETTLED, Settled
from evidence.capture.stillness import at_rest
from evidence.replay.compare import PictureDifference, compare_pictures
from evidence.replay.elements import ELEMENTS
from evidence.replay.reasons import NotReplayed, too_slow
from evidence.replay.recording import Asked, Kept, Recording

MOVES = 4
_BETWEEN_FRAMES_MS = 400
_WHOLE_OR_NOT = {"XHR", "Fetch", "Script", "Stylesheet", "EventSource"}
_OURS = {"content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive"}
_CLOCK = """(() => {
  const real = Date, now = () => real.now() + (%d);
  const shifted = new Proxy(real, {
    construct: (target, list, made) =>
      Reflect.construct(target, list.length ? list : [now()], made),
    apply: () => new real(now()).toString(),
    get: (target, name) => name === 'now' ? now : Reflect.get(target, name),
  });
  real.prototype.constructor = shifted;
  globalThis.Date = shifted;
})()"""


@dataclass(frozen=True)
class Shown:
    """What the replayed page showed, and the ``difference`` of its picture from the sealed one.

    ``later`` is its picture again, a moment afterwards, where there is a difference.
    ``elements`` are boxes as the page's own measures give them, in CSS pixels. ``alike`` are the
    addresses that were asked for and those with other numbers in them that were answered from.
    """

    final_url: str
    text: str
    picture: bytes
    difference: PictureDifference
    later: bytes | None
    width: int
    elements: tuple[dict[str, Any], ...]
    answered: int
    alike: tuple[tuple[str, str], ...]
    refused: tuple[str, ...]


class Prompter:
    """Answers the requests of one browser from a recording and notes those it cannot."""

    def __init__(self, recording: Recording, session: CDPSession) -> None:
        self._recording = recording
        self._session = session
        self._origins: dict[str, str] = {}
        self.answered = 0
        self.alike: list[tuple[str, str]] = []
        self.refused: dict[str, None] = {}
        self.broken: dict[str, None] = {}

    def begin(self) -> None:
        """Hold back every request of every target from now on."""
        self._session.on("Fetch.requestPaused", self._on_request)
        self._session.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    def refuse(self, url: str) -> None:
        """Note a request that was refused; ``broken`` also names what it was redirected from."""
        self.refused.setdefault(url)
        self.broken.setdefault(url)

    def _on_request(self, event: dict[str, Any]) -> None:
        held, request = event["requestId"], event["request"]
        url = request["url"]
        self._origins[held] = self._origins.get(event.get("redirectedRequestId", ""), url)
        if not url.startswith(("http:", "https:")):
            self._send("Fetch.continueRequest", {"requestId": held})
            return
        found = self._recording.find(_asked(request))
        if found is None:
            self.refuse(url)
            self.broken.setdefault(self._origins[held])
            self._fail(held, "BlockedByClient")
            return
        self.answered += 1
        if found.url != urldefrag(url)[0]:
            self.alike.append((urldefrag(url)[0], found.url))
        self._answer(held, found, url, str(event.get("resourceType", "")))

    def _answer(self, held: str, found: Kept, url: str, kind: str) -> None:
        if not found.length:
            self._fail(held, "ConnectionClosed")
            return
        try:
            answer = self._recording.answer(found, url)
        except (OSError, ValueError, zlib.error):
            self.refuse(url)
            self._fail(held, "Failed")
            return
        cut = found.truncated or not answer.whole
        if answer.status == 101 or (cut and kind in _WHOLE_OR_NOT):
            self._fail(held, "ConnectionReset")
            return
        fields = [(n, v) for n, v in answer.headers if n and n.lower() not in _OURS]
        raw = b"\0".join(f"{name}: {value}".encode("latin-1", "replace") for name, value in fields)
        told: dict[str, Any] = {
            "requestId": held,
            "responseCode": answer.status,
            "binaryResponseHeaders": base64.b64encode(raw).decode(),
            "body": base64.b64encode(answer.body).decode(),
        }
        self._send("Fetch.fulfillRequest", told)

    def _fail(self, held: str, why: str) -> None:
        self._send("Fetch.failRequest", {"requestId": held, "errorReason": why})

    def _send(self, method: str, parameters: dict[str, Any]) -> None:
        with suppress(Error):  # the page may have given the request up meanwhile
            self._session.send(method, parameters)


def _asked(request: dict[str, Any]) -> Asked:
    fields = {name.lower(): value for name, value in request["headers"].items()}
    body: bytes | None = b""
    if request.get("hasPostData"):
        entries = request.get("postDataEntries") or []
        parts = [base64.b64decode(item["bytes"]) for item in entries if "bytes" in item]
        body = b"".join(parts) if parts and len(parts) == len(entries) else None
    return Asked(
        method=request["method"],
        url=request["url"],
        body=body,
        range=fields.get("range", ""),
        conditional="if-none-match" in fields or "if-modified-since" in fields,
    )


def show(
    recording: Recording,
    order: CaptureOrder,
    moment: datetime,
    spool: Path,
    *,
    seconds: float,
    sealed: bytes,
) -> Shown:
    """Load the page from ``recording`` as it was at ``moment``; return what it showed.

    It is pictured again only where its picture is not the ``sealed`` one.

    ``seconds`` are for everything once the browser runs. Raises PageNotCaptured when no browser
    starts, NotReplayed when the time is over, playwright's Error when the page does not load.
    """
    with _nobody_there() as nowhere:
        offline = replace(
            order, proxy=nowhere, journal=None, recording=False, licence=None, login=None,
            headed=False, private_key=None, limits=_bounds(order.limits),
        )  # fmt: skip
        with open_browser(offline, spool, logged=False) as running, _time_limit(running, seconds):
            prompter = Prompter(recording, running.browser.new_browser_cdp_session())
            prompter.begin()
            context = running.browser.new_context(
                **context_options(offline, running.version),
                service_workers="block",
                accept_downloads=False,
            )
            shift = (moment - wall_clock()).total_seconds() * 1000
            context.add_init_script(_CLOCK % round(shift))
            return _play(context, prompter, offline, sealed)


def _play(
    context: BrowserContext,
    prompter: Prompter,
    order: CaptureOrder,
    sealed: bytes,
) -> Shown:
    steps = Steps()
    page = context.new_page()
    context.on("dialog", lambda dialog: dialog.dismiss())
    context.on("page", lambda _: _to_the_front(page))
    page.on("websocket", lambda socket: prompter.refuse(socket.url))
    with suppress_timeout():
        page.goto(order.url, wait_until="load", timeout=order.limits.load_seconds * 1000)
    settled = _settle(page, order.limits, steps)
    limits = order.limits
    bounds = {"bound": limits.picture_height, "strip": limits.strip_height}
    with at_rest(page, steps):
        text = take_text(page, steps, settled).decode("utf-8", "replace")
        picture = take_picture(page, steps, **bounds).png
    elements = evaluate(page, ELEMENTS, list(prompter.broken)[:500])
    difference, later = compare_pictures(sealed, picture), None
    if difference:
        page.wait_for_timeout(_BETWEEN_FRAMES_MS)
        with at_rest(page, steps):  # as before: a page may do anything when it is pictured
            later = take_picture(page, steps, **bounds).png
    return Shown(
        final_url=page.url,
        text=text,
        picture=picture,
        difference=difference,
        later=later,
        width=int(elements["width"]),
        elements=tuple(elements["items"]),
        answered=prompter.answered,
        alike=tuple(prompter.alike),
        refused=tuple(prompter.refused),
    )


def _to_the_front(page: Page) -> None:
    with suppress(Error):  # as the capture does with popups
        page.bring_to_front()


@contextmanager
def suppress_timeout() -> Iterator[None]:
    """Go on with a page that did not finish loading in its time; any other fault is raised."""
    try:
        yield
    except Error as error:
        if "Timeout" not in error.message:
            raise


def _settle(page: Page, limits: Limits, steps: Steps) -> Settled:
    """Settle as the capture did; a page that moves on by script is followed, within bounds."""
    for _ in range(MOVES):
        try:
            return settle(page, limits, steps)
        except Error as error:
            if "navigat" not in error.message and "context was destroyed" not in error.message:
                raise
            with suppress(Error):
                page.wait_for_load_state("load", timeout=limits.settle_seconds * 1000)
    return SETTLED


def _bounds(limits: Limits) -> Limits:
    return replace(
        limits,
        load_seconds=min(limits.load_seconds, 10.0),
        settle_seconds=min(limits.settle_seconds, 4.0),
    )


@contextmanager
def _nobody_there() -> Iterator[str]:
    """Hold an address of this machine at which nobody listens, so that nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def _time_limit(running: Running, seconds: float) -> Iterator[None]:
    """End the browser when the time is over; every call on it then fails, as NotReplayed."""
    over = threading.Event()

    def end() -> None:
        over.set()
        running.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Error as error:
        if not over.is_set():
            raise
        raise NotReplayed(too_slow(seconds)) from error
    finally:
        timer.cancel()
        timer.join()
