"""What a page does beside itself: dialogs answered, popups and downloads let end, all named."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from playwright.sync_api import Dialog, Download, Error, Page

from evidence.capture.course import KEPT_DIALOGS, Course, NotRecorded
from evidence.capture.page import printable
from evidence.format.counted import counted

DIALOGS = 50
POPUPS = 8
DOWNLOADS = 20
_POPUP_MS = 5000
_STEP_MS = 100


@dataclass
class Fetched:
    """A download: ``end`` is None while it goes on, empty when it came whole, else why not."""

    url: str
    end: str | None = None


@dataclass
class Beside:
    """Listens to one page and to what it opens."""

    course: Course
    popups: list[Page] = field(default_factory=list)
    downloads: list[Fetched] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Begin to listen; a crash of the page ends the capture at once."""
        context, session = page.context, page.context.new_cdp_session(page)

        def on_dialog(dialog: Dialog) -> None:
            self._dismiss(dialog)
            if self.course.dialogs_seen == DIALOGS:  # a script that does nothing else never ends
                self.course.reached("dialogs")
                with suppress(Error):
                    session.send("Runtime.terminateExecution")

        def on_page(popup: Page) -> None:
            if popup != page:
                self._opened(popup)

        context.on("dialog", on_dialog)
        context.on("page", on_page)
        page.on("download", self._fetch)
        page.on("crash", lambda _: self.course.end("crash"))

    def _dismiss(self, dialog: Dialog) -> None:
        self.course.dialogs_seen += 1
        if len(self.course.dialogs) < KEPT_DIALOGS:
            message = printable(dialog.message[:500])
            self.course.dialogs.append({"type": dialog.type, "message": message})
        with suppress(Error):
            dialog.dismiss()

    def _opened(self, popup: Page) -> None:
        self.popups.append(popup)
        with suppress(Error):
            if len(self.popups) > POPUPS:
                popup.close()
            else:
                popup.on("download", self._fetch)

    def _fetch(self, item: Download) -> None:
        """Let a download come, so that its bytes are in the log; its file is not kept."""
        found = Fetched(item.url)
        self.downloads.append(found)
        try:
            if len(self.downloads) > DOWNLOADS:
                item.cancel()
            found.end = item.failure() or ""
        except Error:
            found.end = "ended with the capture"

    def wait(self, page: Page) -> None:
        """Let popups and downloads come to their end within bounds, and name them."""
        for popup in self.popups[:POPUPS]:
            with suppress(Error):
                popup.wait_for_load_state("load", timeout=_POPUP_MS)
        left = self.course.order.limits.settle_seconds * 1000
        while left > 0 and any(one.end is None for one in self.downloads):
            page.wait_for_timeout(_STEP_MS)
            left -= _STEP_MS
        for number, popup in enumerate(self.popups):
            why = "its exchanges are recorded, its picture is not taken"
            reason = why if number < POPUPS else f"closed at once: more than {POPUPS}"
            self._name("popup", popup.url, reason)
        for one in self.downloads:
            if one.end is None:
                self.course.reached("downloads")
            whole = "its exchange is recorded, the file is not kept beside it"
            reason = whole if one.end == "" else f"not whole ({one.end or 'the bound on time'})"
            self._name("download", one.url, reason)
        if self.popups or self.downloads:
            popups = counted(len(self.popups), "popup", "popups")
            downloads = counted(len(self.downloads), "download", "downloads")
            self.course.steps.add("beside the page", f"{popups}, {downloads}")

    def _name(self, what: str, url: str, reason: str) -> None:
        self.course.extra.append(NotRecorded(what, url, reason))
