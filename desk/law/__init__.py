"""Dated law: pure, read from TOML files, never a constant in code."""

from __future__ import annotations

from desk.law.errors import LawError, NotInForce, UnknownConcept
from desk.law.instruments import Citation, Code, Instrument, Status, load_code

__all__ = [
    "Citation",
    "Code",
    "Instrument",
    "LawError",
    "NotInForce",
    "Status",
    "UnknownConcept",
    "load_code",
]
