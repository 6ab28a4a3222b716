"""What a token may read: marks, leads, sources and their runs, as the pages show them."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from desk.api.access import asker, guarded
from desk.api.paging import DEFAULT, Cursor, Limit, slice_of, wrong_cursor
from desk.api.shapes import (
    MOST,
    NO_NUL,
    EventShape,
    LeadShape,
    MarkShape,
    Page,
    Person,
    RunShape,
    SourceShape,
    WholeLead,
)
from desk.errors import BadInput
from desk.leads.models import Lead
from desk.leads.paging import Place, Wanted, window
from desk.leads.selectors import events_of, lead_for, runs_for, sources_for
from desk.leads.states import LeadState
from desk.register.models import TokenScope, User
from desk.register.roles import roles_of
from desk.register.selectors import mark_for, marks_for, organisations_of

router = Router()
Search = Annotated[str, Query(max_length=100, pattern=NO_NUL)]
Row = Annotated[int | None, Query(ge=1, le=MOST)]


@router.get("/me", **guarded(None, Person))
def me(request: HttpRequest) -> Person:
    """Return on whose behalf this token asks."""
    token, account = request.auth, asker(request)  # type: ignore[attr-defined]
    return Person(
        account=account.username,
        roles=sorted(roles_of(account)),
        organisations=[one.name for one in organisations_of(account)],
        scopes=token.scopes,
        expires_at=token.expires_at,
    )


@router.get("/marks", **guarded(TokenScope.MARKS_READ, Page[MarkShape]))
def marks(
    request: HttpRequest, search: Search = "", cursor: Cursor = "", limit: Limit = DEFAULT
) -> Page[MarkShape]:
    """Return marks in the order in which they were registered here."""
    rows, following = slice_of(marks_for(asker(request), search=search), cursor, limit)
    return Page[MarkShape](items=[MarkShape.of(row) for row in rows], next=following)


@router.get("/marks/{int:pk}", **guarded(TokenScope.MARKS_READ, MarkShape))
def mark(request: HttpRequest, pk: int) -> MarkShape:
    """Return one mark."""
    return MarkShape.of(mark_for(asker(request), pk))


@router.get("/leads", **guarded(TokenScope.LEADS_READ, Page[LeadShape]))
def leads(
    request: HttpRequest,
    state: Search = "",
    mark: Row = None,
    platform: Search = "",
    search: Search = "",
    cursor: Cursor = "",
    limit: Limit = DEFAULT,
) -> Page[LeadShape]:
    """Return leads, the most urgent first."""
    if state and state not in LeadState.values:
        known = ", ".join(LeadState.values)
        raise BadInput(f"The state is one of {known}.", f"状态须为以下之一：{known}。")
    place = Place.read(cursor) if cursor else None
    if cursor and place is None:
        raise wrong_cursor()
    wanted = Wanted(state=state, mark=mark, platform=platform, search=search)
    found = window(asker(request), wanted, size=limit, after=place)
    items = [LeadShape(**LeadShape.fields(row)) for row in found.leads]
    return Page[LeadShape](items=items, next=str(found.after) if found.after else None)


@router.get("/leads/{int:pk}", **guarded(TokenScope.LEADS_READ, WholeLead))
def lead(request: HttpRequest, pk: int) -> WholeLead:
    """Return one lead with its reasons and steps; a brand owner sees no officer's step."""
    viewer = asker(request)
    return whole(viewer, lead_for(viewer, pk))


def whole(viewer: User, row: Lead) -> WholeLead:
    """Return a lead with all that this person may see of it."""
    return WholeLead(
        **LeadShape.fields(row),
        listing=row.snapshot,
        reasons=row.reasons,
        against=row.against,
        versions=row.versions,
        events=[EventShape.of(one) for one in events_of(viewer, row)],
    )


@router.get("/sources", **guarded(TokenScope.SOURCES_READ, Page[SourceShape]))
def sources(request: HttpRequest, cursor: Cursor = "", limit: Limit = DEFAULT) -> Page[SourceShape]:
    """Return the sources of this person's bureaux with their watches."""
    rows, following = slice_of(sources_for(asker(request)), cursor, limit)
    return Page[SourceShape](items=[SourceShape.of(row) for row in rows], next=following)


@router.get("/runs", **guarded(TokenScope.SOURCES_READ, Page[RunShape]))
def runs(
    request: HttpRequest,
    watch: Row = None,
    cursor: Cursor = "",
    limit: Limit = DEFAULT,
) -> Page[RunShape]:
    """Return what was read of the watches, the latest first."""
    found = runs_for(asker(request), watch=watch)
    rows, following = slice_of(found, cursor, limit, latest_first=True)
    return Page[RunShape](items=[RunShape.of(row) for row in rows], next=following)
