"""Exhibits for programs: the list, today's verdict, the dossier."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import FileResponse, HttpRequest
from ninja import Query, Router

from desk.api.access import asker, guarded
from desk.api.paging import DEFAULT, Cursor, Limit, slice_of
from desk.api.shapes import ExhibitShape, Page
from desk.cases.selectors import dossier_of, exhibit_for, exhibits_for
from desk.cases.services import record_download, record_view
from desk.cases.services.today import verdict_of
from desk.cases.states import ExhibitState
from desk.errors import BadInput, NotAllowed, NotPossible
from desk.register.models import Role, TokenScope
from desk.register.roles import roles_of

router = Router()


@router.get("/exhibits", **guarded(TokenScope.EXHIBITS_READ, Page[ExhibitShape]))
def exhibits(
    request: HttpRequest,
    state: Annotated[str, Query(max_length=20)] = "",
    cursor: Cursor = "",
    limit: Limit = DEFAULT,
) -> Page[ExhibitShape]:
    """Return the exhibits this person may see, the latest first."""
    if state and state not in ExhibitState.values:
        known = ", ".join(ExhibitState.values)
        raise BadInput(f"The state is one of {known}.", f"状态须为以下之一：{known}。")
    found = exhibits_for(asker(request), state=state)
    rows, following = slice_of(found, cursor, limit, latest_first=True)
    return Page[ExhibitShape](items=[ExhibitShape.of(row) for row in rows], next=following)


@router.get("/exhibits/{int:pk}", **guarded(TokenScope.EXHIBITS_READ, ExhibitShape))
def exhibit(request: HttpRequest, pk: int) -> ExhibitShape:
    """Return one exhibit."""
    return ExhibitShape.of(exhibit_for(asker(request), pk))


@router.get("/exhibits/{int:pk}/verdict", **guarded(TokenScope.EXHIBITS_READ, dict[str, Any], 409))
def verdict(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Verify a sealed exhibit now and return the verdict (docs/verdict.schema.json).

    The chain of custody records it as a view.
    """
    viewer = asker(request)
    found = exhibit_for(viewer, pk)
    if found.state != ExhibitState.SEALED:
        raise NotPossible("This exhibit is not sealed.", "该证据项尚未固证封装。")
    record_view(exhibit=found, actor=viewer)
    return verdict_of(found)


@router.get("/exhibits/{int:pk}/dossier", **guarded(TokenScope.EXHIBITS_DOWNLOAD, None))
def dossier(request: HttpRequest, pk: int) -> FileResponse:
    """Return the dossier (application/zip); the chain of custody records it first."""
    viewer = asker(request)
    found = exhibit_for(viewer, pk)
    if roles_of(viewer).isdisjoint({Role.OFFICER, Role.NOTARY}):
        raise NotAllowed(
            "Only officers and notaries take dossiers.",
            "只有执法人员和公证人员可以下载证据移交包。",
        )
    stored = dossier_of(found)
    record_download(exhibit=found, actor=viewer)
    return FileResponse(
        stored.open(), as_attachment=True, filename=stored.name, content_type="application/zip"
    )
