"""Two pictures of the first screen: where they differ, and what is no difference."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from evidence.browser.steps import Steps
from evidence.capture.firstscreen import compared, moved


def screen(
    *, size: tuple[int, int] = (200, 150), box: tuple[int, ...] = (), grey: int = 0
) -> bytes:
    with Image.new("RGB", size, "white") as picture:
        if box:
            picture.paste((grey, grey, grey), box)
        out = BytesIO()
        picture.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (screen(), None),
        (screen(box=(10, 20, 60, 40)), (10, 20, 60, 40)),
        (screen(box=(10, 20, 60, 40), grey=240), None),
        (screen(box=(10, 20, 12, 60)), None),
        (screen(box=(10, 20, 15, 60)), (10, 20, 15, 60)),
        (screen(size=(200, 160)), (0, 0, 200, 160)),
        (b"no picture", None),
        (None, None),
    ],
    ids=["alike", "a box", "smoothing", "a caret", "a thin box", "a size", "no picture", "none"],
)
def test_a_screen_moved_where_its_pixels_did(
    after: bytes | None, found: tuple[int, ...] | None
) -> None:
    assert moved(screen(), after) == found


@pytest.mark.parametrize(("before", "after"), [(None, screen()), (screen(), None)])
def test_a_picture_that_is_wanting_is_told(before: bytes | None, after: bytes | None) -> None:
    steps = Steps()
    assert compared(before, after, steps) is None
    assert [item["step"] for item in steps.items] == ["first screen not compared"]
