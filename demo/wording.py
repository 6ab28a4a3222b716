"""What the demo prints: Chinese first, then English, in columns that line up."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes; Chinese takes two."""
    marks = sum(1 for c in text if unicodedata.combining(c))
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text) - marks


def pad(text: str, columns: int) -> str:
    """Return the text with blanks up to so many columns."""
    return text + " " * max(0, columns - width(text))


@dataclass
class Teller:
    """Prints results to ``out`` and progress to ``err`` (in place on a terminal)."""

    steps: int
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    _step: int = 0
    _last: str = ""

    def title(self, zh: str, en: str) -> None:
        """Print the heading of the whole run."""
        self._line(f"\n{zh}\n{en}")

    def step(self, zh: str, en: str) -> None:
        """Print the heading of the next step."""
        self._step += 1
        self._line(f"\n[{self._step}/{self.steps}] {zh} · {en}")

    def say(self, zh: str, en: str) -> None:
        """Print one statement."""
        self._line(f"      {zh}\n      {en}")

    def fact(self, zh: str, en: str, value: object) -> None:
        """Print one named value."""
        self._line(f"      {pad(f'{zh} / {en}', 44)} {value}")

    def table(self, rows: Iterable[Sequence[object]]) -> None:
        """Print rows in columns; the first row is the heading."""
        cells = [[str(cell) for cell in row] for row in rows]
        columns = [max(width(row[n]) for row in cells) for n in range(len(cells[0]))]
        for row in cells:
            line = "  ".join(pad(cell, columns[n]) for n, cell in enumerate(row))
            self._line(f"      {line.rstrip()}")

    def block(self, text: str) -> None:
        """Print the words of another program as they are, set in."""
        for line in text.rstrip().splitlines():
            self._line(f"      | {line}")

    def progress(self, text: str) -> None:
        """Show how far something is; on a terminal the line is written over."""
        if text == self._last:
            return
        self._last = text
        if self.err.isatty():
            self.err.write(f"\r\x1b[2K      … {text}")
        else:
            self.err.write(f"      … {text}\n")
        self.err.flush()

    def _line(self, text: str) -> None:
        if self._last and self.err.isatty():
            self.err.write("\r\x1b[2K")
            self.err.flush()
        self._last = ""
        self.out.write(text + "\n")
        self.out.flush()
