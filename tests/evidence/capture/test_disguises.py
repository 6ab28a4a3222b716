"""Secrets that a page hands out in disguise: packed twice, turned round, taken apart by tags."""

from __future__ import annotations

import base64
import itertools
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.capture.markup import masked_pdf
from evidence.capture.masking import Scanner
from evidence.capture.untagged import Untagged
from tests.evidence.capture.test_redaction import TOKEN, get, ok, redactor, wire

SCANNER = Scanner([TOKEN])
AROUND = [(b"", b""), (b"a", b"z"), (b"ab", b"zyx"), (b"abc:", b"q"), (b"abcd", b"")]


def twice(data: bytes) -> bytes:
    return base64.b64encode(base64.urlsafe_b64encode(data))


def quoted_twice(data: bytes) -> bytes:
    return quote(quote(data, safe=""), safe="").encode()


def in_lines(data: bytes, end: bytes = b"\r\n") -> bytes:
    packed = base64.b64encode(data)
    return end.join(packed[at : at + 19] for at in range(0, len(packed), 19))


def escaped(form: str) -> Callable[[bytes], bytes]:
    return lambda data: "".join(form.format(byte) for byte in data).encode()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "base32": base64.b32encode,
    "base32 lower": lambda data: base64.b32encode(data).lower(),
    "base64 twice": twice,
    "base64 in an address": lambda data: quoted_twice(base64.b64encode(data)),
    "base64 in lines": in_lines,
    "base64 in lines, in JSON": lambda data: in_lines(data, rb"\n"),
    "escaped, JavaScript": escaped("\\u{{{:x}}}"),
    "escaped, octal": escaped("\\{:03o}"),
    "escaped, style sheet": escaped("\\{:x} "),
    "folded": lambda data: b"\r\n ".join((data[: len(data) // 2], data[len(data) // 2 :])),
    "percent twice": quoted_twice,
    "reversed": lambda data: data[::-1],
    "reversed, percent": lambda data: quote(data[::-1], safe="").encode(),
}


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("around", AROUND)
def test_each_disguise_is_masked_at_equal_length(name: str, around: tuple[bytes, bytes]) -> None:
    before, after = around
    text = PACKED[name](before + TOKEN.encode() + after)
    found, hits = SCANNER.mask(b'{"x": "' + text + b'", "y": 1}')
    assert hits
    assert len(found) == len(text) + 17
    assert (found[:7], found[-10:]) == (b'{"x": "', b'", "y": 1}')
    assert SCANNER.hits(found) == []
    kept = len(found.replace(b"*", b"")) - 17
    assert kept <= 4 * (len(before) + len(after)) + 16  # what stands around it, and padding


@pytest.mark.parametrize(("before", "after"), AROUND)
def test_no_letter_of_the_secret_can_be_read_out_of_what_is_left(
    before: bytes, after: bytes
) -> None:
    """Whatever is put in for the stars, no more than the edge letters can come back."""
    masked, _ = SCANNER.mask(base64.b32encode(before + TOKEN.encode() + after))
    for filler in (b"A", b"7"):
        data = base64.b32decode(masked.replace(b"*", filler))
        assert not any(TOKEN[n : n + 3].encode() in data for n in range(len(TOKEN) - 2))


SPLITS = [
    b"<b>%s</b>",
    b"<!-- > --><i class='x'>%s</i>",
    b"<wbr>%s",
    b"&shy;%s",
    b"\xe2\x80\x8b%s",
    b"<script>var a = '<b>';</script>%s",
    rb"<b>%s<\/b>",
]


@pytest.mark.parametrize("split", SPLITS)
def test_letters_that_tags_keep_apart_are_masked_and_the_tags_stay(split: bytes) -> None:
    data = b"<p>ID: " + b"".join(split % TOKEN[n : n + 1].encode() for n in range(len(TOKEN)))
    data += b"</p>"
    found, hits = SCANNER.mask(data)
    assert {hit.form for hit in hits} == {"split by tags"}
    assert len(found) == len(data)
    assert found == b"<p>ID: " + (split % b"*") * len(TOKEN) + b"</p>"
    assert SCANNER.hits(found) == []


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"<",
                b">",
                b"a",
                b"<b>",
                b"</b>",
                b"<!--",
                b"-->",
                b"&shy;",
                b"<script>",
                b"</script>",
                TOKEN.encode(),
                b'"',
            ]
        ),
        max_size=30,
    )
)
def test_whatever_the_markup_the_way_back_is_right(parts: list[bytes]) -> None:
    data = b"".join(parts)
    shown = Untagged.of(data)
    if shown is None:
        return
    assert b"".join(data[begin:end] for begin, end in shown.kept) == shown.text
    for start, end in itertools.combinations(range(len(shown.text) + 1), 2):
        places = list(shown.places(start, end))
        assert not places or b"".join(data[a:b] for a, b in places) == shown.text[start:end]
        if end > start + 12:
            break
    found, _ = SCANNER.mask(data)
    assert TOKEN.encode() not in found
    assert SCANNER.hits(found) == []


def test_strings_of_hex_digits_in_a_pdf_stay_strings() -> None:
    secret = TOKEN.encode()
    packed = zlib.compress(b"[<feff00" + secret.hex().encode() + b">] TJ (" + secret + b") Tj")
    data = (
        b"%PDF-1.4\n1 0 obj\n<</A<" + secret.hex().upper().encode() + b">/B(" + secret + b")>>\n"
        b"stream\n" + packed + b" " * 40 + b"\nendstream\nendobj\n"
    )
    found, hits = masked_pdf(data, SCANNER.hits)
    assert len(found) == len(data)
    assert len(hits) == 4
    assert b"<</A<" + b"2a" * len(secret) + b">/B(" + b"*" * len(secret) + b")>>" in found
    stream = re.search(rb"stream\n(.*?)\nendstream", found, re.DOTALL)
    assert stream is not None
    plain = zlib.decompressobj().decompress(stream[1])
    assert plain == b"[<feff00" + b"2a" * len(secret) + b">] TJ (" + b"*" * len(secret) + b") Tj"


def test_a_disguised_token_is_in_nothing_that_is_handed_out(tmp_path: Path) -> None:
    secret = TOKEN.encode()
    body = b"<p>" + b" | ".join(pack(b"k=" + secret) for pack in PACKED.values())
    body += b" | " + b"".join(b"<u>%c</u>" % letter for letter in secret)
    found = wire(tmp_path, (get(b"Cookie: sid=" + secret), ok(body)))
    made = redactor(tmp_path, found)
    published = made.exchange(found.exchanges[0])
    assert published.response.size == found.exchanges[0].response.size
    (tmp_path / "handed").mkdir()
    (tmp_path / "handed/warc").write_bytes(published.request.read() + published.response.read())
    made.require_clean(tmp_path / "handed")
    told = {row["what"] for row in made.masked()}
    assert {"base32", "base64 twice", "reversed", "split by line ends", "split by tags"} <= told
