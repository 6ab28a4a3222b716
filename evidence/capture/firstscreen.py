"""The first screen before and after the records: what moves on it unseen by any count of changes.

The browser counts changes of the document (``evidence.capture.stillness``). A rule put into a
style sheet, a canvas drawn on and a moving picture (GIF) change no node; they change pixels. Not
seen: what changes below the first screen, or changes back in between.
"""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image, ImageChops, UnidentifiedImageError
from playwright.sync_api import CDPSession, Error

from evidence.browser.steps import Steps

TOLERANCE = 24
_CARET = (4, 80)
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def first_screen(session: CDPSession) -> bytes | None:
    """Return a picture (PNG) of what the window shows now; None where there is none to be had."""
    try:
        answer = session.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
    except Error:
        return None
    return base64.b64decode(answer["data"])


def moved(before: bytes | None, after: bytes | None) -> Box | None:
    """Return the box in which two pictures of one screen differ, None where they are alike.

    Alike: a channel of a pixel differs by no more than ``TOLERANCE`` of 255; a blinking caret (a
    box of no more than 4 by 80 pixels). Pictures of different size differ throughout. What is no
    picture is not compared.
    """
    if before is None or after is None or before == after:
        return None
    try:
        with Image.open(BytesIO(before)) as one, Image.open(BytesIO(after)) as two:
            first, second = one.convert("RGB"), two.convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None
    if first.size != second.size:
        return (0, 0, *second.size)
    gone = ImageChops.difference(first, second).point(lambda v: 255 if v > TOLERANCE else 0)
    box = gone.getbbox()
    if box is None or (box[2] - box[0] <= _CARET[0] and box[3] - box[1] <= _CARET[1]):
        return None
    return box


def compared(before: bytes | None, after: bytes | None, steps: Steps) -> Box | None:
    """Return what ``moved`` does; the steps say where it is, or that a picture was wanting."""
    if before is None or after is None:
        steps.add("first screen not compared", "the browser gave no picture of it")
        return None
    box = moved(before, after)
    if box is not None:
        steps.add("first screen changed meanwhile", "from pixel {}, {} to {}, {}".format(*box))
    return box
