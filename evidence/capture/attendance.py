"""A person at a visible browser: the pages they open, the moments they mark, until they end."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Dialog, Error, Page
from playwright.sync_api import TimeoutError as NotYet

from evidence.browser.order import Attended
from evidence.capture.answered import Answers, is_error_page, require_a_page
from evidence.capture.control import END, HELP, Control
from evidence.capture.course import KEPT_DIALOGS, Course
from evidence.capture.doings import Doings
from evidence.capture.extras import Files
from evidence.capture.licence import take_licence
from evidence.capture.movements import Movements
from evidence.capture.navigation import explain
from evidence.capture.page import Records, printable, take_records
from evidence.capture.recording import Filmed
from evidence.capture.watcher import Watcher
from evidence.format.declared import Line
from evidence.format.names import moment_name

_TICK_MS = 100
_OPENING_MS = 15_000
_TRIES = 3


@dataclass(frozen=True)
class Kept:
    """The exhibit's own records; ``whence`` says at which moment they were taken.

    ``answered`` is the address that the server answered with ``status``.
    """

    records: Records
    url: str
    status: int
    answered: str
    whence: str


@dataclass(frozen=True)
class Wanted:
    """A moment that was asked for: where, why, by what, and when."""

    page: Page
    note: str
    how: str
    asked: dict[str, str]


@dataclass
class Attendance:
    """One attended session: what is watched, what is wanted, what was kept.

    ``lines`` are what is to be said of the records at each moment, by its number.
    """

    course: Course
    context: BrowserContext
    filmed: Filmed
    spool: Path
    person: Attended
    active: Page
    main: Kept | None = None
    pictures: dict[str, Path] = field(default_factory=dict)
    licence: Files = field(default_factory=dict)
    lines: dict[int, tuple[Line, ...]] = field(default_factory=dict)
    _followed: Page | None = None
    _wanted: deque[Wanted] = field(default_factory=deque)
    _answers: Answers = field(default_factory=Answers)
    _ended: bool = False
    _told_limits: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.doings = Doings(self.course.steps.clock, self.course.steps.elapsed)
        self.watcher = Watcher(self._hear)
        self.movements = Movements(self._on_moved)
        self.control = Control(self.person.lines, self.person.words)

    def begin(self, page: Page, mark: int) -> None:
        """Open the address, keep what it shows at first, and hand over to the person."""
        course = self.course
        self._followed = page
        self._look_after(page)
        self.context.on("page", self._on_page)
        self.context.on("dialog", self._on_dialog)
        self.context.on("response", self._answers.hear)
        course.steps.add("navigation", course.order.url)
        limit = course.order.limits.load_seconds * 1000
        try:
            page.goto(course.order.url, wait_until="commit", timeout=limit)
        except Error as error:
            raise explain(error.message, course.order, mark) from error
        with suppress(Error):
            page.wait_for_load_state("load", timeout=_OPENING_MS)
        require_a_page(page.url)
        self.movements.opening = False
        course.steps.add("handed over", self.person.by)
        self._keep(page, "opening")
        self.control.start()
        self.control.say(
            "浏览器已打开，操作全程记录。", "The browser is open; what is done is recorded."
        )
        self.control.say(*HELP)

    def run(self) -> str:
        """Serve the person until the end; return by what it ended."""
        while self._waited():
            if not self.context.pages:
                return "window closed"
            if self.course.steps.elapsed() > self.course.order.limits.seconds:
                self.course.reached("seconds")
                self.control.say("已到时限，正在封存。", "The time is up; sealing.")
                return "time limit"
            self._follow()
            ended = self._obey() == END
            while self._wanted:
                self._mark(self._wanted.popleft())
            if ended:
                return "person"
            self._tell_limits()
        return "browser closed"

    def _waited(self) -> bool:
        """Let the browser's events in for a moment; return whether it is still there."""
        try:
            self.context.wait_for_event("close", timeout=_TICK_MS)
        except NotYet:
            return True
        except Error:
            return False
        return False

    def finish(self, ended_by: str) -> None:
        """Take the exhibit's records from the page that is open at the end, if one is."""
        self.course.steps.add("attended capture ended", ended_by)
        page = self._current()
        if page is not None:
            self._keep(page, "end")
        self._ended = True
        if page is not None:
            self.licence = take_licence(self.course, page)
        if self.course.veil is not None:
            names = sorted(self.watcher.secret_names)
            self.course.veil.also(names, self.watcher.secrets)

    def _obey(self) -> str:
        """Take the commands that have come; return ``e`` when the end was asked for."""
        while (line := self.control.next()) is not None:
            word, _, note = line.partition(" ")
            if word == END:
                return END
            page = self._current()
            if word == "m" and page is not None:
                self._want(page, note.strip(), "terminal")
            elif line:
                self.control.say(*HELP)
        return ""

    def _current(self) -> Page | None:
        if not self.active.is_closed():
            return self.active
        open_pages = [page for page in self.context.pages if not page.is_closed()]
        return open_pages[-1] if open_pages else None

    def _follow(self) -> None:
        page = self._current()
        if page is not None and page is not self._followed:
            self._followed = page
            self.filmed.follow(page)

    def _want(self, page: Page, note: str, how: str) -> None:
        self._wanted.append(Wanted(page, note, how, self.doings.times()))

    def _mark(self, wanted: Wanted) -> None:
        page = wanted.page
        if page.is_closed():
            return
        if not self.doings.room:
            self.course.reached("moments")
            self.control.say("标记已满。", "No more moments can be marked.")
            return
        whence = f"moment {len(self.doings.moments) + 1}"
        kept = self._keep(page, whence)
        if kept is None:
            self.doings.add(page, "mark failed")
            self.control.say("未能标记，请再试。", "Not marked; try again.")
            return
        records = kept.records
        number = self.doings.mark(
            page,
            title=records.title,
            text=records.text,
            answered=kept.answered,
            note=wanted.note,
            how=wanted.how,
            asked=wanted.asked,
        )
        path = self.spool / f"moment-{number:03d}.png"
        path.write_bytes(records.screenshot)
        self.pictures[moment_name(number)] = path
        self.lines[number] = records.lines
        self.control.say(
            f"已标记 {number:03d}：{records.title} {kept.url}",
            f"Marked {number:03d}: {records.title} {kept.url}",
        )

    def _keep(self, page: Page, whence: str) -> Kept | None:
        """Take all records of a page; one that is moving on is waited for, within bounds."""
        for _ in range(_TRIES):
            try:
                page.bring_to_front()
                with self.filmed.steady():
                    order, steps = self.course.order, self.course.steps
                    records = take_records(page, order, steps, stop=whence == "end")
            except Error as error:
                self.course.steps.add("records not had", error.message.splitlines()[0])
                with suppress(Error):
                    page.wait_for_load_state("load", timeout=_OPENING_MS)
                continue
            if self._is_no_page(page):
                return None
            answer = self._answers.shown(page, records.url)
            status, answered = (answer.status, answer.url) if answer else (0, "")
            self.main = Kept(records, records.url, status, answered, whence)
            return self.main
        return None

    def _is_no_page(self, page: Page) -> bool:
        """Say that the browser's own error page, which is no evidence, is not kept."""
        if not is_error_page(page.url):
            return False
        self.course.steps.add("the browser's own error page is not kept")
        self.control.say("浏览器的错误页不予留存。", "The browser's own error page is not kept.")
        return True

    def _tell_limits(self) -> None:
        for limit in set(self.course.hit) - self._told_limits:
            self._told_limits.add(limit)
            self.control.say(f"已达上限：{limit}。", f"A bound was reached: {limit}.")

    def _look_after(self, page: Page) -> None:
        """Record, watch and note a page from its beginning."""
        self.doings.opened(page)
        page.on("close", self._on_close)
        page.on(
            "download", lambda item: self.doings.add(page, "download", {"url": item.url[:2000]})
        )
        self.movements.follow(page)
        with suppress(Error):
            self.watcher.watch(page)

    def _on_page(self, page: Page) -> None:
        self.active = page
        self._look_after(page)
        if page.url not in ("", "about:blank"):  # it went there before we could listen
            self.movements.went(page, page.url)

    def _on_close(self, page: Page) -> None:
        if not self._ended:
            self.doings.closed(page)

    def _on_moved(self, page: Page, url: str, more: dict[str, Any]) -> None:
        if not self._ended:
            self.doings.moved(page, url, more)

    def _on_dialog(self, dialog: Dialog) -> None:
        """Note a dialog; it is left to the person."""
        self.course.dialogs_seen += 1
        if len(self.course.dialogs) < KEPT_DIALOGS:
            message = printable(dialog.message[:500])
            self.course.dialogs.append({"type": dialog.type, "message": message})
        if dialog.page is not None:
            self.doings.add(dialog.page, "dialog")

    def _hear(self, page: Page, kind: str, more: dict[str, Any]) -> None:
        """Take what the watcher tells; called from within the browser's events."""
        if kind == "input":
            self.movements.touched(page)
            return
        self.active = page
        if kind == "mark":
            self._want(page, "", "key")
        elif kind != "active":
            self.doings.add(page, kind, more)
