"""Captures a page: every exchange, a picture, a PDF, the document, the text, the environment."""

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.finding import find_browser
from evidence.browser.order import CaptureOrder, Limits, Viewport, check_url
from evidence.capture.session import Snapshot, capture

__all__ = [
    "CaptureOrder",
    "Limits",
    "PageNotCaptured",
    "Reason",
    "Snapshot",
    "Viewport",
    "capture",
    "check_url",
    "find_browser",
]
