"""What can go wrong at the desk; every error is one sentence in two languages.

DeskError
├── NotFound         there is no such record for this person
├── NotAllowed       this person's role does not allow the step
├── NotPossible      the record's state does not allow the step
├── AlreadyDecided   somebody else changed the record first
└── BadInput         what was handed in cannot be used
"""

from __future__ import annotations


class DeskError(Exception):
    """Base of the desk's errors."""

    exit_code = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class NotFound(DeskError):
    """There is no such record for this person."""

    def __init__(self, en: str = "There is no such record.", zh: str = "没有这条记录。") -> None:
        super().__init__(en, zh)


class NotAllowed(DeskError):
    """This person's role does not allow the step."""


class NotPossible(DeskError):
    """The record's state does not allow the step."""


class AlreadyDecided(DeskError):
    """Somebody else changed the record first."""

    def __init__(
        self,
        en: str = "Somebody else has just changed this record; read it again before deciding.",
        zh: str = "该记录刚刚被他人修改，请重新查看后再决定。",
    ) -> None:
        super().__init__(en, zh)


class BadInput(DeskError):
    """What was handed in cannot be used."""
