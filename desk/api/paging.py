"""Long lists, a page at a time: ``next`` of a page is the ``cursor`` of the one that follows."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query

from desk.errors import BadInput

Cursor = Annotated[str, Query(max_length=60, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]
DEFAULT = 50
M = TypeVar("M", bound=Model)


def slice_of(
    rows: QuerySet[M], cursor: str, limit: int, *, latest_first: bool = False
) -> tuple[list[M], str | None]:
    """Return the rows that follow the cursor in the order in which they were made, and ``next``."""
    order, beyond = ("-pk", "pk__lt") if latest_first else ("pk", "pk__gt")
    wanted: dict[str, Any] = {}
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise wrong_cursor()
        wanted[beyond] = int(cursor)
    found = list(rows.filter(**wanted).order_by(order)[: limit + 1])
    page = found[:limit]
    return page, str(page[-1].pk) if len(found) > limit else None


def wrong_cursor() -> BadInput:
    """Return the error of a cursor that no page gave."""
    return BadInput(
        "This cursor cannot be read; begin without one.", "游标无法识别，请不带游标重新开始。"
    )
