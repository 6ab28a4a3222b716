"""The live index of a capture: what the DevTools protocol (CDP Network) says of each request.

The bytes come from the browser's log; here are their kind, their frame and how many the browser
counted. Frames of other sites and workers are followed through ``Target.setAutoAttach``, popups
through a session of their own. A request of which the beginning was missed is known from its
response on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, CDPSession, Error, Page

from evidence.browser.order import Limits

STILL_SECONDS = 0.5
_ENDLESS = ("WebSocket", "EventSource")
_WIRE = ("http:", "https:", "ws:", "wss:")
_ATTACHED = "Target.attachedToTarget"
_MESSAGE = "Target.receivedMessageFromTarget"
_SEND = "Target.sendMessageToTarget"

Command = tuple[str, dict[str, Any]]
_COMMANDS: tuple[Command, ...] = (
    ("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}),
    (
        "Target.setAutoAttach",
        {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": False},
    ),
)


@dataclass
class Seen:
    """One request as the browser told it; a redirect begins a new one.

    ``connection`` is the id of the connection in the browser's log, 0 when none was told.
    ``encoded`` counts head and body as received, content coding and chunk framing included.
    ``end`` is ``finished``, ``redirected``, ``open``, or the browser's word for its failure.
    """

    url: str
    method: str = ""
    kind: str = "Other"
    frame: str = ""
    connection: int = 0
    encoded: int | None = None
    end: str = "open"
    cached: bool = False

    @property
    def came(self) -> bool:
        """Return whether the browser says that it came whole over a connection."""
        over_the_wire = bool(self.connection and self.encoded) and not self.cached
        return over_the_wire and self.end in ("finished", "redirected")


@dataclass
class Recorder:
    """Listens to pages; ``seen`` is in the order in which requests became known.

    ``heard`` is told of each answer to the request for a document: its frame, address and status.
    """

    limits: Limits
    stop: Callable[[str], None]
    seen: list[Seen] = field(default_factory=list)
    bytes: int = 0
    _latest: dict[str, Seen] = field(default_factory=dict)
    heard: Callable[[str, str, int], None] | None = None
    _shared_workers: set[str] = field(default_factory=set)
    _last: float = field(default_factory=time.monotonic)
    _sent: int = 0

    def know_shared_workers(self, browser: Browser) -> None:
        """Learn of shared workers, whose script begins in a page's session and ends in none.

        The request for it has the worker's own id.
        """

        def created(event: dict[str, Any]) -> None:
            self._shared_workers.add(str(event["targetInfo"]["targetId"]))

        session = browser.new_browser_cdp_session()
        session.on("Target.targetCreated", created)
        wanted = {"discover": True, "filter": [{"type": "shared_worker"}]}
        with suppress(Error):
            session.send("Target.setDiscoverTargets", wanted)

    def still(self) -> bool:
        """Return whether nothing is under way, and nothing happened for half a second.

        What has no end (a stream of events) or none that is told is not waited for.
        """
        if time.monotonic() - self._last < STILL_SECONDS:
            return False
        return not any(
            one.end == "open" and one.kind not in _ENDLESS and name not in self._shared_workers
            for name, one in self._latest.items()
            if one.url.startswith(_WIRE)
        )

    def attach(self, page: Page) -> CDPSession:
        """Listen to a page, its frames and workers; return the page's own session."""
        session = page.context.new_cdp_session(page)
        for method in (*_HANDLERS, _ATTACHED, _MESSAGE):
            session.on(method, lambda event, method=method: self._take(session, (), method, event))
        for method, params in _COMMANDS:
            session.send(method, params)
        return session

    def _take(
        self, session: CDPSession, path: tuple[str, ...], method: str, event: dict[str, Any]
    ) -> None:
        """Take an event of the target that ``path`` leads to: session ids, outermost first."""
        if method == _MESSAGE:
            inner = json.loads(event["message"])
            if "method" in inner:
                below = (*path, event["sessionId"])
                self._take(session, below, inner["method"], inner["params"])
        elif method == _ATTACHED:
            for command in (*_COMMANDS, ("Runtime.runIfWaitingForDebugger", {})):
                self._send(session, (*path, event["sessionId"]), command)
        elif method in _HANDLERS:
            self._last = time.monotonic()
            _HANDLERS[method](self, event)

    def _send(self, session: CDPSession, path: tuple[str, ...], command: Command) -> None:
        method, params = command
        for target in reversed(path):
            self._sent += 1
            message = json.dumps({"id": self._sent, "method": method, "params": params})
            method, params = _SEND, {"sessionId": target, "message": message}
        with suppress(Error):  # the target may be gone already
            session.send(method, params)

    def _on_request(self, event: dict[str, Any]) -> None:
        request = event["request"]
        before = self._latest.get(event["requestId"])
        if before is not None and "redirectResponse" in event:
            response = event["redirectResponse"]
            _answered(before, response)
            before.encoded = int(response.get("encodedDataLength", 0))
            before.end = "redirected"
            self._tell(before, response)
        elif before is not None:
            return
        self._begin(
            event["requestId"],
            Seen(
                url=str(request["url"]).partition("#")[0],
                method=str(request["method"]),
                kind=str(event.get("type", "Other")),
                frame=str(event.get("frameId", "")),
            ),
        )

    def _begin(self, request_id: str, seen: Seen) -> Seen:
        self._latest[request_id] = seen
        if seen.url.startswith(_WIRE):
            self.seen.append(seen)
            if len(self.seen) > self.limits.requests:
                self.stop("requests")
        return seen

    def _on_response(self, event: dict[str, Any]) -> None:
        response = event["response"]
        seen = self._latest.get(event["requestId"])
        if seen is None:
            url = str(response["url"]).partition("#")[0]
            seen = self._begin(event["requestId"], Seen(url, frame=str(event.get("frameId", ""))))
        seen.kind = str(event.get("type", seen.kind))
        _answered(seen, response)
        self._tell(seen, response)

    def _tell(self, seen: Seen, response: dict[str, Any]) -> None:
        if self.heard is not None and seen.kind == "Document" and seen.url.startswith(_WIRE):
            self.heard(seen.frame, seen.url, int(response.get("status", 0)))

    def _on_data(self, event: dict[str, Any]) -> None:
        self.bytes += max(int(event.get("dataLength", 0)), int(event.get("encodedDataLength", 0)))
        if self.bytes > self.limits.bytes:
            self.stop("bytes")

    def _on_finished(self, event: dict[str, Any]) -> None:
        seen = self._latest.get(event["requestId"])
        if seen is not None and seen.end == "open":
            seen.encoded, seen.end = int(event.get("encodedDataLength", 0)), "finished"

    def _on_failed(self, event: dict[str, Any]) -> None:
        seen = self._latest.get(event["requestId"])
        if seen is not None and seen.end == "open":
            blocked = event.get("blockedReason")
            seen.end = str(blocked or event.get("errorText") or "failed")

    def _on_cache(self, event: dict[str, Any]) -> None:
        seen = self._latest.get(event["requestId"])
        if seen is not None:
            seen.cached = True

    def _on_socket(self, event: dict[str, Any]) -> None:
        seen = Seen(str(event.get("url", "")), "GET", "WebSocket")
        self._begin(event["requestId"], seen)


def _answered(seen: Seen, response: dict[str, Any]) -> None:
    seen.connection = int(response.get("connectionId", 0))
    cached = response.get("fromDiskCache") or response.get("fromPrefetchCache")
    seen.cached = seen.cached or bool(cached)


_HANDLERS: dict[str, Callable[[Recorder, dict[str, Any]], None]] = {
    "Network.requestWillBeSent": Recorder._on_request,
    "Network.responseReceived": Recorder._on_response,
    "Network.dataReceived": Recorder._on_data,
    "Network.loadingFinished": Recorder._on_finished,
    "Network.loadingFailed": Recorder._on_failed,
    "Network.requestServedFromCache": Recorder._on_cache,
    "Network.webSocketCreated": Recorder._on_socket,
}
