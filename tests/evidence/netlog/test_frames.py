"""HTTP/2 frame by frame: what ends a stream, what is no part of one, what is never kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    ExtensionFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from evidence.netlog import Wire, read_netlog
from evidence.netlog.frames import PREFACE
from tests.evidence.netlog.build import Builder

ASK = [(":method", "GET"), (":authority", "h"), (":scheme", "https"), (":path", "/x")]
SOCKET = [*ASK[1:3], (":path", "/ws"), (":method", "CONNECT"), (":protocol", "websocket")]


def wire(folder: Path, up: list[Frame], down: list[Frame], *, whole: bool = True) -> Wire:
    build = Builder()
    source = build.connect(socks="h:443", tls=True, alpn="h2")
    build.use(source, 1)
    build.sent(source, PREFACE + b"".join(frame.serialize() for frame in up), tls=True)
    build.came(source, b"".join(frame.serialize() for frame in down), tls=True)
    build.closed(source)
    return read_netlog(build.write(folder / "log.json", whole=whole), folder / "spool")


def headers(stream: int, block: bytes, *flags: str) -> HeadersFrame:
    return HeadersFrame(stream, block, flags=["END_HEADERS", *flags])


def asked(*streams: int, fields: list[tuple[str, str]] = ASK) -> list[Frame]:
    encoder = Encoder()
    found: list[Frame] = [SettingsFrame(0)]
    found += [headers(one, encoder.encode(fields), "END_STREAM") for one in streams]
    return found


def answered(stream: int, encoder: Encoder | None = None) -> HeadersFrame:
    return headers(stream, (encoder or Encoder()).encode([(":status", "200"), ("a", "b")]))


@pytest.mark.parametrize(
    ("last", "truncated"),
    [
        (DataFrame(1, b"!", flags=["END_STREAM"]), None),
        (RstStreamFrame(1, 2), "disconnect"),
        (GoAwayFrame(0, 1, 0), "disconnect"),
    ],
)
def test_how_a_stream_ends_says_whether_it_is_whole(
    tmp_path: Path, last: Frame, truncated: str | None
) -> None:
    (found,) = wire(tmp_path, asked(1), [answered(1), DataFrame(1, b"part"), last]).exchanges
    assert found.truncated == truncated
    assert found.response.read(found.response_head).startswith(b"part")


@pytest.mark.parametrize(
    ("length", "code", "truncated"),
    [("4", 0, None), ("5", 0, "disconnect"), ("4", 2, "disconnect"), ("", 0, "disconnect")],
)
def test_an_answer_with_all_that_it_announced_is_whole_when_the_server_resets_it_in_order(
    tmp_path: Path, length: str, code: int, truncated: str | None
) -> None:
    block = Encoder().encode([(":status", "200"), ("content-length", length)])
    down = [headers(1, block), DataFrame(1, b"part"), RstStreamFrame(1, code)]
    (found,) = wire(tmp_path, asked(1), down).exchanges
    assert found.truncated == truncated


def test_a_stream_that_the_browser_gives_up_is_cut_short_by_it(tmp_path: Path) -> None:
    up = [*asked(1), RstStreamFrame(1, 8)]
    (found,) = wire(tmp_path, up, [answered(1), DataFrame(1, b"part")]).exchanges
    assert found.truncated == "unspecified"


def test_a_refused_stream_has_no_answer(tmp_path: Path) -> None:
    (found,) = wire(tmp_path, asked(1), [RstStreamFrame(1, 7)]).exchanges
    assert (found.response.size, found.status, found.truncated) == (0, 0, "disconnect")


def test_frames_of_other_kinds_are_passed_over(tmp_path: Path) -> None:
    extension = ExtensionFrame(0xAA, 1, flag_byte=0xFF, body=b"")
    down = [SettingsFrame(0), WindowUpdateFrame(0, 9), extension, answered(1),
            PriorityFrame(1, depends_on=0), DataFrame(1, b"", flags=["END_STREAM"])]  # fmt: skip
    found = wire(tmp_path, asked(1), down)
    assert [one.truncated for one in found.exchanges] == [None]
    assert found.faults == ()


def test_a_field_list_in_three_frames_is_one(tmp_path: Path) -> None:
    block = Encoder().encode([(":status", "200"), ("x-long", "v" * 900)])
    down = [HeadersFrame(1, block[:3], pad_length=9, flags=["PADDED", "END_STREAM"]),
            ContinuationFrame(1, block[3:100]),
            ContinuationFrame(1, block[100:], flags=["END_HEADERS"])]  # fmt: skip
    (found,) = wire(tmp_path, asked(1), down).exchanges
    assert found.response.read() == b"HTTP/1.1 200 \r\nx-long: " + b"v" * 900 + b"\r\n\r\n"
    assert found.truncated is None


def test_fields_interrupted_by_another_frame_are_a_fault(tmp_path: Path) -> None:
    block = Encoder().encode([(":status", "200")])
    found = wire(tmp_path, asked(1), [HeadersFrame(1, block[:1]), DataFrame(1, b"x")])
    assert any("interrupted" in fault for fault in found.faults)


def test_a_promised_push_is_a_fault_and_its_fields_are_not_lost_for_the_next(
    tmp_path: Path,
) -> None:
    encoder = Encoder()
    promise = PushPromiseFrame(1, 2, encoder.encode([*ASK, ("x-own", "kept")]))
    promise.flags.add("END_HEADERS")
    block = encoder.encode([(":status", "200"), ("x-own", "kept")])
    found = wire(tmp_path, asked(1), [promise, headers(1, block, "END_STREAM")])
    assert any("push was promised" in fault for fault in found.faults)
    assert b"x-own: kept" in found.exchanges[0].response.read()


def test_a_websocket_over_http2_is_counted_and_not_kept(tmp_path: Path) -> None:
    up = [SettingsFrame(0), headers(1, Encoder().encode(SOCKET)), DataFrame(1, b"12345")]
    (found,) = wire(tmp_path, up, [answered(1), DataFrame(1, b"123")]).exchanges
    assert (found.url, found.upgraded) == ("wss://h/ws", True)
    assert (found.beyond_up, found.beyond_down) == (5, 3)
    assert found.response.size == found.response_head
    assert found.truncated is None


def test_an_answer_that_nobody_asked_for_is_a_fault(tmp_path: Path) -> None:
    found = wire(tmp_path, asked(1), [answered(1), answered(3)])
    assert any("stream 3 has no request" in fault for fault in found.faults)


def test_interleaved_streams_keep_their_own_bytes(tmp_path: Path) -> None:
    encoder = Encoder()
    down: list[Frame] = [answered(1, encoder), answered(3, encoder)]
    for number in range(50):
        down += [DataFrame(1, b"a%d " % number), DataFrame(3, b"b%d " % number)]
    down += [DataFrame(3, b"", flags=["END_STREAM"]), DataFrame(1, b"", flags=["END_STREAM"])]
    one, three = wire(tmp_path, asked(1, 3), down).exchanges
    assert one.response.read(one.response_head) == b"".join(b"a%d " % n for n in range(50))
    assert three.response.read(three.response_head) == b"".join(b"b%d " % n for n in range(50))


def test_a_log_that_was_cut_off_says_unspecified(tmp_path: Path) -> None:
    found = wire(tmp_path, asked(1), [answered(1)], whole=False)
    assert [one.truncated for one in found.exchanges] == ["unspecified"]


@pytest.mark.parametrize("cut", [1, 4, 8, 12])
def test_bytes_at_the_end_that_are_no_frame_are_a_fault(tmp_path: Path, cut: int) -> None:
    build = Builder()
    source = build.connect(socks="h:443", tls=True, alpn="h2")
    build.sent(source, PREFACE + b"".join(frame.serialize() for frame in asked(1)), tls=True)
    build.came(source, answered(1).serialize()[:cut], tls=True)
    found = read_netlog(build.write(tmp_path / "log.json"), tmp_path / "spool")
    fault = f"connection {source}: HTTP/2: {cut} bytes at the end are no whole frame"
    assert found.faults == (fault,)
    assert found.exchanges[0].truncated == "disconnect"


def test_without_the_preface_nothing_is_guessed(tmp_path: Path) -> None:
    build = Builder()
    source = build.connect(tls=True, alpn="h2")
    build.sent(source, b"GET / HTTP/1.1\r\n\r\n" + bytes(20), tls=True)
    wire = read_netlog(build.write(tmp_path / "log.json"), tmp_path / "spool")
    assert wire.exchanges == ()
    assert any("preface" in fault for fault in wire.faults)
