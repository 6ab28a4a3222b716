"""Records every exchange through the browser's DevTools protocol (CDP Network domain).

Two reports are joined: the page's own CDP session, which gives the literal header text over
HTTP/1.1, and Playwright's events, which also cover frames of other sites, workers and popups.
An exchange that only the second saw is written from it and marked ``headers_literal: false``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Error, Page, Request

from evidence.capture.exchange import (
    BodyForm,
    Exchange,
    Headers,
    NotRecorded,
    Source,
    pairs_of,
    split_headers,
    text_to_bytes,
)
from evidence.capture.order import Limits

_WIRE = ("http:", "https:")


@dataclass
class _Draft:
    """One request as its events arrive; ``key`` is the request's id and the redirect's number."""

    url: str
    method: str
    started: datetime
    resource_type: str
    request_headers: Headers = ()
    request_line: str = ""
    request_body: bytes = b""
    status: int | None = None
    reason: str = ""
    response_headers: Headers = ()
    literal: bool = False
    extra_response: bool = False
    body: bytes | None = None
    protocol: str = ""
    remote: str | None = None
    encoded_length: int | None = None
    from_cache: bool = False
    charset: str = ""
    arrived: int = 0
    body_form: BodyForm = BodyForm.EXACT


@dataclass
class Recorder:
    """Listens to one browser context; ``drafts`` are in the order of the requests."""

    limits: Limits
    stop: Callable[[str], None]
    drafts: list[_Draft] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    failed: list[NotRecorded] = field(default_factory=list)
    bytes: int = 0
    _chains: dict[str, list[_Draft]] = field(default_factory=dict)
    _waiting: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)

    def attach(self, context: BrowserContext, page: Page) -> CDPSession:
        """Listen to the context and open the page's own CDP session; return the session."""
        context.on("requestfinished", self._on_seen)
        context.on("requestfailed", self._on_failed_event)
        page.on("download", lambda item: self._name("download", item.url, "not kept"))
        session = context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.requestWillBeSentExtraInfo", self._on_request_extra)
        session.on("Network.responseReceived", self._on_response)
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
        chain = self._chains.setdefault(event["requestId"], [])
        if chain and "redirectResponse" in event:
            self._close_redirect(chain[-1], event["redirectResponse"])
        draft = _Draft(
            url=request["url"].partition("#")[0],
            method=request["method"],
            started=datetime.fromtimestamp(float(event["wallTime"]), UTC),
            resource_type=str(event.get("type", "Other")),
            request_headers=pairs_of(request.get("headers", {})),
            request_body=_post_data(request),
        )
        chain.append(draft)
        self.drafts.append(draft)
        for kind, extra in self._waiting.pop(event["requestId"], []):
            self._apply_extra(kind, extra, chain)
        if len(self.drafts) > self.limits.requests:
            self.stop("requests")

    def _close_redirect(self, draft: _Draft, response: dict[str, Any]) -> None:
        draft.body = b""
        _take_response(draft, response)

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

    def _apply_extra(self, kind: str, event: dict[str, Any], chain: list[_Draft]) -> None:
        if kind == "request":
            waiting = [draft for draft in chain if not draft.request_line]
            if waiting:
                _take_request_extra(waiting[0], event)
            return
        waiting = [draft for draft in chain if not draft.extra_response]
        if waiting:
            _take_response_extra(waiting[0], event)

    def _on_response(self, event: dict[str, Any]) -> None:
        chain = self._chains.get(event["requestId"])
        if chain:
            _take_response(chain[-1], event["response"])
            chain[-1].resource_type = str(event.get("type", chain[-1].resource_type))

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
        try:
            answer = session.send("Network.getResponseBody", {"requestId": event["requestId"]})
        except Error:
            return
        if answer.get("base64Encoded"):
            draft.body = base64.b64decode(answer["body"])
            equal = draft.arrived == len(draft.body)
            draft.body_form = BodyForm.EXACT if equal else BodyForm.UNEQUAL
        else:
            draft.body, draft.body_form = text_to_bytes(
                answer["body"], draft.charset, draft.arrived
            )
        self.bytes += len(draft.body)
        if self.bytes > self.limits.bytes:
            self.stop("bytes")

    def _on_data(self, event: dict[str, Any]) -> None:
        chain = self._chains.get(event["requestId"])
        if chain:
            chain[-1].arrived += int(event.get("dataLength", 0))

    def finish(self) -> tuple[tuple[Exchange, ...], tuple[NotRecorded, ...]]:
        """Join the two reports; return the exchanges in order and what is named instead."""
        exchanges: list[Exchange] = []
        unfinished: dict[tuple[str, str], list[_Draft]] = {}
        have: dict[tuple[str, str], int] = {}
        for draft in self.drafts:
            key = (draft.method, draft.url)
            if draft.from_cache:
                self._name("from cache", draft.url, "answered from this capture's own cache")
            elif draft.status is None or draft.body is None:
                unfinished.setdefault(key, []).append(draft)
            else:
                exchanges.append(_exchange(draft))
                have[key] = have.get(key, 0) + 1
        for request in self.seen:
            url = request.url.partition("#")[0]
            if not url.startswith(_WIRE):
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

    def _name_unfinished(self, draft: _Draft) -> None:
        if not any(item.url == draft.url and item.what == "failed request" for item in self.failed):
            self._name("unfinished", draft.url, "no complete answer before the capture ended")

    def _from_event(
        self, request: Request, exchanges: list[Exchange], drafts: list[_Draft]
    ) -> None:
        try:
            exchange = _exchange_of(request)
        except Error as error:
            self._name("unfinished", request.url, f"the browser gave no body: {error.message}")
            return
        if exchange is not None:
            if drafts:
                drafts.pop(0)
            exchanges.append(exchange)


