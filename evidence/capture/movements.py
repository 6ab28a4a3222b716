"""Who sent a page of an attended capture elsewhere: the person, a script, the site, the browser.

Two witnesses: the browser says why a document asks to be left (CDP ``Page``), and the watcher says
when a person last pressed a key or a button in it, as the browser vouches for (``isTrusted``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Error, Page

NEAR_SECONDS = 1.0
_PERSONS = ("anchorClick", "formSubmissionGet", "formSubmissionPost", "windowOpen", "fragment")
_SITES = ("httpHeaderRefresh", "metaTagRefresh")
BY = ("person", "script after input", "script", "site", "browser", "capture")

Moved = Callable[[Page, str, dict[str, Any]], None]
"""What is told of each movement: the page, its new address, ``by`` and ``cause``."""


def mover(cause: str, since_input: float | None) -> str:
    """Return by whom a page was sent elsewhere, one of ``BY``.

    ``cause`` is the browser's word (``ClientNavigationReason``), ``fragment`` or ``historyApi``
    within a document, ``windowOpen`` for a window, or empty where no document asked: then the
    person used the address bar or the browser's buttons, or a script went through the history.
    ``since_input`` are the seconds since the person's last key or button in the page. A script can
    press a link as well: without an input just before, a link or form is a script's doing.
    """
    if not cause:
        return "browser"
    if cause in _SITES:
        return "site"
    if since_input is None or since_input > NEAR_SECONDS:
        return "script"
    return "person" if cause in _PERSONS else "script after input"


@dataclass
class _Page:
    """What is known of one page: its last input, what it asked for and has not had yet.

    ``opened`` is when it last asked for a window, which can be there much later.
    """

    input: float | None = None
    cause: str = ""
    asked: float = 0.0
    opened: float | None = None


@dataclass
class Movements:
    """Follows pages; ``moved`` is told of each movement of a page itself, its frames left out."""

    moved: Moved
    clock: Callable[[], float] = time.monotonic
    opening: bool = True
    _pages: dict[Page, _Page] = field(default_factory=dict)

    def follow(self, page: Page) -> None:
        """Follow a page from now on; of a window that another page opened, that page is asked."""
        known = self._of(page)
        with suppress(Error):
            opener = page.opener()
            if opener is not None:
                known.cause, before = "windowOpen", self._of(opener)
                known.input = before.input
                known.asked = self.clock() if before.opened is None else before.opened
        with suppress(Error):
            session = page.context.new_cdp_session(page)
            main = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
            self._listen(page, session, main)
            session.send("Page.enable")

    def touched(self, page: Page) -> None:
        """Take in that the person just pressed a key or a button in a page."""
        self._of(page).input = self.clock()

    def went(self, page: Page, url: str, cause: str = "") -> None:
        """Tell of a movement; ``cause`` is the browser's word for one within the document."""
        known = self._of(page)
        cause, asked = (cause, self.clock()) if cause else (known.cause, known.asked)
        since = None if known.input is None else asked - known.input
        by = "capture" if self.opening and not cause else mover(cause, since)
        known.cause = ""
        self.moved(page, url, {"by": by, "cause": cause or None})

    def _of(self, page: Page) -> _Page:
        return self._pages.setdefault(page, _Page())

    def _listen(self, page: Page, session: CDPSession, main: str) -> None:
        def asked(event: dict[str, Any]) -> None:
            if event["frameId"] == main and event.get("disposition") == "currentTab":
                known = self._of(page)
                known.cause, known.asked = str(event["reason"]), self.clock()

        def gone(event: dict[str, Any]) -> None:
            frame = event["frame"]
            if not frame.get("parentId"):
                self.went(page, str(frame["url"]) + str(frame.get("urlFragment", "")))

        def within(event: dict[str, Any]) -> None:
            if event["frameId"] == main:
                self.went(page, str(event["url"]), str(event.get("navigationType", "other")))

        def opens(_: dict[str, Any]) -> None:
            self._of(page).opened = self.clock()

        session.on("Page.windowOpen", opens)
        session.on("Page.frameRequestedNavigation", asked)
        session.on("Page.frameNavigated", gone)
        session.on("Page.navigatedWithinDocument", within)
