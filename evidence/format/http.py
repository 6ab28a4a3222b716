"""HTTP/1 (RFC 9112): where the head of a message ends, for the writer and the verifier alike."""

from __future__ import annotations

import re

_EMPTY_LINE = re.compile(rb"\n\r?\n")


def head_size(data: bytes) -> int:
    """Return the size of the head, its empty line included; -1 while there is none.

    Lines end with LF, with or without CR before it, as browsers read them (RFC 9112 2.2).
    """
    match = _EMPTY_LINE.search(data)
    return match.end() if match else -1
