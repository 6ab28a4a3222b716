"""The person's words at the terminal: lines in, sentences out, both as open files of ours."""

from __future__ import annotations

import os
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass, field

_LINE_LIMIT = 2000
END = "e"

HELP = (
    "命令：m [备注] 标记当前页面（浏览器内按 Ctrl+Shift+M 亦可）；e 结束并封存；? 帮助",
    "Commands: m [note] marks the page (or Ctrl+Shift+M in the browser); e ends and seals; ? help",
)


@dataclass
class Control:
    """Reads commands in a thread, without ever holding the browser; ``None`` when there are none.

    ``lines`` and ``words`` are file descriptors; they are not closed here.
    """

    lines: int | None
    words: int | None
    _commands: queue.Queue[str] = field(default_factory=queue.Queue)

    def start(self) -> None:
        """Begin to listen."""
        if self.lines is not None:
            threading.Thread(target=self._listen, args=(self.lines,), daemon=True).start()

    def _listen(self, handle: int) -> None:
        held = b""
        while True:
            try:
                more = os.read(handle, 4096)
            except OSError:
                more = b""
            if not more:
                break
            *whole, held = (held + more).split(b"\n")
            held = held[-_LINE_LIMIT:]
            for line in whole:
                self._commands.put(line[:_LINE_LIMIT].decode("utf-8", "replace").strip())
        self._commands.put(END)

    def next(self) -> str | None:
        """Return the next command, None when there is none now; the end of input is ``e``."""
        try:
            return self._commands.get_nowait()
        except queue.Empty:
            return None

    def say(self, zh: str, en: str) -> None:
        """Tell the person, Chinese first; a terminal that is gone is no reason to stop."""
        if self.words is not None:
            with suppress(OSError):
                os.write(self.words, f"{zh}\n{en}\n".encode())
