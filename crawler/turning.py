"""The list page after a list page: by number, offset or cursor, in its address or its body."""

from __future__ import annotations

from crawler.frontier import Target, posted
from crawler.paths import body_with, normal, with_page, with_value
from crawler.recipe_parts import Paging


def turned(target: Target, paging: Paging | None, turn: str) -> list[Target]:
    """Return the page after one, of which ``turn`` is the cursor, or "+" for the next number.

    Nothing where the recipe does not page, or the body has no such place.
    """
    if paging is None:
        return []
    deeper = target.depth + 1
    value = turn if paging.cursor else None
    if target.body is not None:
        try:
            body = body_with(target.body, paging.param, value, first=paging.first, step=paging.step)
        except ValueError:
            return []
        return [Target(posted(target.url, body), "list", deeper)]
    if value is not None:
        return [Target(normal(with_value(target.url, paging.param, value)), "list", deeper)]
    url = with_page(target.url, paging.param, paging.first, paging.step)
    return [Target(normal(url), "list", deeper)]
