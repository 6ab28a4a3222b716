"""PNG (ISO 15948): strips of one picture put together row by row, without decoding them.

Every row of a PNG is filtered against the row above it, and the first row of a file against a
row of zeros. So only the first row of each further strip is decoded and stored unfiltered; all
other bytes of the picture data are kept, and memory stays at two rows however tall the page.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evidence.errors import FormatError

SIGN = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 4: 2, 6: 4}
_CHUNK = 1 << 16
_LEVEL = 4


@dataclass(frozen=True)
class Header:
    """What IHDR says, as far as strips must agree in it; ``height`` is each strip's own."""

    width: int
    height: int
    depth: int
    colour: int

    @property
    def pixel(self) -> int:
        """Bytes of one pixel."""
        return _SAMPLES[self.colour] * self.depth // 8

    @property
    def row(self) -> int:
        """Bytes of one row, its filter byte included."""
        return 1 + self.width * self.pixel


def read_header(path: Path) -> Header:
    """Return what a PNG file's IHDR says; FormatError if it is not one that strips can be.

    Strips are truecolour or grey with 8 or 16 bits a sample and not interlaced, as browsers
    write pictures of pages.
    """
    with path.open("rb") as source:
        head = source.read(33)
    if len(head) < 33 or head[:8] != SIGN or head[12:16] != b"IHDR":
        raise _not_a_strip()
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", head[16:29])
    if colour not in _SAMPLES or depth not in (8, 16) or any(rest) or not (width and height):
        raise _not_a_strip()
    return Header(width, height, depth, colour)


def stitch(strips: Sequence[Path], target: Path) -> Header:
    """Write the strips, top first, as one PNG file; return the header of the whole.

    Raises FormatError when the strips differ in width or colour or one is damaged. The pixels
    of the whole are exactly those of the strips.
    """
    headers = [read_header(path) for path in strips]
    if not headers or len({(h.width, h.depth, h.colour) for h in headers}) != 1:
        raise FormatError("The strips do not fit together.", "各段截图的宽度或颜色格式不一致。")
    first = headers[0]
    whole = Header(first.width, sum(h.height for h in headers), first.depth, first.colour)
    with target.open("wb") as out:
        out.write(SIGN)
        fields = (whole.width, whole.height, whole.depth, whole.colour, 0, 0, 0)
        _chunk(out, b"IHDR", struct.pack(">IIBBBBB", *fields))
        packer = zlib.compressobj(_LEVEL)
        for number, (path, header) in enumerate(zip(strips, headers, strict=True)):
            for rows in _strip(path, header, plain_first=number > 0):
                _data(out, packer.compress(rows))
        _data(out, packer.flush())
        _chunk(out, b"IEND", b"")
    return whole


def _strip(path: Path, header: Header, *, plain_first: bool) -> Iterator[bytes]:
    """Yield the filtered rows of one strip in pieces; its first row unfiltered when asked."""
    left = header.row * header.height
    first = bytearray()
    for piece in _inflated(path):
        if len(piece) > left:
            raise _not_a_strip()
        left -= len(piece)
        missing = header.row - len(first) if plain_first else 0
        if missing:
            first += piece[:missing]
            if len(first) < header.row:
                continue
            yield b"\0" + unfiltered(bytes(first), header.pixel)
        yield piece[missing:]
    if left:
        raise _not_a_strip()


def unfiltered(row: bytes, pixel: int) -> bytes:
    """Return the samples of a row whose upper neighbour is zeros; ``row`` begins with its filter.

    Up is then None, and Paeth is then Sub (ISO 15948, 9.2).
    """
    kind, samples = row[0], bytearray(row[1:])
    if kind in (1, 4):
        for at in range(pixel, len(samples)):
            samples[at] = (samples[at] + samples[at - pixel]) & 255
    elif kind == 3:
        for at in range(pixel, len(samples)):
            samples[at] = (samples[at] + samples[at - pixel] // 2) & 255
    elif kind not in (0, 2):
        raise _not_a_strip()
    return bytes(samples)


def _inflated(path: Path) -> Iterator[bytes]:
    opener = zlib.decompressobj()
    try:
        for data in _idat(path):
            waiting = data
            while waiting:
                piece = opener.decompress(waiting, _CHUNK)
                waiting = opener.unconsumed_tail
                if piece:
                    yield piece
        rest = opener.flush()
    except zlib.error as error:
        raise _not_a_strip() from error
    if not opener.eof:
        raise _not_a_strip()
    if rest:
        yield rest


def _idat(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        source.seek(len(SIGN))
        while True:
            head = source.read(8)
            if len(head) < 8:
                raise _not_a_strip()
            size, kind = struct.unpack(">I4s", head)
            if kind == b"IEND":
                return
            left = size
            while left and kind == b"IDAT":
                data = source.read(min(left, _CHUNK))
                if not data:
                    raise _not_a_strip()
                left -= len(data)
                yield data
            source.seek(left + 4, 1)


def _data(out: BinaryIO, data: bytes) -> None:
    if data:
        _chunk(out, b"IDAT", data)


def _chunk(out: BinaryIO, kind: bytes, data: bytes) -> None:
    out.write(struct.pack(">I", len(data)) + kind + data)
    out.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))


def _not_a_strip() -> FormatError:
    return FormatError(
        "A strip of the page's picture is damaged or not a plain PNG.",
        "网页分段截图已损坏，或不是普通 PNG。",
    )
