"""``python -m evidence.worker``: one capture in a process of its own.

The request is read from standard input; the answer is ``result.json`` in the private folder,
beside ``progress``, which names each step as it is reached. A crash leaves no answer, and its
traceback on standard error: the caller reads from both what happened. The replay check comes
after the answer: what becomes of it does not undo a whole capture.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from evidence.browser.failure import PageNotCaptured
from evidence.browser.steps import Clock, Tell, wall_clock
from evidence.capture import capture
from evidence.errors import CaptureError, FormatError, InputError
from evidence.replay import check
from evidence.worker.codec import dumps, loads
from evidence.worker.confine import confine
from evidence.worker.request import PROGRESS, RESULT, Kind, Outcome, Request
from evidence.worker.supervisor import NO_ROOM

_DIE_WITH_PARENT = 1


def main() -> int:
    """Capture what standard input asks for; write the answer."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    request = loads(Request, sys.stdin.buffer.read())
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    isolation = confine(request)
    tell = _progress(request)
    outcome = _capture(request, isolation, tell)
    unfinished = request.inside / f"{RESULT}.tmp"
    try:
        unfinished.write_bytes(dumps(outcome))
        unfinished.rename(request.inside / RESULT)
    except OSError:
        return NO_ROOM
    if request.replay and outcome.snapshot is not None:
        check(outcome.snapshot, request.order)
        tell("replay checked")
    return 0


def _capture(request: Request, isolation: dict[str, Any], tell: Tell) -> Outcome:
    try:
        snapshot = capture(
            request.order,
            request.folder,
            software=request.software,
            clock=_clock(request.clock_shift),
            tell=tell,
            isolation=isolation,
        )
    except PageNotCaptured as failure:
        return Outcome(Kind.NOT_CAPTURED, None, failure.reason.value, failure.en, failure.zh)
    except FormatError as failure:
        return Outcome(Kind.UNSOUND, None, "", failure.en, failure.zh)
    except CaptureError as failure:
        return Outcome(Kind.CAPTURE_ERROR, None, "", failure.en, failure.zh)
    except InputError as failure:
        return Outcome(Kind.INPUT, None, "", failure.en, failure.zh)
    except OSError as error:
        words, file = error.strerror or str(error), str(error.filename or "")
        return Outcome(Kind.SYSTEM, None, "", words, words, error.errno or 0, file)
    return Outcome(Kind.CAPTURED, snapshot)


def _clock(shift: float) -> Clock:
    if not shift:
        return wall_clock

    def shifted() -> datetime:
        return wall_clock() + timedelta(seconds=shift)

    return shifted


def _progress(request: Request) -> Tell:
    handle = os.open(
        request.inside / PROGRESS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
    )

    def tell(step: str) -> None:
        with suppress(OSError):  # a courtesy to whoever reads of a failure
            os.write(handle, step.replace("\n", " ").encode("utf-8", "replace") + b"\n")

    return tell


if __name__ == "__main__":
    sys.exit(main())
