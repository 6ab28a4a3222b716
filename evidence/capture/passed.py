"""What a page showed while it was scrolled and shows no more at the end; pure functions.

Lists that keep only what is in view (virtual lists) take the rest out of the document again; the
picture and the final text cannot hold it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LINES = 4000
_HEAD = "\n\n[seen while scrolling, not on the page at the end: {} lines]\n"
_DIGITS = re.compile(r"\d+")
_TIME = re.compile(
    r"\d{1,2}\s*[:：]\s*\d{2}|\d+\s*(?:秒|分|时|小时|天|second|minute|hour|day)|\A\s*\d{1,2}\s*\Z"
)


def gone_by(passed: Sequence[str], text: str) -> tuple[str, ...]:
    """Return the lines of ``passed`` that ``text`` does not have, in their order, none twice.

    A clock or a countdown that only went on in the meantime is still there.
    """
    final = {_plain(line) for line in text.splitlines()}
    shapes = {_DIGITS.sub("0", line) for line in final}
    lines = dict.fromkeys(_plain(line) for line in passed)
    return tuple(
        line
        for line in lines
        if line
        and line not in final
        and not (_TIME.search(line) and _DIGITS.sub("0", line) in shapes)
    )[:LINES]


def section_of(lines: Sequence[str]) -> bytes:
    """Return the part of the text record that holds such lines; empty when there are none."""
    if not lines:
        return b""
    return (_HEAD.format(len(lines)) + "\n".join(lines)).encode("utf-8", "replace")


def _plain(line: str) -> str:
    return " ".join(line.split())
