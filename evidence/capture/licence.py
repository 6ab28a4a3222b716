"""The seller's licence page (亮照): opened after the page, in the same window and the same log.

The Administration's measures have a shop show its licence on a page of its own; its picture and
text stand beside those of the listing. A licence that cannot be had never fails the capture.
"""

from __future__ import annotations

from playwright.sync_api import Error, Page

from evidence.capture.course import Course, NotRecorded
from evidence.capture.extras import Files
from evidence.capture.page import take_text
from evidence.capture.pictures import take_picture
from evidence.capture.settling import settle
from evidence.format.names import LICENCE_PICTURE, LICENCE_TEXT

_BOUND = 16_000


def take_licence(course: Course, page: Page) -> Files:
    """Return picture and text of the licence page that the order names; none when it has none.

    ``page`` goes there: take what it shows before. What the licence says is not checked.
    """
    address, steps, limits = course.order.licence, course.steps, course.order.limits
    if address is None:
        return {}
    try:
        steps.add("licence page", address)
        answer = page.goto(address, wait_until="load", timeout=limits.load_seconds * 1000)
        status = answer.status if answer is not None else 0
        settled = settle(page, limits, steps)
        course.hit.extend(settled.hit)
        text = take_text(page, steps, settled)
        picture = take_picture(page, steps, bound=_BOUND, strip=_BOUND)
    except Error as error:
        first = error.message.splitlines()[0] if error.message else "no answer"
        return _without(course, address, first)
    if not 200 <= status < 300:
        return _without(course, address, f"it answered with status {status}")
    for limit in picture.limits_hit:
        course.reached(f"licence {limit}")
    steps.add("licence page taken", f"{status} {page.url}")
    return {LICENCE_PICTURE: picture.png, LICENCE_TEXT: text}


def _without(course: Course, address: str, why: str) -> Files:
    course.steps.add("no licence page", why)
    course.extra.append(NotRecorded("licence page", address, why))
    return {}
