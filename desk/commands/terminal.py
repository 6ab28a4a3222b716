"""The person's terminal in an attended capture: their lines, and Ctrl+C, which ends and seals."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_END = b"\ne\n"


@contextmanager
def terminal(source: int) -> Iterator[int]:
    """Yield an open file with the lines of ``source``, to which the first Ctrl+C adds the end.

    Nothing that a person did for an hour is lost by a key; a second Ctrl+C is heard as it was
    before. Only for the main thread, which alone hears signals.
    """
    lines, typed = os.pipe()

    def end(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        with suppress(OSError):
            os.write(typed, _END)

    threading.Thread(target=_forward, args=(source, typed), daemon=True).start()
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, end)
    try:
        yield lines
    finally:
        signal.signal(signal.SIGINT, before)
        os.close(lines)


def _forward(source: int, typed: int) -> None:
    """Pass lines on until the input ends; its end is the end of what is passed on."""
    with suppress(OSError):
        while data := os.read(source, 4096):
            os.write(typed, data)
        os.write(typed, _END)
