"""A log without the page is refused; a page that was got ready beforehand is in it once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.browser.failure import PageNotCaptured
from evidence.capture.joined import Joined, Row
from evidence.capture.recorder import Seen
from evidence.capture.session import _require_the_page
from tests.evidence.capture.test_pure import exchange


def test_a_log_that_lacks_a_page_the_browser_got_is_refused(tmp_path: Path) -> None:
    logged = Row(exchange(tmp_path), None, None, None)
    again = Seen("https://a/x", "GET", "Document", "f", connection=7)
    _require_the_page(Joined((logged,), (again, replace(again, url="https://b/", kind="Image"))))
    _require_the_page(Joined((logged,), (replace(again, url="https://b/", connection=0),)))
    with pytest.raises(PageNotCaptured, match="lacks the page itself"):
        _require_the_page(Joined((logged,), (again, replace(again, url="https://b/"))))
    with pytest.raises(PageNotCaptured, match="lacks the page itself"):
        _require_the_page(Joined((), (again,)))
