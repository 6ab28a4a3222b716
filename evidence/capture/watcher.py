"""Watching what a person does in the browser: clicks, counts of keys, scrolling, the marking key.

The listeners run in an isolated world (CDP) of every page and frame: a page neither sees nor
hinders them. Only what the browser itself vouches for as a person's doing (``isTrusted``) is
taken; keys are counted and never named, and no text of a field is read. A password alone is, to be
masked wherever it went: it stays in memory and is written nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from playwright.sync_api import CDPSession, Error, Frame, Page

BINDING = "markseal"
WORLD = "markseal-watcher"
_FIELD_LIMIT = 200
_SECRET_LIMIT = 500
_SECRETS = 200
_KINDS = frozenset(
    {
        "active",
        "input",
        "click",
        "double click",
        "keys",
        "paste",
        "drop",
        "submit",
        "change",
        "scroll",
    }
    | {"mark"}
)

_SECRET = re.compile(
    r"passw|pwd|passcode|otp\b|one-time|text-security|密码|口令|验证码|校验码|动态码", re.IGNORECASE
)

Hear = Callable[[Page, str, dict[str, Any]], None]
"""What is told of each doing: the page, the kind, and what is known of it."""


def _script() -> str:
    return files("evidence.capture").joinpath("watcher.js").read_text("utf-8")


@dataclass
class Watcher:
    """Watches pages; ``hear`` is called for each doing, from within the browser's events.

    ``secret_names`` and ``secrets`` collect the names of the password fields that were typed
    into and the passwords, for masking alone.
    """

    hear: Hear
    secret_names: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set, repr=False)
    _source: str = field(default_factory=_script)
    _frames: set[Frame] = field(default_factory=set)
    _hiding: dict[tuple[CDPSession, int], bool] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        """Watch a page from now on, and those of its frames that run in processes of their own."""
        self._attach(page, page.context.new_cdp_session(page))
        page.on("framenavigated", self._look_at)
        for frame in page.frames:
            self._look_at(frame)

    def _look_at(self, frame: Frame) -> None:
        if frame.parent_frame is None or frame in self._frames:
            return
        try:
            session = frame.page.context.new_cdp_session(frame)
        except Error:  # a frame in its page's own process: the page's session sees it
            return
        self._frames.add(frame)
        self._attach(frame.page, session)

    def _attach(self, page: Page, session: CDPSession) -> None:
        session.on("Runtime.bindingCalled", lambda event: self._take(page, session, event))
        with suppress(Error):
            session.send("Page.enable")
            session.send("Runtime.enable")
            session.send("Runtime.addBinding", {"name": BINDING, "executionContextName": WORLD})
            session.send(
                "Page.addScriptToEvaluateOnNewDocument",
                {"source": self._source, "worldName": WORLD, "runImmediately": True},
            )

    def _take(self, page: Page, session: CDPSession, event: dict[str, Any]) -> None:
        if event.get("name") != BINDING:
            return
        try:
            told = json.loads(event.get("payload", ""))
        except ValueError:
            return
        if not isinstance(told, dict):
            return
        if told.get("kind") == "secret":
            self._keep_from_evidence(told.get("name"), told.get("value"))
        elif told.get("kind") in ("look", "closed"):
            document = (session, int(event.get("executionContextId", 0)))
            if self._hides_a_password(document) and told["kind"] == "closed":
                self._keep_from_evidence(None, told.get("value"))
        elif told.get("kind") in _KINDS:
            self.hear(page, told.pop("kind"), _plain(told))

    def _hides_a_password(self, document: tuple[CDPSession, int]) -> bool:
        """Return whether a document hides a password field, or may have hidden one.

        Asked as typing begins and once more at its end. Where the document is gone by then, what
        was found at the beginning holds; if it was gone already then, nothing speaks against it.
        """
        session, context = document
        hidden = _hidden_password(session)
        try:
            session.send("Runtime.evaluate", {"expression": "1", "contextId": context})
        except Error:
            return self._hiding.get(document, True)
        self._hiding[document] = hidden or self._hiding.get(document, False)
        return self._hiding[document]

    def _keep_from_evidence(self, name: object, value: object) -> None:
        if isinstance(name, str) and name and len(self.secret_names) < _SECRETS:
            self.secret_names.add(name[:_FIELD_LIMIT])
        if isinstance(value, str) and value and len(self.secrets) < _SECRETS:
            self.secrets.add(value[:_SECRET_LIMIT])


def _hidden_password(session: CDPSession) -> bool:
    """Return whether a closed shadow tree of the page holds a password field, or may hold one."""
    try:
        root = session.send("DOM.getDocument", {"depth": -1, "pierce": True})["root"]
    except Error:
        return True
    waiting: list[tuple[dict[str, Any], bool]] = [(root, False)]
    while waiting:
        node, closed = waiting.pop()
        if closed and str(node.get("nodeName")) == "INPUT" and _is_secret(node):
            return True
        waiting += [(one, closed) for one in node.get("children", ())]
        waiting += [
            (one, closed or one.get("shadowRootType") == "closed")
            for one in node.get("shadowRoots", ())
        ]
        if "contentDocument" in node:
            waiting.append((node["contentDocument"], closed))
    return False


def _is_secret(node: dict[str, Any]) -> bool:
    return bool(_SECRET.search(" ".join(map(str, node.get("attributes", ())))))


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """Return what may stand in the record: short texts, whole numbers, yes and no."""
    kept: dict[str, Any] = {}
    for key in ("target", "x", "y", "count", "button", "password"):
        value = told.get(key)
        if isinstance(value, str):
            kept[key] = value.encode("utf-8", "replace").decode()[:_FIELD_LIMIT]
        elif isinstance(value, int):
            kept[key] = value
    return kept
