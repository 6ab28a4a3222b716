"""Which files a package may have: the required ones, optional ones, and pictures in series."""

from __future__ import annotations

import pytest

from evidence.format import names

WHOLE = tuple(names.REQUIRED)


@pytest.mark.parametrize(
    "name",
    ["evidence/strips/001.png", "evidence/moments/099.png", names.PRIVATE, names.ARCHIVE],
)
def test_known_names(name: str) -> None:
    assert names.media_type(name)


@pytest.mark.parametrize(
    "name",
    [
        "evidence/strips/000.png",
        "evidence/strips/100.png",
        "evidence/strips/1.png",
        "evidence/strips/0001.png",
        "evidence/strips/٠٠١.png",
        "evidence/strips/001.PNG",
        "evidence/strips/001.png\n",
        "evidence/other/001.png",
        "strips/001.png",
        names.MANIFEST,
        "",
    ],
)
def test_unknown_names(name: str) -> None:
    assert names.media_type(name) is None


@pytest.mark.parametrize(
    ("more", "holes"),
    [
        ((), []),
        (tuple(names.OPTIONAL), []),
        (("evidence/strips/001.png", "evidence/strips/002.png"), []),
        (
            ("evidence/strips/001.png", "evidence/strips/003.png"),
            [("evidence/strips/002.png", "evidence/strips/003.png")],
        ),
        (("evidence/strips/002.png",), [("evidence/strips/001.png", "evidence/strips/002.png")]),
        (("evidence/moments/001.png",), [(names.ATTENDED, "evidence/moments/001.png")]),
        ((names.REVIEW,), [(names.REVIEW_SIGNATURE, names.REVIEW)]),
        ((names.LICENCE_TEXT,), [(names.LICENCE_PICTURE, names.LICENCE_TEXT)]),
    ],
)
def test_holes_are_named(more: tuple[str, ...], holes: list[tuple[str, str]]) -> None:
    assert names.incomplete({*WHOLE, *more}) == holes


def test_a_required_one_that_lacks_is_named() -> None:
    assert names.incomplete(WHOLE[1:]) == [(WHOLE[0], names.MANIFEST)]


def test_the_order_is_sorted_and_closed_by_the_manifest() -> None:
    order = names.wacz_order([*WHOLE, names.strip_name(2), names.strip_name(1), names.PRIVATE])
    assert list(order[:-4]) == sorted(order[:-4])
    assert order[-4:] == names.CLOSING
