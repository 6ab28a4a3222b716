"""The live index of a capture: what the DevTools protocol (CDP Network) says of each request.

The bytes come from the browser's log; here are their kind, their frame and how many the browser
counted. What the browser tells its driver is read (``evidence.browser.heard``): the driver follows
every page, popup, frame of another site and worker from its first request on. A request of which
the beginning was missed is known from its response on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from greenlet import greenlet
from playwright.sync_api import Browser, Error

from evidence.browser.heard import Heard
from evidence.browser.order import Limits

STILL_SECONDS = 0.5
_ENDLESS = ("WebSocket", "EventSource")
_WIRE = ("http:", "https:", "ws:", "wss:")
EVERY_SECONDS = 0.05


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
    """Reads what is ``told``; ``seen`` is in the order in which requests became known.

    ``heard`` is told of each answer to the request for a document: its frame, address and status.
    """

    limits: Limits
    stop: Callable[[str], None]
    told: Heard
    seen: list[Seen] = field(default_factory=list)
    bytes: int = 0
    _latest: dict[str, Seen] = field(default_factory=dict)
    heard: Callable[[str, str, int], None] | None = None
    _shared_workers: set[str] = field(default_factory=set)
    _last: float = field(default_factory=time.monotonic)
    _over: list[str] = field(default_factory=list)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Read on for the length of a ``with`` block whenever the browser is waited for."""
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.TimerHandle] = []

        def again() -> None:
            waiting[:] = [loop.call_later(EVERY_SECONDS, again)]
            greenlet(self.read).switch()  # a bound reached calls the browser and waits for it

        waiting.append(loop.call_later(EVERY_SECONDS, again))
        try:
            yield
            self.read()
        finally:
            waiting[0].cancel()

    def read(self) -> None:
        """Take in all that was told so far; all that the driver has acted on is among it.

        Raises PageNotCaptured when it cannot be read.
        """
        for method, event in self.told.read(_METHODS):
            self._last = time.monotonic()
            _HANDLERS[method](self, event)
        over, self._over = self._over, []
        for limit in over:
            self.stop(limit)

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
        self.read()
        if time.monotonic() - self._last < STILL_SECONDS:
            return False
        return not any(
            one.end == "open" and one.kind not in _ENDLESS and name not in self._shared_workers
            for name, one in self._latest.items()
            if one.url.startswith(_WIRE)
        )

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
                self._over.append("requests")
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
            self._over.append("bytes")

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
_METHODS = frozenset(_HANDLERS)
