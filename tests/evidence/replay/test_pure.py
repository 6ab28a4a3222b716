"""Pictures to regions, texts to lines, messages to bodies, recordings to answers."""

from __future__ import annotations

import gzip
import random
import zlib
from io import BytesIO
from pathlib import Path

import brotli
import pytest
import zstandard
from PIL import Image, ImageDraw

from evidence.errors import FormatError
from evidence.replay.causes import Cause, Element, cause_of, is_advertising, is_foreign
from evidence.replay.check import allowance
from evidence.replay.compare import Box, compare_pictures, compare_texts
from evidence.replay.message import decode, read_answer, unchunk
from evidence.replay.reasons import Reason, cut_short, no_browser, not_loaded, too_slow, unreadable
from evidence.replay.recording import Asked, read_recording, without_numbers

TEXT = "甬江春茶，明前特级。".encode() * 50


def png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def page(*marks: tuple[int, int, int, int], size: tuple[int, int] = (300, 200)) -> bytes:
    image = Image.new("RGB", size, "white")
    for mark in marks:
        ImageDraw.Draw(image).rectangle(mark, fill="black")
    return png(image)


def test_equal_pictures_have_no_region() -> None:
    found = compare_pictures(page((10, 10, 20, 20)), page((10, 10, 20, 20)))
    assert (found.regions, found.pixels, found.permille) == ((), 0, 0)


def test_each_place_that_differs_is_a_region_drawn_tight() -> None:
    found = compare_pictures(page(), page((10, 20, 29, 29), (200, 150, 249, 159)))
    assert found.regions == (Box(10, 20, 20, 10), Box(200, 150, 50, 10))
    assert found.pixels == 700
    assert found.permille == 12


def test_smoothing_is_no_difference_and_one_grey_level_more_is() -> None:
    base = Image.new("RGB", (50, 50), (100, 100, 100))
    near = Image.new("RGB", (50, 50), (124, 90, 100))
    far = Image.new("RGB", (50, 50), (125, 100, 100))
    assert compare_pictures(png(base), png(near)).regions == ()
    assert compare_pictures(png(base), png(far)).permille == 1000


def test_three_pixels_are_noise_and_four_are_not() -> None:
    assert compare_pictures(page(), page((30, 30, 32, 30))).regions == ()
    assert len(compare_pictures(page(), page((30, 30, 33, 30))).regions) == 1


def test_what_only_one_picture_has_differs() -> None:
    found = compare_pictures(page(), page(size=(300, 220)))
    assert found.regions == (Box(0, 200, 300, 20),)


def test_no_picture_is_a_format_error() -> None:
    with pytest.raises(FormatError, match="not a picture"):
        compare_pictures(b"GIF89a", page())


def test_texts_differ_by_lines() -> None:
    [found] = compare_texts("名\n价 128\n尾", "名\n价 99\n尾\n\n")
    assert (found.line, found.first, found.second) == (2, ("价 128",), ("价 99",))
    assert compare_texts("a  \n\nb", "a\nb\n") == ()
    assert len(compare_texts("\n".join("ab" * 3000), "\n".join("ab" * 2999))) == 1


def test_a_cause_must_cover_nearly_all_of_a_region() -> None:
    clock = Element(Cause.CLOCK, Box(0, 0, 100, 20))
    video = Element(Cause.ANIMATION, Box(0, 100, 50, 50))
    assert cause_of(Box(5, 5, 40, 10), [clock]) is Cause.CLOCK
    assert cause_of(Box(5, 5, 40, 60), [clock, video]) is Cause.UNKNOWN
    assert cause_of(Box(0, 100, 50, 50), [clock, video]) is Cause.ANIMATION
    both = [clock, Element(Cause.ANIMATION, Box(0, 20, 100, 80))]
    assert cause_of(Box(5, 5, 40, 60), both) is Cause.ANIMATION
    halves = [Element(Cause.ANIMATION, Box(x, 0, 50, 50)) for x in (0, 50)]
    assert cause_of(Box(0, 0, 100, 50), halves) is Cause.ANIMATION
    assert cause_of(Box(0, 0, 100, 50), halves[:1] * 2) is Cause.UNKNOWN


