"""Pictures of the goods, drawn: a simple shape, a colour, and the brand where a font is found.

The same row gives the same picture. Fonts are looked for where Debian's ``fonts-noto-cjk`` and a
few other systems put them; without one the picture has no text.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

SIZE = (440, 400)
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)
# Each shape is a list of (figure, box or points) on the 440 x 400 picture.
SHAPES: dict[str, list[tuple[str, tuple[int, ...]]]] = {
    "tin": [("round", (140, 90, 300, 350)), ("line", (140, 130, 300, 130))],
    "bottle": [("round", (165, 110, 275, 360)), ("box", (190, 60, 250, 110))],
    "shirt": [
        ("poly", (140, 90, 300, 90, 370, 160, 330, 200, 300, 170, 300, 350, 140, 350, 140, 170))
    ],
    "box": [("box", (120, 120, 320, 340)), ("poly", (120, 120, 160, 80, 360, 80, 320, 120))],
    "headphones": [
        ("arc", (120, 80, 320, 320)),
        ("round", (100, 190, 160, 310)),
        ("round", (280, 190, 340, 310)),
    ],
    "charger": [
        ("round", (150, 140, 290, 340)),
        ("box", (185, 90, 200, 140)),
        ("box", (240, 90, 255, 140)),
    ],
    "pen": [("poly", (110, 320, 130, 280, 310, 90, 340, 115, 160, 310))],
    "appliance": [("round", (120, 80, 320, 350)), ("circle", (170, 130, 270, 230))],
    "jar": [("round", (140, 150, 300, 340)), ("box", (150, 105, 290, 150))],
    "pump": [
        ("round", (150, 150, 290, 360)),
        ("box", (205, 90, 235, 150)),
        ("box", (150, 80, 235, 100)),
    ],
    "table": [
        ("box", (70, 150, 370, 185)),
        ("box", (90, 185, 115, 340)),
        ("box", (325, 185, 350, 340)),
    ],
    "wine": [("round", (180, 160, 260, 365)), ("box", (205, 60, 235, 160))],
    "blocks": [
        ("box", (100, 220, 210, 330)),
        ("box", (230, 220, 340, 330)),
        ("box", (165, 100, 275, 210)),
    ],
    "towel": [("round", (100, 100, 340, 330)), ("line", (100, 290, 340, 290))],
    "vase": [
        ("poly", (180, 90, 260, 90, 245, 160, 310, 270, 260, 355, 180, 355, 130, 270, 195, 160))
    ],
    "bowl": [("chord", (90, 60, 350, 340))],
    "fruit": [("circle", (120, 120, 320, 330)), ("box", (214, 80, 226, 125))],
    "bag": [("round", (120, 90, 320, 350)), ("line", (120, 120, 320, 120))],
    "fish": [("ellipse", (90, 140, 310, 290)), ("poly", (290, 215, 370, 150, 370, 280))],
    "handbag": [("round", (100, 180, 340, 350)), ("arc", (150, 80, 290, 280))],
    "shoe": [("poly", (90, 200, 200, 200, 270, 260, 370, 285, 370, 330, 90, 330))],
    "tool": [
        ("round", (100, 120, 330, 200)),
        ("box", (120, 200, 190, 350)),
        ("box", (330, 150, 385, 170)),
    ],
}


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
