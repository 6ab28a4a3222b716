"""Handlers that leave traces in a file."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from desk.errors import BadInput
from desk.jobs.work import Later, Work


def _trace(work: Work, word: str) -> None:
    with Path(work.payload["trace"]).open("a") as file:
        file.write(f"{word} {os.getpid()}\n")


def slow(work: Work) -> None:
    """Trace, wait, trace."""
    _trace(work, "begun")
    work.report("half way")
    time.sleep(work.payload["seconds"])
    _trace(work, "done")


def broken(work: Work) -> None:
    """Fail with a sentence."""
    _trace(work, "begun")
    raise BadInput("It is broken.", "坏了。")


def dying(work: Work) -> None:
    """End without a word."""
    _trace(work, "begun")
    os.kill(os.getpid(), signal.SIGKILL)


def later(work: Work) -> None:
    """Wait for another day."""
    raise Later(timedelta(days=1), "Not yet.", "还不行。")
