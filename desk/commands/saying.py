"""How the command line speaks and listens: its streams, its errors, Ctrl+C; loads at once."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import time
from collections.abc import Callable

PATIENCE_SECONDS = 10.0


def say(zh: str, en: str) -> None:
    """Print one error, Chinese first, to standard error."""
    print(f"错误：{zh}\nError: {en}", file=sys.stderr)


def open_streams() -> None:
    """Give every standard stream that is closed a place that swallows, and every character a form.

    What the terminal's character set lacks is shown as its escape, never as a crash.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this very one
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def close_streams() -> OSError | None:
    """Write out what is still held; return what kept it from being written.

    A reader that is gone (``| head -1``) is no fault of the command.
    """
    fault = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            fault = fault if error.errno == errno.EPIPE else error
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
    return fault


def say_fault(error: OSError) -> None:
    """Print what the system says of a file, or of the output, as one error."""
    why = error.strerror or str(error)
    if error.filename is None:
        say(f"无法写出结果（{why}）。", f"The output cannot be written ({why}).")
        return
    say(
        f"无法读写 {error.filename}（{why}）。",
        f"{error.filename} cannot be read or written ({why}).",
    )


def hear_interrupts() -> None:
    """Make Ctrl+C raise KeyboardInterrupt once; pressed again within ten seconds it does nothing.

    What the first one ends is so put in order undisturbed: an attempt is logged as failed, the
    browser ended. A process that was started deaf to it (nohup) stays deaf.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    signal.signal(signal.SIGINT, interrupting())


def interrupting() -> Callable[..., None]:
    """Return a signal handler that raises KeyboardInterrupt, and not again for ten seconds."""
    heard: list[float] = []

    def hear(*_: object) -> None:
        now = time.monotonic()
        if heard and now - heard[-1] < PATIENCE_SECONDS:
            return
        heard.append(now)
        raise KeyboardInterrupt

    return hear
