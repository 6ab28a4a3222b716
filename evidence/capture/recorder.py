"""Records every exchange through the browser's DevTools protocol (CDP Network domain).

Two reports are joined: the page's own CDP session, which gives the literal header text over
HTTP/1.1, and Playwright's events, which also cover frames of other sites, workers and popups.
An exchange that only the second saw is written from it and marked ``headers_literal: false``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Error, Page, Request

from evidence.browser.order import Limits
from evidence.capture.draft import (
    Draft,
    exchange_of_draft,
    exchange_of_request,
    post_data,
    take_body,
    take_cut_off,
    take_request_extra,
    take_response,
    take_response_extra,
    take_streamed,
)
from evidence.capture.exchange import Exchange, NotRecorded, pairs_of

_WIRE = ("http:", "https:")
_URL_LIMIT = 16_000


@dataclass
class Recorder:
    """Listens to one browser context; ``drafts`` are in the order of the requests."""

    limits: Limits
    stop: Callable[[str], None]
    drafts: list[Draft] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    failed: list[NotRecorded] = field(default_factory=list)
    bytes: int = 0
    _chains: dict[str, list[Draft]] = field(default_factory=dict)
    _waiting: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)

    def attach(self, context: BrowserContext, page: Page) -> CDPSession:
        """Listen to the context and open the page's own CDP session; return the session."""
        context.on("requestfinished", self._on_seen)
        context.on("requestfailed", self._on_failed_event)
        page.on("download", lambda item: self._name("download", item.url, "not kept"))
        session = context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.requestWillBeSentExtraInfo", self._on_request_extra)
        session.on("Network.responseReceived", lambda event: self._on_response(session, event))
        session.on("Network.responseReceivedExtraInfo", self._on_response_extra)
        session.on("Network.requestServedFromCache", self._on_cache)
        session.on("Network.dataReceived", self._on_data)
        session.on("Network.loadingFinished", lambda event: self._on_finished(session, event))
        session.on("Network.webSocketCreated", self._on_socket)
        session.send(
            "Network.enable",
            {
                "maxTotalBufferSize": self.limits.bytes,
                "maxResourceBufferSize": self.limits.bytes,
                "maxPostDataSize": 10_000_000,
            },
        )
        return session

    def _name(self, what: str, url: str, reason: str) -> None:
        self.failed.append(NotRecorded(what, url, reason))

    def _on_seen(self, request: Request) -> None:
        self.seen.append(request)

    def _on_socket(self, event: dict[str, Any]) -> None:
        self._name("websocket", str(event.get("url", "")), "frames are not recorded")

    def _on_failed_event(self, request: Request) -> None:
        if request.url.startswith(_WIRE):
            self._name("failed request", request.url, request.failure or "failed")

    def _on_request(self, event: dict[str, Any]) -> None:
        request = event["request"]
        if not str(request["url"]).startswith(_WIRE):
            return
        if len(request["url"]) > _URL_LIMIT:
            self._name("long address", request["url"], f"more than {_URL_LIMIT} characters")
            return
        chain = self._chains.setdefault(event["requestId"], [])
        if chain and "redirectResponse" in event:
            self._close_redirect(chain[-1], event["redirectResponse"])
        draft = Draft(
            url=request["url"].partition("#")[0],
            method=request["method"],
            started=datetime.fromtimestamp(float(event["wallTime"]), UTC),
            resource_type=str(event.get("type", "Other")),
            request_headers=pairs_of(request.get("headers", {})),
            request_body=post_data(request),
        )
        chain.append(draft)
        self.drafts.append(draft)
        for kind, extra in self._waiting.pop(event["requestId"], []):
            self._apply_extra(kind, extra, chain)
        if len(self.drafts) > self.limits.requests:
            self.stop("requests")

    def _close_redirect(self, draft: Draft, response: dict[str, Any]) -> None:
        draft.body = b""
        take_response(draft, response)

    def _on_request_extra(self, event: dict[str, Any]) -> None:
        self._extra("request", event)

    def _on_response_extra(self, event: dict[str, Any]) -> None:
        self._extra("response", event)

    def _extra(self, kind: str, event: dict[str, Any]) -> None:
        chain = self._chains.get(event["requestId"])
        if chain is None:
            self._waiting.setdefault(event["requestId"], []).append((kind, event))
        else:
            self._apply_extra(kind, event, chain)

    def _apply_extra(self, kind: str, event: dict[str, Any], chain: list[Draft]) -> None:
        if kind == "request":
            waiting = [draft for draft in chain if not draft.request_line]
            if waiting:
                take_request_extra(waiting[0], event)
            return
        waiting = [draft for draft in chain if not draft.extra_response]
        if waiting:
            take_response_extra(waiting[0], event)

    def _on_response(self, session: CDPSession, event: dict[str, Any]) -> None:
        chain = self._chains.get(event["requestId"])
        if not chain:
            return
        draft = chain[-1]
        take_response(draft, event["response"])
        draft.resource_type = str(event.get("type", draft.resource_type))
        if draft.resource_type == "Document":
            self._stream(session, event["requestId"], draft)

    def _stream(self, session: CDPSession, request_id: str, draft: Draft) -> None:
        """Ask for a document's bytes as they come: a page that moves on takes its body along."""
        try:
            answer = session.send("Network.streamResourceContent", {"requestId": request_id})
        except Error:
            return
        draft.chunks.insert(0, base64.b64decode(answer["bufferedData"]))

    def _on_cache(self, event: dict[str, Any]) -> None:
        chain = self._chains.get(event["requestId"])
        if chain:
            chain[-1].from_cache = True

    def _on_finished(self, session: CDPSession, event: dict[str, Any]) -> None:
        chain = self._chains.get(event["requestId"])
        if not chain:
            return
        draft = chain[-1]
        draft.encoded_length = int(event.get("encodedDataLength", 0))
        if take_streamed(draft):
            self._count(len(draft.body or b""))
            return
        try:
            answer = session.send("Network.getResponseBody", {"requestId": event["requestId"]})
        except Error:
            return
        self._count(take_body(draft, answer))

    def _count(self, size: int) -> None:
        self.bytes += size
        if self.bytes > self.limits.bytes:
            self.stop("bytes")

    def _on_data(self, event: dict[str, Any]) -> None:
        chain = self._chains.get(event["requestId"])
        if chain:
            chain[-1].arrived += int(event.get("dataLength", 0))
            if event.get("data"):
                chain[-1].chunks.append(base64.b64decode(event["data"]))

    def finish(self) -> tuple[tuple[Exchange, ...], tuple[NotRecorded, ...]]:
        """Join the two reports; return the exchanges in order and what is named instead."""
        exchanges: list[Exchange] = []
        unfinished: dict[tuple[str, str], list[Draft]] = {}
        have: dict[tuple[str, str], int] = {}
        for draft in self.drafts:
            key = (draft.method, draft.url)
            if draft.from_cache:
                self._name("from cache", draft.url, "answered from this capture's own cache")
                continue
            if take_cut_off(draft):
                self._name("cut off", draft.url, "still coming when the capture ended; part kept")
            if draft.status is None or draft.body is None:
                unfinished.setdefault(key, []).append(draft)
            else:
                exchanges.append(exchange_of_draft(draft))
                have[key] = have.get(key, 0) + 1
        for request in self.seen:
            url = request.url.partition("#")[0]
            if not url.startswith(_WIRE) or len(url) > _URL_LIMIT:
                continue
            key = (request.method, url)
            if have.get(key, 0) > 0:
                have[key] -= 1
                continue
            self._from_event(request, exchanges, unfinished.get(key, []))
        for drafts in unfinished.values():
            for draft in drafts:
                self._name_unfinished(draft)
        exchanges.sort(key=lambda exchange: exchange.started)
        return tuple(exchanges), tuple(self.failed)

    def _name_unfinished(self, draft: Draft) -> None:
        if not any(item.url == draft.url and item.what == "failed request" for item in self.failed):
            self._name("unfinished", draft.url, "no complete answer before the capture ended")

    def _from_event(self, request: Request, exchanges: list[Exchange], drafts: list[Draft]) -> None:
        try:
            exchange = exchange_of_request(request)
        except Error as error:
            first = error.message.split("\n")[0]
            self._name("unfinished", request.url, f"the browser gave no body: {first}")
            if drafts:
                drafts.pop(0)
            return
        if exchange is not None:
            if drafts:
                drafts.pop(0)
            exchanges.append(exchange)
