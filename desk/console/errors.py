"""What can go wrong while a page is made.

ConsoleError
└── PictureRefused    a picture that cannot be shown: not a picture, or too large
"""

from __future__ import annotations


class ConsoleError(Exception):
    """Base of the console's errors."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class PictureRefused(ConsoleError):
    """A picture that cannot be shown: not a picture, or too large."""
