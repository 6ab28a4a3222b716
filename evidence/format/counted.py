"""Numbers with their noun in English."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """Return ``1 token`` or ``2 tokens``."""
    return f"{number} {one if number == 1 else many}"
