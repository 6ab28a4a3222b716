"""Writes of the register, one file for each subject.

Files of marks are imported by ``desk.register.services.imports``, which loads the matcher.
"""

from __future__ import annotations

from desk.register.services.accounts import (
    add_organisation,
    add_user,
    check_role,
    place_organisation,
)
from desk.register.services.marks import add_mark, authorise_seller

__all__ = [
    "add_mark",
    "add_organisation",
    "add_user",
    "authorise_seller",
    "check_role",
    "place_organisation",
]
