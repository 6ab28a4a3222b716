"""Which answer of the server a page shows: its address and its status.

A page's script can change the address shown without asking the server, a later answer can be of
a download or of no content, and a page can send itself to where the browser shows its own error.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.sync_api import Error, Frame, Page, Response

from evidence.browser.failure import PageNotCaptured, Reason

_WITHOUT_CONTENT = (204, 205)


@dataclass(frozen=True)
class Answer:
    """An answer to the request for a page itself."""

    url: str
    status: int


@dataclass
class Answers:
    """Keeps the answers for the pages themselves; give ``hear`` every response, or ``add`` them.

    A page that another opened is answered before the browser says which page that is; such
    answers are kept apart and found by their address.
    """

    _of: dict[Page, list[Answer]] = field(default_factory=dict)
    _unplaced: list[Answer] = field(default_factory=list)

    def hear(self, response: Response) -> None:
        """Take in one response; those of frames and of parts of a page are passed over."""
        with suppress(Error):
            if not response.request.is_navigation_request():
                return
            answer, frame = Answer(response.url, response.status), _frame(response)
            if frame is None:
                self._unplaced.append(answer)
            elif frame.parent_frame is None:
                self.add(frame.page, answer)

    def add(self, page: Page, answer: Answer) -> None:
        """Take in an answer for a page itself."""
        self._of.setdefault(page, []).append(answer)

    def of(self, page: Page) -> list[Answer]:
        """Return the answers that a page had so far, in order."""
        return self._of.get(page, [])

    def shown(self, page: Page, url: str) -> Answer | None:
        """Return the answer that a page shows at an address; None when it never had one."""
        return answer_for(url, self.of(page), self._unplaced)


def _frame(response: Response) -> Frame | None:
    try:
        return response.frame
    except Error:  # its page is not there yet
        return None


def answer_for(
    url: str, answers: Sequence[Answer], unplaced: Sequence[Answer] = ()
) -> Answer | None:
    """Return the answer that an address shows: the last of that address, else with content.

    An address that none of the answers has was set by the page's script. ``unplaced`` may belong
    to another page and count only where nothing better is known.
    """
    shown = url.partition("#")[0]
    for known in (answers, unplaced):
        same = [one for one in known if one.url.partition("#")[0] == shown]
        if same:
            return same[-1]
    for known in (answers, unplaced):
        whole = [one for one in known if one.status not in _WITHOUT_CONTENT]
        if whole or known:
            return (whole or known)[-1]
    return None


def is_error_page(url: str) -> bool:
    """Return whether an address is that of the browser's own error page."""
    return url.startswith("chrome-error:")


def require_a_page(url: str) -> None:
    """Refuse the browser's own error page, to which a page can send itself after it was loaded."""
    if is_error_page(url):
        raise PageNotCaptured(
            Reason.UNREACHABLE,
            "The page sent itself to an address that shows nothing; the browser's own error page "
            "is no evidence.",
            "该网页自行跳转到无法显示的网址；浏览器自身的错误页不能作为证据。",
        )