def _take_request_extra(draft: _Draft, event: dict[str, Any]) -> None:
    text = event.get("headersText")
    if isinstance(text, str) and text:
        draft.request_line, draft.request_headers = split_headers(text)
        return
    draft.request_headers = pairs_of(event.get("headers", {}))
    draft.request_line = request_line(draft.method, draft.url)


def _take_response_extra(draft: _Draft, event: dict[str, Any]) -> None:
    draft.extra_response = True
    draft.status = int(event.get("statusCode", 0)) or draft.status
    text = event.get("headersText")
    if isinstance(text, str) and text:
        line, draft.response_headers = split_headers(text)
        draft.reason = line.split(" ", 2)[2] if line.count(" ") >= 2 else ""
        draft.literal = True
        return
    draft.response_headers = pairs_of(event.get("headers", {}))


def _take_response(draft: _Draft, response: dict[str, Any]) -> None:
    draft.protocol = str(response.get("protocol", ""))
    draft.from_cache = draft.from_cache or bool(response.get("fromDiskCache"))
    draft.remote = response.get("remoteIPAddress")
    draft.charset = str(response.get("charset", ""))
    if draft.status is None:
        draft.status = int(response["status"])
    if not draft.literal:
        draft.reason = str(response.get("statusText", ""))
    if not draft.extra_response:
        draft.response_headers = pairs_of(response.get("headers", {}))


def request_line(method: str, url: str) -> str:
    """Return the HTTP/1.1 request line of an address in origin form."""
    rest = url.split("://", 1)[-1]
    slash = rest.find("/")
    question = rest.find("?")
    if slash == -1 or (question != -1 and question < slash):
        target = "/" + (rest[question:] if question != -1 else "")
    else:
        target = rest[slash:]
    return f"{method} {target} HTTP/1.1"


def _post_data(request: dict[str, Any]) -> bytes:
    entries = request.get("postDataEntries") or []
    try:
        return b"".join(base64.b64decode(entry.get("bytes", "")) for entry in entries)
    except binascii.Error:
        return str(request.get("postData", "")).encode("utf-8")


def _exchange(draft: _Draft) -> Exchange:
    return Exchange(
        url=draft.url,
        method=draft.method,
        started=draft.started,
        request_headers=draft.request_headers,
        request_line=draft.request_line or request_line(draft.method, draft.url),
        request_body=draft.request_body,
        status=draft.status or 0,
        reason=draft.reason,
        response_headers=draft.response_headers,
        response_body=draft.body or b"",
        protocol=draft.protocol,
        resource_type=draft.resource_type,
        source=Source.CDP,
        headers_literal=draft.literal,
        body_form=draft.body_form,
        peer=draft.remote,
        encoded_length=draft.encoded_length,
    )


def _exchange_of(request: Request) -> Exchange | None:
    """Return the exchange that Playwright's events describe, or None without a response."""
    response = request.response()
    if response is None:
        return None
    redirected = request.redirected_to is not None
    address = response.server_addr()
    return Exchange(
        url=request.url.partition("#")[0],
        method=request.method,
        started=datetime.fromtimestamp(request.timing["startTime"] / 1000, UTC),
        request_headers=tuple((h["name"], h["value"]) for h in request.headers_array()),
        request_line=request_line(request.method, request.url.partition("#")[0]),
        request_body=request.post_data_buffer or b"",
        status=response.status,
        reason=response.status_text,
        response_headers=tuple((h["name"], h["value"]) for h in response.headers_array()),
        response_body=b"" if redirected else response.body(),
        protocol="",
        resource_type=request.resource_type.capitalize(),
        source=Source.PLAYWRIGHT,
        headers_literal=False,
        body_form=BodyForm.UNCHECKED,
        peer=address["ipAddress"] if address else None,
    )
