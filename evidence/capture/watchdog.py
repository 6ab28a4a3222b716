"""Ends the browser when a capture outlives its bounds; a hung page cannot hold us."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from evidence.browser.launch import Running
from evidence.capture.course import Course

LOG_FACTOR = 12
_LOG_FLOOR = 100_000_000
_EVERY = 0.5


@contextmanager
def watchdog(course: Course, running: Running) -> Iterator[None]:
    """Watch time and the size of the browser's log; kill the browser past either bound.

    The log holds each byte several times over (ciphered, plain, decoded, each in base64), so
    its bound is ``LOG_FACTOR`` times the bound on bytes, and never less than 100 MB.
    """
    course.kill = running.kill
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(course, running, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(course: Course, running: Running, over: threading.Event) -> None:
    limits = course.order.limits
    last = time.monotonic() + limits.seconds + limits.grace_seconds
    most = max(_LOG_FLOOR, LOG_FACTOR * limits.bytes)
    while not over.wait(_EVERY):
        size = 0
        with suppress(OSError):
            size = running.log.stat().st_size
        if time.monotonic() > last:
            course.end("seconds")
        elif size > most:
            course.end("bytes")
        if course.stopped:
            return
