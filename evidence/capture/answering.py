"""Holds a page to answering: a script that gives way to nothing would end the capture, not itself.

Every question to such a page waits until the script ends, which may be never. Each page, popup and
frame with a process of its own is asked for nothing every now and then; one that gives no answer
has its script ended, and no other is begun. A worker cannot keep its page from answering.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from greenlet import greenlet
from playwright.sync_api import Browser, CDPSession, Error

from evidence.capture.course import Course
from evidence.capture.telling import ENDLESS

_EVERY_SECONDS = 2.0
_FOLLOWED = 50
_QUESTION, _STOPPING = 1, 2


@contextmanager
def answering(course: Course, browser: Browser) -> Iterator[None]:
    """Stop the scripts of what gives no answer for ``answer_seconds``, in a ``with`` block.

    That is a step, and said in the first line. What is busy with anything else for as long (a
    huge layout) is taken for something whose script has no end.
    """
    loop, asked = asyncio.get_running_loop(), _Asked(course, browser)
    waiting: list[asyncio.TimerHandle] = []

    def again() -> None:
        waiting[:] = [loop.call_later(_EVERY_SECONDS, again)]
        greenlet(asked.look).switch()

    waiting.append(loop.call_later(_EVERY_SECONDS, again))
    try:
        yield
    finally:
        waiting[0].cancel()


@dataclass
class _Asked:
    """What is asked, by the ids of its target and session; ``since`` when, until it answers.

    Over the browser's own session: the driver tells of no popup that is busy from its first
    moment on.
    """

    course: Course
    browser: Browser
    session: CDPSession = field(init=False)
    sessions: dict[str, str] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = self.browser.new_browser_cdp_session()
        self.session.on("Target.targetCreated", self._follow)
        self.session.on("Target.targetDestroyed", self._leave)
        self.session.on("Target.receivedMessageFromTarget", self._answered)
        wanted = {"discover": True, "filter": [{"type": "page"}, {"type": "iframe"}]}
        with suppress(Error):
            self.session.send("Target.setDiscoverTargets", wanted)

    def look(self) -> None:
        """Ask all that owe no answer; stop the scripts of what owes one for too long."""
        for target, session in list(self.sessions.items()):
            if session not in self.since:
                self._ask(target, session)
            elif time.monotonic() - self.since[session] > self.patience:
                self._stop(session)

    @property
    def patience(self) -> float:
        """How long an answer may take, in seconds."""
        return self.course.order.limits.answer_seconds

    def _follow(self, event: dict[str, Any]) -> None:
        target = str(event["targetInfo"]["targetId"])
        if len(self.sessions) < _FOLLOWED:
            with suppress(Error):  # it is gone already
                answer = self.session.send("Target.attachToTarget", {"targetId": target})
                self.sessions[target] = str(answer["sessionId"])

    def _leave(self, event: dict[str, Any]) -> None:
        self.since.pop(self.sessions.pop(str(event["targetId"]), ""), None)

    def _answered(self, event: dict[str, Any]) -> None:
        if json.loads(str(event["message"])).get("id") == _QUESTION:
            self.since.pop(str(event["sessionId"]), None)

    def _ask(self, target: str, session: str) -> None:
        self.since[session] = time.monotonic()
        try:
            self._send(session, _QUESTION, "Runtime.evaluate", expression="0")
        except Error:  # it is gone, though nobody said so
            self._leave({"targetId": target})

    def _stop(self, session: str) -> None:
        self.since[session] = time.monotonic()
        self.course.steps.add("no answer", f"for {self.patience:.0f} s; scripts stopped")
        if ENDLESS not in self.course.declared:
            self.course.declared.append(ENDLESS)
        with suppress(Error):  # in this order: only the first reaches a frame that is busy
            self._send(session, _STOPPING, "Runtime.terminateExecution")
            self._send(session, _STOPPING, "Emulation.setScriptExecutionDisabled", value=True)

    def _send(self, session: str, number: int, method: str, **about: object) -> None:
        message = json.dumps({"id": number, "method": method, "params": about})
        self.session.send("Target.sendMessageToTarget", {"sessionId": session, "message": message})
