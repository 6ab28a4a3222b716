"""What can go wrong in the matcher.

MatchError
├── MarksError      a marks file cannot be used
├── SellersError    a sellers file cannot be used
├── ListingsError   a listings file cannot be read
├── IndexFileError  a kept index cannot be used
└── TableError      a table or rule file of the matcher is broken
"""

from __future__ import annotations


class MatchError(Exception):
    """Something in the matcher, told in one sentence in two languages."""

    exit_code = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh

    def __reduce__(self) -> tuple[type[MatchError], tuple[str, str]]:
        """Return what makes the same error in another process."""
        return type(self), (self.en, self.zh)


class MarksError(MatchError):
    """A marks file cannot be used; nothing of it was taken over."""


class SellersError(MatchError):
    """A sellers file cannot be used; nothing of it was taken over."""


class ListingsError(MatchError):
    """A line of a listings file is not a listing."""


class IndexFileError(MatchError):
    """A kept index cannot be read or written, or is not of this version."""


class TableError(MatchError):
    """A table or rule file of the matcher is broken."""
