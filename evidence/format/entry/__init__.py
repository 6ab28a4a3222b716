"""Log entries of markseal (``markseal-entry/2``; ``markseal-entry/1`` stays readable).

An entry is canonical JSON of at most 65,535 bytes and holds no personal data. ``prev`` is the
SHA-256 of the bytes of the entry before it, so ``sha256sum`` alone can follow the chain. The
first format knows attempts and the outcomes sealed and failed only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evidence.errors import FormatError
from evidence.format.entry.capture import (
    Attempt,
    Failed,
    Fresh,
    FreshToken,
    NothingFound,
    Outcome,
    Sealed,
    fresh_data,
)
from evidence.format.entry.fields import FORMATS, entry_hash, load, natural, version_of
from evidence.format.entry.keys import KeyChange, KeySignature, RecoveryChange, Succession
from evidence.format.entry.signed import CaseClosed, CaseContinued, Erasure, read_case

CaseEntry = Attempt | Sealed | Failed | NothingFound
Statement = CaseClosed | CaseContinued | KeyChange | RecoveryChange | Erasure | Succession
Entry = CaseEntry | Statement

_OUTCOMES = {1: (Sealed, Failed), 2: (Sealed, Failed, NothingFound)}
_STATEMENTS: dict[str, Callable[[dict[str, Any], str], Statement]] = {
    "case": read_case,
    "key": KeyChange.read,
    "erasure": Erasure.read,
    "recovery": RecoveryChange.read,
    "succession": Succession.read,
}


def parse_entry(data: bytes, noun: str = "log entry") -> Entry:
    """Read one entry strictly, or raise FormatError; nothing it says is verified."""
    value = load(data, noun)
    kind, version = value.get("kind"), version_of(value, noun)
    if kind == "attempt":
        return Attempt.read(value, version, noun)
    if kind == "outcome":
        for outcome in _OUTCOMES[version]:
            if value.get("outcome") == outcome.outcome:
                return outcome.read(value, version, noun)
    if version > 1 and isinstance(kind, str) and kind in _STATEMENTS:
        return _STATEMENTS[kind](value, noun)
    raise FormatError(f"{noun} is of an unknown kind", f"{noun} 的种类未知")


__all__ = [
    "FORMATS",
    "Attempt",
    "CaseClosed",
    "CaseContinued",
    "CaseEntry",
    "Entry",
    "Erasure",
    "Failed",
    "Fresh",
    "FreshToken",
    "KeyChange",
    "KeySignature",
    "NothingFound",
    "Outcome",
    "RecoveryChange",
    "Sealed",
    "Statement",
    "Succession",
    "entry_hash",
    "fresh_data",
    "natural",
    "parse_entry",
]
