"""HTTP/2 frames (RFC 9113) of one direction: header lists decoded, data by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from hpack import Decoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FIELDS_LIMIT = 4 << 20
BLOCK_LIMIT = 8 << 20
_PARSED = (DataFrame, HeadersFrame, ContinuationFrame, RstStreamFrame, PushPromiseFrame)

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Block:
    """A header list; ``offset`` is where its first frame begins, ``end`` where its last ends."""

    fields: Fields
    offset: int
    end: int


@dataclass
class Half:
    """One stream in one direction. ``data`` are (offset, size) of what DATA frames carry."""

    blocks: list[Block] = field(default_factory=list)
    data: list[tuple[int, int]] = field(default_factory=list)
    ended: bool = False
    reset: int | None = None
    last: int = 0

    @property
    def size(self) -> int:
        """Return how many bytes of data came."""
        return sum(size for _, size in self.data)


@dataclass
class Direction:
    """All streams of one direction, and what could not be understood."""

    streams: dict[int, Half] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    goaway: bool = False


def read_frames(source: BinaryIO, size: int, *, preface: bool) -> Direction:
    """Return the streams of one direction; reading stops at the first frame that is wrong."""
    found = Direction()
    decoder = Decoder(max_header_list_size=FIELDS_LIMIT)
    decoder.max_allowed_table_size = FIELDS_LIMIT
    offset = 0
    if preface:
        if source.read(len(PREFACE)) != PREFACE:
            found.faults.append("the connection preface of HTTP/2 is missing")
            return found
        offset = len(PREFACE)
    try:
        _read(found, decoder, _frames(source, offset, size, found.faults))
    except (HyperframeError, HPACKError) as error:
        found.faults.append(f"HTTP/2: {type(error).__name__}: {error}"[:200])
    return found


def _frames(
    source: BinaryIO, offset: int, size: int, faults: list[str]
) -> Iterator[tuple[Frame, int, int, bytes]]:
    """Yield frame, offset, length and body; the bodies of frames not needed are passed over."""
    while size - offset >= 9:
        source.seek(offset)
        frame, length = Frame.parse_frame_header(memoryview(source.read(9)))
        if size - offset - 9 < length:
            _cut_frame(frame, source, size - offset - 9)
            if not isinstance(frame, DataFrame):
                faults.append(f"HTTP/2: {size - offset} bytes at the end are no whole frame")
            yield frame, offset, size - offset - 9, b""
            return
        body = source.read(length) if isinstance(frame, _PARSED) else b""
        if isinstance(frame, _PARSED):
            frame.parse_body(memoryview(body))
        yield frame, offset, length, body
        offset += 9 + length
    if size > offset:
        faults.append(f"HTTP/2: {size - offset} bytes at the end are no whole frame")


def _cut_frame(frame: Frame, source: BinaryIO, have: int) -> None:
    """Keep what came of a DATA frame whose end is missing; other frames say nothing then."""
    frame.flags.discard("END_STREAM")
    if isinstance(frame, DataFrame) and "PADDED" not in frame.flags:
        frame.data = source.read(have)


def _read(
    found: Direction, decoder: Decoder, frames: Iterator[tuple[Frame, int, int, bytes]]
) -> None:
    block, begun, opener = b"", 0, None
    for frame, offset, length, body in frames:
        half = found.streams.setdefault(frame.stream_id, Half()) if frame.stream_id else Half()
        if opener is not None and not isinstance(frame, ContinuationFrame):
            found.faults.append("HTTP/2: a header list is interrupted by another frame")
            return
        if isinstance(frame, DataFrame):
            _data(half, frame, offset)
            half.last = offset + 8 + length
        elif isinstance(frame, HeadersFrame | PushPromiseFrame) and body:
            block, begun, opener = frame.data, offset, frame
        elif isinstance(frame, ContinuationFrame) and opener is not None and body:
            block += frame.data
        elif isinstance(frame, RstStreamFrame) and body:
            half.reset = frame.error_code
            half.last = offset + 8 + length
        elif isinstance(frame, GoAwayFrame):
            found.goaway = True
        if len(block) > BLOCK_LIMIT:
            found.faults.append("HTTP/2: a header list that is too large")
            return
        if opener is not None and "END_HEADERS" in frame.flags and body:
            _headers(found, decoder, opener, block, (begun, offset + 9 + length))
            block, opener = b"", None


def _data(half: Half, frame: DataFrame, offset: int) -> None:
    if frame.data:
        padded = 1 if "PADDED" in frame.flags else 0
        half.data.append((offset + 9 + padded, len(frame.data)))
    half.ended = half.ended or "END_STREAM" in frame.flags


def _headers(
    found: Direction, decoder: Decoder, opener: Frame, block: bytes, place: tuple[int, int]
) -> None:
    fields = tuple((bytes(pair[0]), bytes(pair[1])) for pair in decoder.decode(block, raw=True))
    if isinstance(opener, PushPromiseFrame):
        found.faults.append(f"HTTP/2: a push was promised on stream {opener.stream_id}")
        return
    half = found.streams[opener.stream_id]
    half.blocks.append(Block(fields, *place))
    half.ended = half.ended or "END_STREAM" in opener.flags
    half.last = place[1] - 1
