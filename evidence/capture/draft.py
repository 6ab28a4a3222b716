"""One request as the browser's events arrive, until it is an exchange."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Request

from evidence.capture.exchange import (
    BodyForm,
    Exchange,
    Headers,
    Source,
    pairs_of,
    split_headers,
    text_to_bytes,
)


@dataclass
class Draft:
    """One request as its events arrive; a redirect begins a new one."""

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
    chunks: list[bytes] = field(default_factory=list)
    body_form: BodyForm = BodyForm.EXACT


def take_request_extra(draft: Draft, event: dict[str, Any]) -> None:
    """Take the literal request headers as they went over the wire."""
    text = event.get("headersText")
    if isinstance(text, str) and text:
        draft.request_line, draft.request_headers = split_headers(text)
        return
    draft.request_headers = pairs_of(event.get("headers", {}))
    draft.request_line = request_line(draft.method, draft.url)


def take_response_extra(draft: Draft, event: dict[str, Any]) -> None:
    """Take the literal response headers and status."""
    draft.extra_response = True
    draft.status = int(event.get("statusCode", 0)) or draft.status
    text = event.get("headersText")
    if isinstance(text, str) and text:
        line, draft.response_headers = split_headers(text)
        draft.reason = line.split(" ", 2)[2] if line.count(" ") >= 2 else ""
        draft.literal = True
        return
    draft.response_headers = pairs_of(event.get("headers", {}))


def take_response(draft: Draft, response: dict[str, Any]) -> None:
    """Take what the browser made of the response: protocol, character set, address."""
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


def post_data(request: dict[str, Any]) -> bytes:
    """Return the body that the request carried."""
    entries = request.get("postDataEntries") or []
    try:
        return b"".join(base64.b64decode(entry.get("bytes", "")) for entry in entries)
    except binascii.Error:
        return str(request.get("postData", "")).encode("utf-8")


def exchange_of_draft(draft: Draft) -> Exchange:
    """Return the exchange that a complete draft describes."""
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


def exchange_of_request(request: Request) -> Exchange | None:
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


def take_streamed(draft: Draft) -> bool:
    """Take the body from the bytes that were streamed; say whether they are all there."""
    streamed = b"".join(draft.chunks)
    if not draft.chunks or len(streamed) != draft.arrived:
        return False
    draft.body, draft.body_form = streamed, BodyForm.EXACT
    return True


def take_cut_off(draft: Draft) -> bool:
    """Take what came of a document that was still coming; say whether anything did."""
    if draft.status is None or not draft.chunks or draft.body is not None:
        return False
    draft.body, draft.body_form = b"".join(draft.chunks), BodyForm.CUT_OFF
    return True


def take_body(draft: Draft, answer: dict[str, Any]) -> int:
    """Take the decoded body, say how sure its bytes are; return its length."""
    if answer.get("base64Encoded"):
        draft.body = base64.b64decode(answer["body"])
        equal = draft.arrived == len(draft.body)
        draft.body_form = BodyForm.EXACT if equal else BodyForm.UNEQUAL
    else:
        draft.body, draft.body_form = text_to_bytes(answer["body"], draft.charset, draft.arrived)
    return len(draft.body)
