"""Why a page could not be captured: a closed list of codes, each with a sentence."""

from __future__ import annotations

from enum import StrEnum

from evidence.errors import CaptureError


class Reason(StrEnum):
    """The code that the log's outcome entry carries; the sentence stays outside the log."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NAME_NOT_FOUND = "name_not_found"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    AUTHENTICATION = "authentication"
    DOWNLOAD = "download"
    BROWSER = "browser"
    LIMIT = "limit"
    INTERRUPTED = "interrupted"
    STORAGE = "storage"
    UNSOUND = "unsound"


class PageNotCaptured(CaptureError):
    """The page could not be captured; ``reason`` is the code for the log."""

    def __init__(self, reason: Reason, en: str, zh: str) -> None:
        super().__init__(en, zh)
        self.reason = reason
