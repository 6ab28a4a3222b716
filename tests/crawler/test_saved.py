"""Pages as browsers save them."""

from __future__ import annotations

import base64
import quopri

import pytest

from crawler import extract
from crawler.saved import unpack

PAGE = "<html><title>杯</title><body><h1>甬舟保温杯</h1><p class=price>￥59</p></body></html>"
URL = "https://shop.example/item/1?a=1"


def mhtml(*, coding: str = "quoted-printable", charset: str = "utf-8", start: str = "") -> bytes:
    body = PAGE.encode(charset)
    text = quopri.encodestring(body) if coding[0] == "q" else base64.encodebytes(body)
    head = (
        "From: <Saved by Blink>\r\n"
        f"Snapshot-Content-Location: {URL}\r\nSubject: =?utf-8?Q?=E6=9D=AF?=\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n'
        f'\tboundary="--B"{start}\r\n\r\n\r\n----B\r\n'
    )
    other = "Content-Type: text/css\r\nContent-Location: cid:css@x\r\n\r\np{}\r\n----B\r\n"
    part = (
        f"Content-Type: text/html; charset={charset}\r\nContent-ID: <page@x>\r\n"
        f"Content-Transfer-Encoding: {coding}\r\nContent-Location: {URL}\r\n\r\n"
    )
    return (head + other + part).encode() + text + b"\r\n----B--\r\n"


@pytest.mark.parametrize("coding", ["quoted-printable", "base64"])
@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_mhtml(coding: str, charset: str) -> None:
    data = mhtml(coding=coding, charset=charset)
    saved = unpack(data)
    assert saved.url == URL
    assert saved.content_type == f"text/html; charset={charset}"
    (listing,) = extract(data, URL, recipe=None).listings
    assert (listing.title, listing.price) == ("甬舟保温杯", "59")


def test_the_start_of_an_mhtml_file_is_its_page() -> None:
    assert b"<h1>" in unpack(mhtml(start=';\r\n\tstart="<page@x>"')).data


@pytest.mark.parametrize(
    "note",
    [
        f"<!--\n Page saved with SingleFile \n url: {URL} \n saved date: Mon Nov 23 2026 \n-->",
        f"<!-- saved from url=(0031){URL} -->",
    ],
)
def test_html_that_says_where_it_is_from(note: str) -> None:
    data = f"<!DOCTYPE html><html>{note}{PAGE}".encode()
    assert unpack(data).url == URL
    assert extract(data, URL, recipe=None).listings[0].price == "59"


def test_a_plain_page_stays_as_it_is() -> None:
    for data in (PAGE.encode(), b"", b'{"a":1}', b"Content-Type: text/html\r\n\r\nx"):
        assert unpack(data).data == data
        assert unpack(data).url is None


def test_many_lines_like_headers_are_no_mhtml() -> None:
    data = b"X-A: b\r\n  c\r\n" * 900 + b"\r\n<h1>x</h1>"
    assert unpack(data).data == data


def test_an_mhtml_file_without_a_page_holds_nothing() -> None:
    data = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=B\r\n\r\n--B--\r\n"
    assert extract(data, URL, recipe=None).listings == ()
