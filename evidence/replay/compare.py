"""Two pictures to the regions where they differ, two texts to the lines; pure functions.

A channel of a pixel may differ by ``TOLERANCE`` of 255 (smoothing of letters); beyond that
pixels differ, and a region of fewer than ``LEAST`` of them is not reported.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageChops

from evidence.errors import FormatError

TOLERANCE = 24
LEAST = 4
BLOCK = 16
REGION_LIMIT = 200
LINE_LIMIT = 200
DIFFERENCE_LIMIT = 60
_TEXT_LINES = 4000
_PIXEL_LIMIT = 160_000_000


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels from the top left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        return self.width * self.height


@dataclass(frozen=True)
class PictureDifference:
    """Where two pictures differ; ``pixels`` of ``total`` do. ``more`` regions are not listed."""

    pixels: int
    total: int
    regions: tuple[Box, ...]
    more: int = 0

    def __bool__(self) -> bool:
        """Return whether they differ at all."""
        return bool(self.regions or self.more)

    @property
    def permille(self) -> int:
        """Return the share of differing pixels in thousandths, rounded up."""
        return -(-self.pixels * 1000 // max(1, self.total))


@dataclass(frozen=True)
class TextDifference:
    """Lines of the one text in whose place the other has its own; ``line`` counts from 1."""

    line: int
    first: tuple[str, ...]
    second: tuple[str, ...]


def compare_pictures(first: bytes, second: bytes) -> PictureDifference:
    """Return where two PNG pictures differ; a part that only one has differs throughout.

    Raises FormatError for a file that is no picture or has more than 160 million pixels.
    """
    a = _open(first)
    if first == second:
        return PictureDifference(0, a.width * a.height, ())
    b = _open(second)
    width, height = max(a.width, b.width), max(a.height, b.height)
    mask = _mask(a, b, width, height)
    regions = sorted(_regions(mask), key=lambda item: -item[1])
    listed = [box for box, _ in regions[:REGION_LIMIT]]
    return PictureDifference(
        pixels=sum(count for _, count in regions),
        total=width * height,
        regions=tuple(sorted(listed, key=lambda box: (box.y, box.x))),
        more=max(0, len(regions) - REGION_LIMIT),
    )


def _open(data: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            if image.width * image.height > _PIXEL_LIMIT:
                raise FormatError("the picture is too large to be compared", "画面过大，无法比较")
            return image.convert("RGB")
    except (OSError, Image.DecompressionBombError, SyntaxError) as error:
        raise FormatError("not a picture that can be read", "不是可读取的画面") from error


def _mask(a: Image.Image, b: Image.Image, width: int, height: int) -> Image.Image:
    """Return a picture that is 1 where the two differ, else 0."""
    shared = (0, 0, min(a.width, b.width), min(a.height, b.height))
    red, green, blue = ImageChops.difference(a.crop(shared), b.crop(shared)).split()
    largest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    mask = Image.new("L", (width, height), 1)
    mask.paste(largest.point([int(value > TOLERANCE) for value in range(256)]), shared[:2])
    return mask


def _regions(mask: Image.Image) -> list[tuple[Box, int]]:
    """Join blocks with differing pixels that touch; return boxes drawn tight, with counts."""
    left = _blocks(mask)
    found = []
    while left:
        group, edge = [], [left.pop()]
        while edge:
            x, y = edge.pop()
            group.append((x, y))
            around = {(x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= around
            edge += around
        box, count = _tight(mask, group)
        if count >= LEAST:
            found.append((box, count))
    return found


def _blocks(mask: Image.Image) -> set[tuple[int, int]]:
    bounds = mask.getbbox()
    if bounds is None:
        return set()
    found = set()
    for row in range(bounds[1] // BLOCK, -(-bounds[3] // BLOCK)):
        top = row * BLOCK
        strip = mask.crop((0, top, mask.width, min(top + BLOCK, mask.height)))
        reach = strip.getbbox()
        if reach is None:
            continue
        for column in range(reach[0] // BLOCK, -(-reach[2] // BLOCK)):
            piece = strip.crop((column * BLOCK, 0, (column + 1) * BLOCK, strip.height))
            if piece.getbbox() is not None:
                found.add((column, row))
    return found


def _tight(mask: Image.Image, blocks: Iterable[tuple[int, int]]) -> tuple[Box, int]:
    edges = []
    count = 0
    for column, row in blocks:
        x, y = column * BLOCK, row * BLOCK
        piece = mask.crop((x, y, min(x + BLOCK, mask.width), min(y + BLOCK, mask.height)))
        inner = piece.getbbox() or (0, 0, 0, 0)
        edges.append((x + inner[0], y + inner[1], x + inner[2], y + inner[3]))
        count += piece.histogram()[1]
    x, y = min(e[0] for e in edges), min(e[1] for e in edges)
    right, bottom = max(e[2] for e in edges), max(e[3] for e in edges)
    return Box(x, y, right - x, bottom - y), count


def compare_texts(first: str, second: str) -> tuple[TextDifference, ...]:
    """Return the places where two texts differ, line by line; empty when they are equal.

    At most 60 places, 8 lines of each side and 200 characters of a line are shown. Blanks at
    the ends of lines, empty lines and Unicode composition do not count.
    """
    a, b = _lines(first), _lines(second)
    if a == b:
        return ()
    if max(len(a), len(b)) > _TEXT_LINES:
        return _long(a, b)
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    found = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            found.append(TextDifference(i + 1, _shown(a[i:j]), _shown(b[k:m])))
    return tuple(found[:DIFFERENCE_LIMIT])


def _long(a: list[str], b: list[str]) -> tuple[TextDifference, ...]:
    """Say where two very long texts first part; aligning them would take too long."""
    pairs = enumerate(zip(a, b, strict=False))
    at = next((i for i, (one, two) in pairs if one != two), min(len(a), len(b)))
    return (TextDifference(at + 1, _shown(a[at : at + 8]), _shown(b[at : at + 8])),)


def _lines(text: str) -> list[str]:
    lines = unicodedata.normalize("NFC", text).splitlines()
    return [line.rstrip() for line in lines if line.strip()]


def _shown(lines: list[str]) -> tuple[str, ...]:
    return tuple(line[:LINE_LIMIT] for line in lines[:8])
