"""PNG (ISO 15948) and PDF (ISO 32000) bounds: the file is whole and nothing is stuck to it.

Only the frame is checked (chunks, CRCs, first and last marks), not what the picture shows.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from evidence.errors import FormatError
from evidence.format.digests import CHUNK
from evidence.verify.window import Window

PNG_SIGN = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 1 << 20
MAX_CHUNKS = 1 << 20


def check_png(window: Window) -> tuple[int, int]:
    """Return width and height of a whole PNG file, or raise FormatError."""
    if window.read(0, 8) != PNG_SIGN:
        raise FormatError("It is not a PNG file.", "不是 PNG 文件。")
    size = (0, 0)
    last, at, seen = b"", 8, set[bytes]()
    for count, (kind, start, length) in enumerate(_chunks(window)):
        if last == b"IEND":
            raise FormatError(
                "A chunk of the PNG stands after its end.", "PNG 结尾之后另有数据块。"
            )
        if count == 0:
            if kind != b"IHDR" or length != 13:
                raise FormatError("The PNG does not begin with IHDR.", "PNG 不以 IHDR 开头。")
            size = struct.unpack(">II", window.read(start, 8))
        elif kind == b"IHDR":
            raise FormatError("The PNG has IHDR twice.", "PNG 有两个 IHDR。")
        last, at = kind, start + length + 4
        seen.add(kind)
    if last != b"IEND" or at != window.size:
        raise FormatError(
            "The PNG has no end, or bytes after it.", "PNG 没有结尾，或其后另有字节。"
        )
    if b"IDAT" not in seen:
        raise FormatError("The PNG has no picture data.", "PNG 没有图像数据。")
    if not all(0 < side <= MAX_SIDE for side in size):
        raise FormatError("The PNG's size is out of bounds.", "PNG 的尺寸超出范围。")
    return size


def _chunks(window: Window) -> Iterator[tuple[bytes, int, int]]:
    at, count = 8, 0
    while at < window.size:
        head = window.read(at, 8)
        count += 1
        if len(head) < 8 or count > MAX_CHUNKS:
            raise FormatError("A PNG chunk is cut off.", "PNG 的数据块不完整。")
        length, kind = struct.unpack(">I4s", head)
        if at + 12 + length > window.size:
            raise FormatError("A PNG chunk is cut off.", "PNG 的数据块不完整。")
        crc = zlib.crc32(kind)
        for offset in range(0, length, CHUNK):
            crc = zlib.crc32(window.read(at + 8 + offset, min(CHUNK, length - offset)), crc)
        if window.read(at + 8 + length, 4) != struct.pack(">I", crc):
            raise FormatError("A PNG chunk's checksum is wrong.", "PNG 数据块的校验和不对。")
        yield kind, at + 8, length
        at += 12 + length


def check_pdf(window: Window) -> None:
    """Prove that a PDF file begins and ends as one, or raise FormatError."""
    if not window.read(0, 8).startswith(b"%PDF-"):
        raise FormatError("It is not a PDF file.", "不是 PDF 文件。")
    tail = window.read(max(0, window.size - 32), 32)
    if not tail.rstrip(b"\r\n").endswith(b"%%EOF"):
        raise FormatError(
            "The PDF has no end, or bytes after it.", "PDF 没有结尾，或其后另有字节。"
        )