def test_other_sites_and_their_advertising() -> None:
    assert not is_foreign("https://img.shop.com.cn/a", "https://www.shop.com.cn/")
    assert is_foreign("https://ads.other.com.cn/a", "https://www.shop.com.cn/")
    assert is_foreign("http://127.0.0.2/", "http://127.0.0.1/")
    assert not is_foreign("about:blank", "http://127.0.0.1/")
    assert is_advertising("https://x.tanx.com/a")
    assert not is_advertising("https://nottanx.com/a")


def test_codings_are_undone() -> None:
    bare = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = bare.compress(TEXT) + bare.flush()
    forms = {
        "gzip": gzip.compress(TEXT),
        "x-gzip ": gzip.compress(TEXT[:700]) + gzip.compress(TEXT[700:]),
        "br": brotli.compress(TEXT),
        "zstd": zstandard.compress(TEXT),
        "deflate": zlib.compress(TEXT),
        "Deflate": raw,
        "gzip, br": brotli.compress(gzip.compress(TEXT)),
        "own": TEXT,
        "": TEXT,
    }
    for coding, data in forms.items():
        assert decode(data, coding) == (TEXT, True), coding


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_of_a_body_that_is_cut_short_its_beginning_is_had(coding: str) -> None:
    data = random.Random(3).randbytes(400_000)
    packed = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress,
              "deflate": zlib.compress}[coding](data)  # fmt: skip
    body, _ = decode(packed[:300_000], coding)
    assert data.startswith(body)
    assert len(body) > 100_000
    assert decode(b"plain text that is not coded", coding)[1] is False


def test_messages_are_read_as_browsers_read_them() -> None:
    found = read_answer(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 \nX-A: one\r\n two\nx-a:3\n"
        b"Transfer-Encoding: chunked\n\n5;x=1\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"
    )
    assert (found.status, found.reason, found.body, found.whole) == (200, "", b"hello", True)
    assert found.header("x-a") == "one two, 3"
    assert unchunk(b"5\r\nhello\r\nff\r\nhalf") == (b"hellohalf", False)
    cut = read_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    assert (cut.body, cut.whole) == (b"half", False)
    assert read_answer(b"HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n").whole


def record(kind: str, number: int, url: str, block: bytes, more: str = "") -> bytes:
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <{kind}{number}>\r\n"
        f"WARC-Target-URI: {url}\r\n{more}Content-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n")


def exchange(number: int, url: str, request: bytes, answer: bytes) -> bytes:
    more = f"WARC-Concurrent-To: <response{number}>\r\n"
    return record("response", number, url, answer) + record("request", number, url, request, more)


