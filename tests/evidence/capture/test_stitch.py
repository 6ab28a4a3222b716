"""Strips put together: the whole shows exactly the strips' pixels, and damage is named."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from evidence.capture.stitch import read_header, stitch, unfiltered
from evidence.errors import FormatError


def strip(path: Path, rows: list[bytes], mode: str = "RGB", width: int = 5) -> Path:
    Image.frombytes(mode, (width, len(rows)), b"".join(rows)).save(path)
    return path


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    heights=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    mode=st.sampled_from(["RGB", "RGBA", "L"]),
    seed=st.randoms(use_true_random=False),
)
def test_the_whole_shows_exactly_the_pixels_of_its_strips(
    heights: list[int], mode: str, seed: object, tmp_path: Path
) -> None:
    size = {"RGB": 3, "RGBA": 4, "L": 1}[mode] * 5
    bytes_of: Callable[[int], bytes] = seed.randbytes  # type: ignore[attr-defined]
    kinds = [[bytes_of(size) for _ in range(height)] for height in heights]
    paths = [strip(tmp_path / f"{n}.png", rows, mode) for n, rows in enumerate(kinds)]
    header = stitch(paths, tmp_path / "whole.png")
    with Image.open(tmp_path / "whole.png") as whole:
        assert whole.size == (5, sum(heights)) == (header.width, header.height)
        assert whole.mode == mode
        assert whole.tobytes() == b"".join(row for rows in kinds for row in rows)


@pytest.mark.parametrize("kind", range(5))
def test_a_first_row_is_decoded_as_a_png_reader_does(kind: int, tmp_path: Path) -> None:
    row = bytes([kind]) + bytes(range(200, 215))
    raw = strip(tmp_path / "a.png", [bytes(15)]).read_bytes()
    place = raw.index(b"IDAT")
    data = zlib.compress(row)
    chunk = b"IDAT" + data
    head, tail = raw[: place - 4], raw[raw.index(b"IEND") - 4 :]
    crc = zlib.crc32(chunk).to_bytes(4, "big")
    (tmp_path / "b.png").write_bytes(head + len(data).to_bytes(4, "big") + chunk + crc + tail)
    with Image.open(tmp_path / "b.png") as picture:
        assert unfiltered(row, 3) == picture.tobytes()


def test_strips_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    one = strip(tmp_path / "1.png", [bytes(15)] * 2)
    wide = strip(tmp_path / "2.png", [bytes(18)] * 2, width=6)
    clear = strip(tmp_path / "3.png", [bytes(20)] * 2, mode="RGBA")
    for other in (wide, clear):
        with pytest.raises(FormatError):
            stitch([one, other], tmp_path / "whole.png")
    with pytest.raises(FormatError):
        stitch([], tmp_path / "whole.png")


@pytest.mark.parametrize("cut", [10, 40, -20, -30])
def test_a_damaged_strip_is_refused(cut: int, tmp_path: Path) -> None:
    rows = [bytes((n * 7 + k) % 256 for k in range(15)) for n in range(9)]
    one = strip(tmp_path / "1.png", rows)
    two = tmp_path / "2.png"
    two.write_bytes(one.read_bytes()[:cut])
    with pytest.raises(FormatError):
        stitch([one, two], tmp_path / "whole.png")


def test_a_palette_picture_is_no_strip(tmp_path: Path) -> None:
    Image.new("P", (3, 3)).save(tmp_path / "p.png")
    with pytest.raises(FormatError):
        read_header(tmp_path / "p.png")
