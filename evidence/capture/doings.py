"""The record of an attended capture: pages, doings and marked moments, each with its times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playwright.sync_api import Page

from evidence.browser.order import Attended
from evidence.browser.steps import Clock
from evidence.capture.page import printable
from evidence.format import jcs
from evidence.format.names import SERIES_LIMIT
from evidence.format.times import format_time

FORMAT = "markseal-attended/1"
DOINGS = 20_000
_URL_LIMIT = 4000
_TEXT_LIMIT = 200_000
_NOTE_LIMIT = 500


@dataclass
class Doings:
    """Collects what happens; ``monotonic`` gives seconds since the capture began.

    Beyond the bound of doings they are counted and no longer kept.
    """

    clock: Clock
    monotonic: Any
    pages: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    moments: list[dict[str, Any]] = field(default_factory=list)
    beyond: int = 0
    _numbers: dict[Page, int] = field(default_factory=dict)

    def times(self) -> dict[str, str]:
        """Return the two times of now, as they stand in the record."""
        return {
            "wall": self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "since_start": f"{self.monotonic():.6f}",
        }

    def number(self, page: Page) -> int:
        """Return the number of a page, from 1 in the order in which they were opened."""
        return self._numbers.setdefault(page, len(self._numbers) + 1)

    def opened(self, page: Page) -> None:
        """Note that a page was opened."""
        known = len(self._numbers)
        number = self.number(page)
        if number > known:
            self.pages.append({"page": number, "opened": self.times()})
            self.add(page, "page opened")

    def closed(self, page: Page) -> None:
        """Note that a page was closed."""
        self.add(page, "page closed")
        for row in self.pages:
            if row["page"] == self.number(page):
                row["closed"] = self.times()

    def add(self, page: Page, kind: str, more: dict[str, Any] | None = None) -> None:
        """Note one doing; several scrolls of one page in a row are one."""
        number = self.number(page)
        last = self.items[-1] if self.items else {}
        if kind == "scroll" == last.get("kind") and last.get("page") == number:
            self.items.pop()
        if len(self.items) >= DOINGS:
            self.beyond += 1
            return
        self.items.append({**self.times(), "page": number, "kind": kind, **(more or {})})

    def moved(self, page: Page, url: str, more: dict[str, Any]) -> None:
        """Note that a page went to another address; ``more`` says by whom and why."""
        self.add(page, "navigation", {"url": printable(url)[:_URL_LIMIT], **more})

    @property
    def room(self) -> bool:
        """Whether another moment may be marked."""
        return len(self.moments) < SERIES_LIMIT

    def mark(
        self,
        page: Page,
        *,
        title: str,
        text: bytes,
        answered: str,
        note: str,
        how: str,
        asked: dict[str, str],
    ) -> int:
        """Note a marked moment whose picture was now taken; return its number, from 1.

        ``answered`` is the address that the server answered, empty when it was asked for none;
        ``asked`` are the times at which the person marked it.
        """
        number = len(self.moments) + 1
        words = text.decode("utf-8", "replace")
        row = {
            **asked,
            "taken": self.times(),
            "number": number,
            "page": self.number(page),
            "url": printable(page.url)[:_URL_LIMIT],
            "answered_url": printable(answered)[:_URL_LIMIT] or None,
            "title": title,
            "text": words[:_TEXT_LIMIT],
            "text_cut": len(words) > _TEXT_LIMIT,
            "note": printable(note)[:_NOTE_LIMIT],
            "marked_by": how,
        }
        self.moments.append(row)
        self.add(page, "mark", {"moment": number})
        return number

    def to_bytes(
        self, person: Attended, *, started: datetime, ended_by: str, main: str, filmed: bool
    ) -> bytes:
        """Return ``attended.json``. ``main`` says from when the exhibit's own records are."""
        return jcs.dumps(
            {
                "format": FORMAT,
                "by": person.by,
                "second": person.second,
                "started": format_time(started),
                "ended": self.times(),
                "ended_by": ended_by,
                "main_records": main,
                "recorded": filmed,
                "pages": self.pages,
                "moments": self.moments,
                "doings": self.items,
                "doings_beyond_bound": self.beyond,
                "keys": "counted, never named; in password fields not even counted",
            }
        )
