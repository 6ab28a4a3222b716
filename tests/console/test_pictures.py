"""Pictures of others are drawn anew or refused."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from desk.console.errors import PictureRefused
from desk.console.pictures import redrawn
from tests.console.world import picture

SCRIPT = b"<script>alert(1)</script>"


def test_nothing_but_pixels_comes_through(tmp_path: Path) -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", SCRIPT.decode())
    out = io.BytesIO()
    Image.new("RGBA", (20, 10), (255, 0, 0, 0)).save(out, "PNG", pnginfo=note)
    drawn = redrawn(out.getvalue() + SCRIPT, cache=tmp_path).read_bytes()
    assert SCRIPT not in drawn
    with Image.open(io.BytesIO(drawn)) as seen:
        assert seen.format == "JPEG"
        assert seen.getpixel((0, 0)) == (255, 255, 255), "transparency lies on white"


def test_smaller_and_kept(tmp_path: Path) -> None:
    data = picture(size=(400, 200))
    first = redrawn(data, cache=tmp_path, side=100)
    with Image.open(first) as seen:
        assert seen.size == (100, 50)
    stamp = first.stat().st_mtime_ns
    assert redrawn(data, cache=tmp_path, side=100).stat().st_mtime_ns == stamp
    assert redrawn(data, cache=tmp_path, side=50) != first
    assert redrawn(data, cache=tmp_path, lossless=True).suffix == ".png"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SCRIPT,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        picture()[:60],
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(PictureRefused):
        redrawn(data, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def _bomb(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(9000, 9000), (10_000, 10_000), (60_000, 60_000)])
def test_a_bomb_is_refused_before_it_is_opened(size: tuple[int, int], tmp_path: Path) -> None:
    with pytest.raises(PictureRefused):
        redrawn(_bomb(*size), cache=tmp_path)
