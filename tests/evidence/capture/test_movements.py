"""Who sent a page elsewhere, and what is said of moments, from what is known; pure functions."""

from __future__ import annotations

import pytest

from evidence.capture.movements import mover
from evidence.capture.telling import told_of_moments, told_of_parts, told_of_width
from evidence.format.declared import CHANGED, NOT_STOPPED, SENTENCES, STYLED, TOO_LARGE, at_odds


@pytest.mark.parametrize(
    ("cause", "since_input", "by"),
    [
        ("anchorClick", 0.1, "person"),
        ("anchorClick", None, "script"),
        ("anchorClick", 3.0, "script"),
        ("formSubmissionPost", 0.2, "person"),
        ("windowOpen", 0.2, "person"),
        ("fragment", 0.2, "person"),
        ("scriptInitiated", 0.2, "script after input"),
        ("scriptInitiated", 30.0, "script"),
        ("historyApi", None, "script"),
        ("metaTagRefresh", 0.1, "site"),
        ("httpHeaderRefresh", None, "site"),
        ("", 0.1, "browser"),
        ("", None, "browser"),
    ],
)
def test_a_movement_is_of_the_person_only_with_an_input_just_before(
    cause: str, since_input: float | None, by: str
) -> None:
    assert mover(cause, since_input) == by


def test_what_is_said_of_moments_is_said_once_with_their_numbers() -> None:
    lines = list(told_of_moments({3: (CHANGED,), 1: (CHANGED, TOO_LARGE), 2: ()}))
    assert lines[0][0] == f"标记时刻 1、3：{CHANGED[0]}"
    assert lines[0][1] == f"moments 1, 3: {CHANGED[1]}"
    assert lines[1] == (f"标记时刻 1：{TOO_LARGE[0]}", f"moment 1: {TOO_LARGE[1]}")
    [many] = told_of_moments(dict.fromkeys(range(1, 31), (CHANGED,)))
    assert "20 等 30 个：" in many[0]
    assert "20 and 10 more: the page" in many[1]


def test_lines_of_records_that_differ_are_known_whatever_their_numbers() -> None:
    differing = [
        (CHANGED,),
        (NOT_STOPPED,),
        (STYLED,),
        (SENTENCES["byte_mismatch"],),
        *((line,) for line in told_of_parts(passed=12, inside=3, missed=400)),
        *((line,) for line in told_of_parts(passed=0, inside=0, missed=None)),
        tuple(told_of_width(9000, 8000)),
        tuple(told_of_moments({2: (CHANGED,)})),
        tuple(told_of_moments(dict.fromkeys(range(1, 31), (CHANGED,)))),
    ]
    assert len(differing) == 11
    assert all(at_odds((SENTENCES["attended"], *lines)) for lines in differing)
    harmless = [line for code, line in SENTENCES.items() if code != "byte_mismatch"]
    assert not at_odds(harmless)