def ok(text: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def test_a_recording_answers_in_order_and_by_body(tmp_path: Path) -> None:
    get, post = b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"
    page, api = "https://a.test/", "https://a.test/api"
    counted = "https://a.test/c?t=1700000000000&k=1"
    jsonp = "https://a.test/j?callback=jQuery35_1700000000001&sign=0123456789abcdef"
    path = tmp_path / "data.warc.gz"
    path.write_bytes(
        exchange(1, page, get, ok("one"))
        + exchange(2, page, get, ok("two"))
        + exchange(3, page, get, ok("", "304 Not Modified"))
        + exchange(4, api, post + b"a", ok("for a"))
        + exchange(5, api, post + b"b", ok("for b"))
        + exchange(6, counted, get, ok("counted"))
        + exchange(9, jsonp, get, ok('/**/jQuery35_1700000000001({"a":1})'))
        + record("response", 8, "https://a.test/hint", ok("after hints"))
        + record(
            "request",
            8,
            "https://a.test/hint",
            get,
            "WARC-Concurrent-To: <response8>\r\nWARC-Concurrent-To: <metadata8>\r\n",
        )
        + record("request", 7, "https://a.test/silent", get)
    )
    recording = read_recording(path)

    def answer(asked: Asked) -> bytes | None:
        found = recording.find(asked)
        return None if found is None else recording.answer(found).body

    assert [answer(Asked("GET", f"{page}#part")) for _ in range(3)] == [b"one", b"two", b"two"]
    assert answer(Asked("POST", api, b"b")) == b"for b"
    assert answer(Asked("POST", api, b"a")) == b"for a"
    assert answer(Asked("GET", "https://a.test/c?t=1800000000000&k=1")) == b"counted"
    assert answer(Asked("GET", "https://a.test/c?t=1700000000000&k=2")) is None
    assert answer(Asked("GET", api)) is None
    assert answer(Asked("GET", "https://a.test/hint")) == b"after hints"
    called = "https://a.test/j?callback=jQuery35_1800000000009&sign=ffffeeeeddddcccc"
    assert recording.find(Asked("GET", called.replace("/j?", "/k?"))) is None
    found = recording.find(Asked("GET", called))
    assert found is not None
    assert recording.answer(found, called).body == b'/**/jQuery35_1800000000009({"a":1})'
    assert recording.answer(found).body == b'/**/jQuery35_1700000000001({"a":1})'
    silent = recording.find(Asked("GET", "https://a.test/silent"))
    assert silent is not None
    assert silent.length == 0


@pytest.mark.parametrize(
    ("recorded", "asked", "same"),
    [
        ("/x.png?1699999999", "/x.png?1800000000", True),
        ("/x.png?7", "/x.png?8", True),
        ("/api?0.123456", "/api?0.9", True),
        ("/api?9.3e-7", "/api?0.123456789", True),
        ("/api?k=1&_1699999999", "/api?k=1&_1800000001", True),
        ("/api?k=1&v=a-1699999999", "/api?k=1&v=a-1800000001", True),
        ("/api?1699999999=", "/api?1800000000=", True),
        ("/api?k=1&1699999999", "/api?k=2&1800000000", False),
        ("/api?page=2", "/api?page=3", False),
        ("/item/1699999999", "/item/1800000000", False),
        ("/x.png?p12", "/x.png?p13", False),
        ("/x.png?1699999999", "/y.png?1699999999", False),
        ("/x.png?1699999999", "/x.png", False),
    ],
)
def test_only_number_like_parts_of_a_query_may_differ(
    recorded: str, asked: str, *, same: bool
) -> None:
    host = "https://a.test"
    assert (without_numbers(host + recorded) == without_numbers(host + asked)) is same


def test_the_very_address_comes_before_one_with_other_numbers(tmp_path: Path) -> None:
    get, page = b"GET / HTTP/1.1\r\n\r\n", "https://a.test/x?"
    path = tmp_path / "data.warc.gz"
    path.write_bytes(
        exchange(1, page + "1", get, ok("one")) + exchange(2, page + "2", get, ok("2"))
    )
    recording = read_recording(path)
    answers = [recording.find(Asked("GET", page + query)) for query in ("2", "3", "4")]
    assert [found and found.url for found in answers] == [page + "2", page + "1", page + "2"]


def test_a_tall_or_slow_page_is_given_longer_and_never_more_than_three_minutes() -> None:
    def steps(seconds: float) -> list[dict[str, str]]:
        return [
            {"step": "text", "since_start": "3.0"},
            {"step": "screenshot", "since_start": str(3 + seconds)},
        ]

    def high(pixels: int) -> bytes:
        return bytes(20) + pixels.to_bytes(4, "big")

    assert allowance([], high(0)) == 30
    assert allowance(steps(0.5), high(2000)) == 33
    assert allowance(steps(20), high(2000)) == 110
    assert allowance(steps(1), high(60_000)) == 120
    assert allowance(steps(45), high(60_000)) == 180


def test_reasons_are_sentences_in_both_languages_and_details_stand_apart() -> None:
    made = [too_slow(42), *(make("EPIPE (x)") for make in (no_browser, not_loaded, unreadable))]
    for reason in (*made, cut_short("SIGKILL")):
        assert reason.en.endswith("the sealed records are not affected.")
        assert reason.zh.endswith("已封存的记录不受影响。")
        assert not any("a" <= letter.lower() <= "z" for letter in reason.zh)
        assert "EPIPE" not in reason.en
    assert Reason("A.", "甲。").to_json() == {"en": "A.", "zh": "甲。"}


def test_a_damaged_recording_is_a_value_error(tmp_path: Path) -> None:
    path = tmp_path / "data.warc.gz"
    path.write_bytes(record("request", 1, "x", b"GET / HTTP/1.1\r\n\r\n")[:-9])
    with pytest.raises(ValueError, match="middle of a record"):
        read_recording(path)
    path.write_bytes(b"no gzip")
    with pytest.raises(ValueError, match="damaged"):
        read_recording(path)
