"""Ctrl+C in an attended capture: the first ends and seals, the second is heard as ever."""

from __future__ import annotations

import os
import signal
import time

import pytest

from desk.commands.terminal import terminal


def test_the_first_ctrl_c_is_a_line_and_the_second_interrupts() -> None:
    source, typed = os.pipe()
    found = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    before = signal.getsignal(signal.SIGINT)
    try:
        with terminal(source) as lines:
            os.write(typed, b"m one\n")
            assert os.read(lines, 100) == b"m one\n"
            os.kill(os.getpid(), signal.SIGINT)
            assert os.read(lines, 100) == b"\ne\n"
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - heard a little after it was sent
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(5)
    finally:
        os.close(typed)
        after = signal.signal(signal.SIGINT, found)
    assert after is before
