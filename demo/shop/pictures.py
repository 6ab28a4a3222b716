"""Pictures of the goods, drawn: a simple shape, a colour, and the brand where a font is found.

The same row gives the same picture. Fonts are looked for where Debian's ``fonts-noto-cjk`` and a
few other systems put them; without one the picture has no text.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

from demo.shop.shapes import SHAPES, SIZE

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | None:
    """Return a font with Chinese characters, or None if this machine has none."""
    for name in FONTS:
        if Path(name).is_file():
            return ImageFont.truetype(name, size)
    return None


def draw(spec: str, seed: str) -> Image.Image:
    """Return the picture for ``shape;#colour;text``; ``seed`` varies ground and place a little."""
    shape, colour, text = spec.split(";", 2)
    noise = hashlib.sha256(seed.encode()).digest()
    ground = tuple(236 + b % 18 for b in noise[:3])
    picture = Image.new("RGB", SIZE, ground)
    pen = ImageDraw.Draw(picture)
    dx, dy = noise[3] % 25 - 12, noise[4] % 13 - 6
    pen.ellipse((70 + dx, 335 + dy, 370 + dx, 375 + dy), fill=tuple(c - 24 for c in ground))
    fill = ImageColor.getrgb(colour)
    for figure, numbers in SHAPES[shape]:
        place = [n + (dx, dy)[i % 2] for i, n in enumerate(numbers)]
        _figure(pen, figure, place, fill)
    _label(pen, text)
    return picture


def _figure(pen: ImageDraw.ImageDraw, figure: str, place: list[int], fill: tuple[int, ...]) -> None:
    """Draw one figure in the goods' colour with a darker edge."""
    edge = tuple(max(0, c - 50) for c in fill)
    if figure == "box":
        pen.rectangle(place, fill=fill, outline=edge, width=3)
    elif figure == "round":
        pen.rounded_rectangle(place, radius=24, fill=fill, outline=edge, width=3)
    elif figure in ("circle", "ellipse"):
        pen.ellipse(place, fill=fill, outline=edge, width=3)
    elif figure == "poly":
        pen.polygon(place, fill=fill, outline=edge)
    elif figure == "arc":
        pen.arc(place, 180, 360, fill=edge, width=16)
    elif figure == "chord":
        pen.chord(place, 0, 180, fill=fill, outline=edge, width=3)
    else:
        pen.line(place, fill=edge, width=4)


def _label(pen: ImageDraw.ImageDraw, text: str) -> None:
    """Write the brand on a plate in the middle, small enough to fit."""
    for size in (52, 44, 36, 28):
        face = font(size)
        if not text or face is None:
            return
        left, top, right, bottom = pen.textbbox((SIZE[0] / 2, 235), text, font=face, anchor="mm")
        if right - left <= SIZE[0] - 60:
            break
    pen.rounded_rectangle(
        (left - 16, top - 10, right + 16, bottom + 10), radius=10, fill=(255, 255, 255)
    )
    pen.text((SIZE[0] / 2, 235), text, font=face, anchor="mm", fill=(40, 40, 40))
