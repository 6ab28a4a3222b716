"""Processes that end with their parent, whatever way the parent ends (prctl(2)).

``python -m desk.jobs.leash PARENT_PID COMMAND …`` ties itself to the parent and then
becomes the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, *, number: int = signal.SIGKILL) -> None:
    """Have this process ended when ``parent`` ends; ends at once if it is gone already.

    The signal survives exec. Without prctl (not Linux) a thread looks every second,
    which does not survive exec.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    else:
        threading.Thread(target=_look, args=(parent, number), daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def _look(parent: int, number: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), number)


def main(argv: list[str]) -> None:
    """Tie to the parent named first, then become the command that follows."""
    end_with_parent(int(argv[1]))
    os.execvp(argv[2], argv[2:])  # noqa: S606 - becoming the command is the point


if __name__ == "__main__":
    main(sys.argv)
