"""Secrets are found in every form they take, masked at equal length, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.capture.bodies import overlay, scan
from evidence.capture.masking import Scanner, masked
from evidence.capture.tokens import credentials, is_token, stored_tokens, tokens_of

TOKEN = "s3cr3t-T0ken/9f+8e=7d_6c"
CHINESE = "令牌abc甬江123"


def forms(secret: str) -> dict[str, bytes]:
    data = secret.encode()
    return {
        "plain": data,
        "percent": quote(secret, safe="").encode(),
        "percent lower": quote(secret, safe="").lower().encode(),
        "percent plus": quote_plus(secret).encode(),
        "percent twice": quote(quote(secret, safe=""), safe="").encode(),
        "percent all": "".join(f"%{byte:02x}" for byte in data).encode(),
        "json": json.dumps(secret).encode(),
        "json in json": json.dumps(json.dumps(secret)).encode(),
        "json slash": json.dumps(secret).replace("/", "\\/").encode(),
        "unicode": "".join(f"\\u{ord(c):04x}" for c in secret).encode(),
        "html": html.escape(secret).replace("=", "&#61;").replace("+", "&#x2B;").encode(),
        "base64 0": base64.b64encode(data),
        "base64 1": base64.b64encode(b"a" + data + b"z"),
        "base64 2": base64.b64encode(b"ab" + data + b"zz"),
        "base64 url": base64.urlsafe_b64encode(b"u:" + data),
        "hex": data.hex().encode(),
        "utf-16": secret.encode("utf-16-le"),
        "capitals": secret.upper().encode(),
        "small letters": secret.lower().encode(),
        "decimal references": "".join(f"&#{ord(c)};" for c in secret).encode(),
        "hexadecimal references": "".join(f"&#x{ord(c):X};" for c in secret).encode(),
        "JavaScript": "".join(f"\\x{byte:02X}" for byte in data).encode(),
        "full-width": "".join(
            chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in secret
        ).encode(),
    }


CASES = [
    pytest.param(secret, text, id=f"{secret[:3]} {name}")
    for secret in (TOKEN, CHINESE)
    for name, text in forms(secret).items()
    if text and text != b""
]


@pytest.mark.parametrize(("secret", "text"), CASES)
def test_every_form_is_found_and_masked_at_equal_length(secret: str, text: bytes) -> None:
    scanner = Scanner([secret])
    data = b'<a href="/x?before=1&' + text + b'">after</a>'
    found, hits = scanner.mask(data)
    assert hits
    assert len(found) == len(data)
    assert found.startswith(b'<a href="/x?before=1&')
    assert found.endswith(b'">after</a>')
    assert scanner.hits(found) == []
    assert secret.encode() not in found


def test_ordinary_text_is_left_alone() -> None:
    text = ("s3cr3t T0ken 令牌 abc 甬江 123 " * 50).encode()
    assert Scanner([TOKEN, CHINESE]).mask(text) == (text, [])


def test_a_long_secret_is_found_in_pieces_too() -> None:
    secret = base64.urlsafe_b64encode(bytes(range(256)) * 3).decode()
    scanner = Scanner([secret])
    cut = secret[:500].encode()
    found, _ = scanner.mask(b"x=" + cut + b"&")
    assert found.count(b"*") >= 480
    assert scanner.mask(secret.encode())[0] == b"*" * len(secret)


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=6, max_size=300),
    st.sampled_from([quote, quote_plus, json.dumps, html.escape, lambda text: text]),
    st.binary(max_size=50),
)
def test_whatever_the_secret_is_no_form_of_it_stays(
    secret: str, form: object, before: bytes
) -> None:
    text = form(secret).encode()  # type: ignore[operator]
    inner = text.strip(b'"') if form is json.dumps else text
    found, hits = Scanner([secret]).mask(before + b" " + text + b" ")
    assert hits
    assert inner not in found
    assert len(found) == len(before) + len(text) + 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3_000_000), max_size=5), st.integers(1000, 400_000))
def test_a_stream_is_masked_wherever_it_is_cut(places: list[int], step: int) -> None:
    scanner = Scanner([TOKEN])
    data = bytearray(b"." * 3_200_000)
    for place in places:
        data[place : place + len(TOKEN)] = TOKEN.encode()
    pieces = [bytes(data[n : n + step]) for n in range(0, len(data), step)]
    hits = list(scan(pieces, scanner.hits))
    assert b"".join(overlay(pieces, hits)) == masked(bytes(data), scanner.hits(bytes(data)))


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", True),
        ("9f86d081884c7d659a2feaa0c55ad015", True),
        ("a1b2c3d4e5", True),
        ("qWeRtYuIoPaSdFgHjK", True),
        ("zh-CN", False),
        ("1700000000123", False),
        ("true", False),
        ("freeShippingOverseas", False),
        ("https://shop.example/a1b2c3d4", False),
        ("www.shop123.example", False),
        ("宁波市海曙区二号楼201室", False),
        ("", False),
    ],
)
def test_what_looks_like_a_token(value: str, token: bool) -> None:
    assert is_token(value) is token


def test_values_of_several_parts_are_taken_whole_and_by_part() -> None:
    found = set(tokens_of("uid=1&t=9f86d081884c7d659a2f&lang=zh"))
    assert "9f86d081884c7d659a2f" in found
    assert set(tokens_of("abc%2Fdef%3D123456")) >= {"abc%2Fdef%3D123456", "abc/def=123456"}
    assert list(tokens_of("secret", named=True)) == ["secret"]
    assert list(tokens_of("desktop", sure=True)) == []
    assert list(tokens_of("MLB1234567890")) == []
    assert list(tokens_of("MLB1234567890", sure=True)) == ["MLB1234567890"]
    assert list(tokens_of("1234567", sure=True)) == ["1234567"]
    assert list(tokens_of("12345", named=True)) == []


def test_what_pages_keep_is_opened_by_its_keys() -> None:
    kept = json.dumps({"user": {"accessToken": "opensesame1", "name": "openhouse"}, "n": [1, "a"]})
    assert list(stored_tokens("state", kept)) == ["opensesame1"]
    assert list(stored_tokens("auth", "open-0")) == ["open-0"]
    assert list(stored_tokens("auth", "anonymous")) == []
    assert list(stored_tokens("theme", "darkmode")) == []


def test_credentials_are_opened() -> None:
    basic = "Basic " + base64.b64encode(b"wang:geheim-99").decode()
    assert set(credentials(basic)) >= {basic[6:], "wang:geheim-99", "geheim-99"}
    assert list(credentials("Bearer abcdef123456")) == ["abcdef123456"]
