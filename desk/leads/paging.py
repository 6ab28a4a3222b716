"""The queue of leads, a page at a time: each page is read off an index from where the last ended.

Every organisation a person belongs to has its leads in order in one index; their keys are
read from there and merged, and only the rows of the page itself are fetched.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db.models import QuerySet

from desk.leads.models import Lead
from desk.leads.selectors import RELATED, lead_total, narrowed
from desk.leads.states import LeadState
from desk.register.models import User
from desk.register.roles import scope_of

SEARCH_COUNTED = 1_000
Key = tuple[float, int]


@dataclass(frozen=True)
class Wanted:
    """Which leads: of a state, a mark, a platform, with a text; empty asks for all."""

    state: str = ""
    mark: int | None = None
    platform: str = ""
    search: str = ""


@dataclass(frozen=True)
class Place:
    """A place in the queue: right at a lead of this priority and row."""

    priority: float
    pk: int

    def __str__(self) -> str:
        return f"{self.priority!r}~{self.pk}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place written as text; None when it is none."""
        priority, _, pk = text.partition("~")
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            return None
        try:
            place = cls(float(priority), int(pk))
        except ValueError:
            return None
        return place if 0 <= place.priority <= 1 else None

    @classmethod
    def of(cls, lead: Lead) -> Place:
        """Return the place of a lead."""
        return cls(lead.priority, lead.pk)


@dataclass(frozen=True)
class Window:
    """A page of leads; ``more`` tells that a search has more hits than were counted."""

    leads: list[Lead]
    total: int
    more: bool
    after: Place | None
    before: Place | None


def window(
    viewer: User,
    wanted: Wanted,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Window:
    """Return the page that follows ``after`` or precedes ``before``, else the first one.

    Its own ``after`` and ``before`` are where the next and the previous page begin, None
    where there is none. Leads that change in between may move; none is shown twice.
    """
    backwards = before is not None and after is None
    keys = _keys(viewer, wanted, before if backwards else after, size + 1, backwards=backwards)
    further, keys = len(keys) > size, keys[:size]
    if backwards:
        keys.reverse()
    first, last = (Place(*keys[0]), Place(*keys[-1])) if keys else (None, None)
    start = not backwards and after is None
    total, more = _total(viewer, wanted)
    return Window(
        leads=_rows(keys),
        total=total,
        more=more,
        after=last if further or backwards else None,
        before=None if start or (backwards and not further) else first,
    )


def first_leads(viewer: User, wanted: Wanted, *, size: int) -> list[Lead]:
    """Return the first leads of the queue."""
    return _rows(_keys(viewer, wanted, None, size))


def next_lead_for(viewer: User, *, after: Lead | None = None) -> Lead | None:
    """Return the next new lead in the queue after this one, from its start at the end, or None."""
    new = Wanted(state=LeadState.NEW)
    keys = _keys(viewer, new, Place.of(after), 1) if after is not None else []
    if not keys:
        keys = _keys(viewer, new, None, 2)
        keys = [key for key in keys if after is None or key[1] != after.pk]
    return next(iter(_rows(keys[:1])), None)


def previous_lead_for(viewer: User, *, before: Lead) -> Lead | None:
    """Return the new lead in the queue before this one, or None."""
    new = Wanted(state=LeadState.NEW)
    return next(iter(_rows(_keys(viewer, new, Place.of(before), 1, backwards=True))), None)


def _total(viewer: User, wanted: Wanted) -> tuple[int, bool]:
    if not wanted.search:
        kind = {"state": wanted.state, "mark": wanted.mark, "platform": wanted.platform}
        return lead_total(viewer, **kind), False  # type: ignore[arg-type]
    found = len(_keys(viewer, wanted, None, SEARCH_COUNTED + 1))
    return min(found, SEARCH_COUNTED), found > SEARCH_COUNTED


def _rows(keys: list[Key]) -> list[Lead]:
    rows = Lead.objects.select_related(*RELATED).in_bulk([pk for _, pk in keys])
    return [rows[pk] for _, pk in keys if pk in rows]


def _keys(
    viewer: User, wanted: Wanted, place: Place | None, limit: int, *, backwards: bool = False
) -> list[Key]:
    scope = scope_of(viewer)
    sources = [{"organisation_id": pk} for pk in sorted(scope.bureaux)]
    sources += [{"holder_id": pk} for pk in sorted(scope.brand_owners)]
    kind = {
        "state": wanted.state,
        "mark": wanted.mark,
        "platform": wanted.platform,
        "search": wanted.search,
    }
    streams = [
        _stream(
            narrowed(Lead.objects.filter(**one), **kind),  # type: ignore[arg-type]
            place,
            limit,
            backwards=backwards,
        )
        for one in sources
    ]
    sign = 1 if backwards else -1
    merged = heapq.merge(*streams, key=lambda key: (sign * key[0], -sign * key[1]))
    return list(islice(_once(merged), limit))


def _once(keys: Iterator[Key]) -> Iterator[Key]:
    last = None
    for key in keys:
        if key != last:
            yield key
        last = key


def _stream(
    leads: QuerySet[Lead], place: Place | None, limit: int, *, backwards: bool
) -> Iterator[Key]:
    """Yield the keys of one organisation in order: first the place's equals, then the others."""
    order = ("priority", "-pk") if backwards else ("-priority", "pk")
    keys = leads.order_by(*order).values_list("priority", "pk")
    if place is None:
        yield from keys[:limit]
        return
    if backwards:
        equals, others = {"pk__lt": place.pk}, {"priority__gt": place.priority}
    else:
        equals, others = {"pk__gt": place.pk}, {"priority__lt": place.priority}
    held = list(keys.filter(priority=place.priority, **equals)[:limit])
    yield from held
    if len(held) < limit:
        yield from keys.filter(**others)[: limit - len(held)]
