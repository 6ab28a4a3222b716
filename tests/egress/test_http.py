"""What the HTTP front accepts, and what it refuses because it could be read two ways."""

from __future__ import annotations

import pytest

from egress import http
from egress.errors import BadRequest


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def test_absolute_form_becomes_origin_form() -> None:
    request = http.read_request(
        head(
            "GET http://shop.example:81/a?b=c HTTP/1.1",
            "Host: other.example",
            "Accept: */*",
            "Proxy-Connection: keep-alive",
            "Connection: keep-alive",
        )
    )
    assert (request.host, request.port, request.tunnel) == ("shop.example", 81, False)
    assert request.head == head(
        "GET /a?b=c HTTP/1.1", "Host: shop.example:81", "Accept: */*", "Connection: close"
    )


def test_connect_to_v6() -> None:
    request = http.read_request(head("CONNECT [::1]:443 HTTP/1.1"))
    assert (request.host, request.port, request.tunnel) == ("::1", 443, True)


@pytest.mark.parametrize(
    "lines",
    [
        ("GET / HTTP/1.1", "Host: a"),
        ("GET https://a/ HTTP/1.1",),
        ("GET http://u:p@a/ HTTP/1.1",),
        ("GET http://a/ HTTP/2",),
        ("CONNECT a HTTP/1.1",),
        ("CONNECT a:99999999 HTTP/1.1",),
        ("POST http://a/ HTTP/1.1", "Content-Length: 3", "Content-Length: 4"),
        ("POST http://a/ HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked"),
        ("POST http://a/ HTTP/1.1", "Transfer-Encoding: gzip, chunked"),
        ("POST http://a/ HTTP/1.1", "Content-Length: +3"),
        ("GET http://a/ HTTP/1.1", "X : y"),
        ("GET http://a/ HTTP/1.1", "X: y", " folded"),
        ("GET http://a/ HTTP/1.1", "X: y\nContent-Length: 5"),
        ("GET http://a/ HTTP/1.1", "no colon"),
        ("GET  http://a/ HTTP/1.1",),
    ],
)
def test_ambiguous_or_wrong_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest):
        http.read_request(head(*lines))


def test_the_site_cannot_speak_in_our_name() -> None:
    told = http.close_response(
        head("HTTP/1.1 200 OK", "x-markseal-refused: loopback", "Connection: keep-alive", "A: b")
    )
    assert told == head("HTTP/1.1 200 OK", "A: b", "Connection: close")
