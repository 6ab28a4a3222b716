"""Which answer a page shows, and whether a capture that may hold a login holds one."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.browser.failure import PageNotCaptured
from evidence.capture.answered import Answer, answer_for, require_a_page
from evidence.capture.redaction import Redactor
from tests.evidence.capture.test_redaction import get, ok, wire

FIRST, LATER = Answer("http://h/a", 200), Answer("http://h/b?x", 404)
EMPTY = Answer("http://h/none", 204)


@pytest.mark.parametrize(
    ("url", "answers", "unplaced", "found"),
    [
        ("http://h/a#part", [FIRST, LATER], [], FIRST),
        ("http://h/b?x", [FIRST, LATER], [], LATER),
        ("http://h/made", [FIRST, LATER], [], LATER),
        ("http://h/made", [FIRST, EMPTY], [], FIRST),
        ("http://h/made", [EMPTY], [], EMPTY),
        ("http://h/b?x", [FIRST], [LATER], LATER),
        ("http://h/made", [FIRST], [LATER], FIRST),
        ("http://h/made", [], [LATER], LATER),
        ("about:blank", [], [], None),
    ],
)
def test_the_answer_shown_is_that_of_the_address_or_the_last_with_content(
    url: str, answers: list[Answer], unplaced: list[Answer], found: Answer | None
) -> None:
    assert answer_for(url, answers, unplaced) == found


def test_the_browsers_error_page_is_no_page() -> None:
    require_a_page("https://h/")
    with pytest.raises(PageNotCaptured):
        require_a_page("chrome-error://chromewebdata/")


POST = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"


@pytest.mark.parametrize(
    ("request_", "response", "needed"),
    [
        (get(), ok(b"x"), False),
        (get(b"X-Requested-With: XMLHttpRequest"), ok(b"x", b"ETag: a1b2c3d4e5f6a7b8"), False),
        (get(), ok(b"x", b"Set-Cookie: sid=; Max-Age=0"), False),
        (get(b"Cookie: a=1"), ok(b"x"), True),
        (get(), ok(b"x", b"Set-Cookie: a=1"), True),
        (get(b"Authorization: Bearer a1b2c3d4"), ok(b"x"), True),
        (get(b"X-Shop-Token: a1b2c3d4e5f6a7b8"), ok(b"x"), True),
        (POST % (6, b"pwd=12"), ok(b"x"), True),
        (POST % (6, b"q=tea1"), ok(b"x"), False),
    ],
)
def test_a_login_is_one_only_if_a_secret_was_seen(
    tmp_path: Path, request_: bytes, response: bytes, needed: bool
) -> None:
    made = Redactor(None, (), tmp_path / "masked")
    made.learn(wire(tmp_path, (request_, response)).exchanges)
    assert made.needed is needed


def test_a_password_that_was_typed_is_a_login(tmp_path: Path) -> None:
    made = Redactor(None, (), tmp_path / "masked")
    made.also([], [])
    assert not made.needed
    made.also(["word"], [])
    assert made.needed
