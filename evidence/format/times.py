"""Times as text: RFC 3339 in UTC with exactly six decimals, ``2026-01-31T08:00:00.000000Z``."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from evidence.errors import FormatError

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z\Z", re.ASCII)


def format_time(moment: datetime) -> str:
    """Return an aware ``moment`` as text in UTC; a naive one raises FormatError."""
    if moment.tzinfo is None:
        raise FormatError("a time without a zone was given", "给出的时间没有时区")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(text: object, noun: str = "time") -> datetime:
    """Return the aware UTC time that ``text`` states, or raise FormatError."""
    if isinstance(text, str) and _SHAPE.match(text):
        try:
            return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise FormatError(
        f"{noun} is not a UTC time like 2026-01-31T08:00:00.000000Z",
        f"{noun} 不是形如 2026-01-31T08:00:00.000000Z 的世界协调时间",
    )
