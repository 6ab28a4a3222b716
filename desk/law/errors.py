"""What can go wrong in reading and citing law.

LawError
├── LawFileWrong     a file of law breaks its format; names file, key, what is expected
├── UnknownConcept   no instrument speaks of this
└── NotInForce       instruments speak of it, but none on that day
"""

from __future__ import annotations


class LawError(Exception):
    """A failure in reading or citing law, one sentence in two languages."""

    exit_code = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class LawFileWrong(LawError):
    """A file of law breaks its format."""


class UnknownConcept(LawError):
    """No instrument speaks of this concept."""


class NotInForce(LawError):
    """Instruments speak of the concept, but none is in force on that day."""
