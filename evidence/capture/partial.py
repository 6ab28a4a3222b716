"""``partial.json``: how far a capture came that failed, for the attempt's record.

It is no evidence of the page and never sealed as such.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.browser.failure import PageNotCaptured
from evidence.capture.course import Course
from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.times import format_time
from evidence.netlog import read_netlog

NAME = "partial.json"
FORMAT = "markseal-partial/1"
_READ_BELOW = 300_000_000


def write_partial(folder: Path, course: Course, failure: PageNotCaptured, spool: Path) -> None:
    """Write what is known of a failed capture; the log is repaired and read as far as it goes.

    With a login its secrets are masked, as far as the session file names them. A disk that takes
    nothing more leaves no file; the failure itself is told either way.
    """
    record: dict[str, Any] = {
        "format": FORMAT,
        "reason": failure.reason.value,
        "en": failure.en,
        "zh": failure.zh,
        "url": course.order.url,
        "started": format_time(course.started),
        "written": format_time(datetime.now(UTC)),
        "limits_hit": list(course.hit),
        "dialogs": course.dialogs_seen,
        "steps": list(course.steps.items),
        "log": _log(course, spool / "netlog.json", spool),
    }
    if course.veil is not None:
        record = course.veil.plain(record)
    if course.veil is not None:
        record = course.veil.record(record)
    with suppress(OSError):
        (folder / NAME).write_bytes(jcs.dumps(record))


def _log(course: Course, log: Path, spool: Path) -> dict[str, Any]:
    try:
        size = log.stat().st_size
    except OSError:
        return {"state": "none"}
    if size > _READ_BELOW:
        return {"state": "not read: too large", "bytes": size}
    try:
        wire = read_netlog(log, spool / "partial")
    except FormatError as error:
        return {"state": f"not readable: {error.en}", "bytes": size}
    if course.veil is not None:
        course.veil.learn(wire.exchanges)
    return {
        "state": "whole" if wire.complete else "cut off, repaired",
        "bytes": size,
        "exchanges": len(wire.exchanges),
        "answered": sum(1 for one in wire.exchanges if one.response_head),
        "connections": len(wire.connections),
    }
