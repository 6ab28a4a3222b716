"""WebM (Matroska, RFC 9559, with the limits of WebM): a film of VP8 key frames, each at its time.

A lossy WebP picture (RFC 9649) holds one VP8 key frame (RFC 6386), which WebM takes as it is; so
a film needs no other program. Every frame stands on its own: any of them can be cut out and read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

from evidence.errors import FormatError

_CLUSTER_MS = 5000
_MATROSKA_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER, _CUES = (
    0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B,
)  # fmt: skip


def key_frame(webp: bytes) -> bytes:
    """Return the VP8 key frame of a lossy WebP picture; FormatError if it holds none."""
    at = 12
    while webp[:4] == b"RIFF" and webp[8:12] == b"WEBP" and at + 8 <= len(webp):
        kind, size = struct.unpack("<4sI", webp[at : at + 8])
        if kind == b"VP8 ":
            return webp[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise FormatError("The picture holds no VP8 frame.", "图片中没有 VP8 帧。")


@dataclass
class Film:
    """Writes one film to ``target``, which must be seekable; ``begun`` is the time of frame 0.

    Not whole before ``close``, but readable as far as it came.
    """

    target: BinaryIO
    width: int
    height: int
    begun: datetime
    software: str = "markseal"
    frames: int = 0
    last: int = -1
    _cluster: list[bytes] = field(default_factory=list)
    _from: int = 0
    _cues: list[tuple[int, int]] = field(default_factory=list)
    _body: int = 0
    _duration_at: int = 0

    def __post_init__(self) -> None:
        header = (
            _uint(0x4286, 1) + _uint(0x42F7, 1) + _uint(0x42F2, 4) + _uint(0x42F3, 8)
            + _element(0x4282, b"webm") + _uint(0x4287, 2) + _uint(0x4285, 2)
        )  # fmt: skip
        self.target.write(_element(_EBML, header) + _id(_SEGMENT) + _size8(None))
        self._body = self.target.tell()
        since = self.begun - _MATROSKA_EPOCH
        nanoseconds = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
        name = self.software.encode()
        info = (
            _uint(0x2AD7B1, 1_000_000)
            + _element(0x4461, struct.pack(">q", nanoseconds))
            + _element(0x4D80, name)
            + _element(0x5741, name)
            + _element(0x4489, struct.pack(">d", 0.0))
        )
        self.target.write(_element(_INFO, info))
        self._duration_at = self.target.tell() - 8
        video = _uint(0xB0, self.width) + _uint(0xBA, self.height)
        track = (
            _uint(0xD7, 1) + _uint(0x73C5, 1) + _uint(0x9C, 0) + _uint(0x83, 1)
            + _element(0x86, b"V_VP8") + _element(0xE0, video)
        )  # fmt: skip
        self.target.write(_element(_TRACKS, _element(0xAE, track)))

    @property
    def size(self) -> int:
        """Bytes so far, those of the open cluster included."""
        return self.target.tell() + sum(map(len, self._cluster))

    def add(self, frame: bytes, milliseconds: int) -> None:
        """Add a key frame at ``milliseconds`` after ``begun``; times must rise.

        Raises FormatError for a frame that is not after the last.
        """
        if milliseconds <= self.last:
            raise FormatError("The film's frames are out of order.", "录像帧的时间顺序有误。")
        if self._cluster and milliseconds - self._from >= _CLUSTER_MS:
            self._flush()
        if not self._cluster:
            self._from = milliseconds
        block = b"\x81" + struct.pack(">hB", milliseconds - self._from, 0x80) + frame
        self._cluster.append(_element(0xA3, block))
        self.last = milliseconds
        self.frames += 1

    def _flush(self) -> None:
        if self._cluster:
            self._cues.append((self._from, self.target.tell() - self._body))
            body = _uint(0xE7, self._from) + b"".join(self._cluster)
            self.target.write(_element(_CLUSTER, body))
            self._cluster = []

    def close(self, milliseconds: int) -> None:
        """Write what is open and the index; the film ends at ``milliseconds`` after ``begun``."""
        self._flush()
        points = b"".join(
            _element(0xBB, _uint(0xB3, when) + _element(0xB7, _uint(0xF7, 1) + _uint(0xF1, place)))
            for when, place in self._cues
        )
        if points:
            self.target.write(_element(_CUES, points))
        end = self.target.tell()
        self.target.seek(self._body - 8)
        self.target.write(_size8(end - self._body))
        self.target.seek(self._duration_at)
        self.target.write(struct.pack(">d", float(max(milliseconds, self.last + 1))))
        self.target.seek(end)


def _id(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _size8(size: int | None) -> bytes:
    value = (1 << 56) - 1 if size is None else size
    return (value | 1 << 56).to_bytes(8, "big")


def _element(number: int, body: bytes) -> bytes:
    return _id(number) + _size8(len(body)) + body


def _uint(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
