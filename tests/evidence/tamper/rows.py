"""All rows of the matrix; importing this module fills the table."""

from __future__ import annotations

from tests.evidence.tamper import (
    contents,
    enclosed,
    expert,
    files,
    headers,
    logs,
    records,
    times,
    tokens,
    witnesses,
    zips,
)
from tests.evidence.tamper.table import TABLE, Tampering

MODULES = (
    files,
    zips,
    headers,
    contents,
    records,
    logs,
    witnesses,
    tokens,
    times,
    enclosed,
    expert,
)


def all_rows() -> list[Tampering]:
    """Return every row, in the order in which they are told."""
    return sorted(TABLE.values(), key=lambda row: [m.__name__ for m in MODULES].index(row.module))
