"""Exhibits: the list, the page of one, its screenshot drawn anew, its dossier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from desk.cases.models import Exhibit
from desk.cases.selectors import custody_of, dossier_of, exhibit_for, exhibits_for, wacz_of
from desk.cases.services import record_download, record_view
from desk.cases.states import LIVE, ExhibitState
from desk.console.access import EXHIBIT_READERS, role_required, viewer_of
from desk.console.errors import PictureRefused
from desk.console.packages import SCREENSHOT, contents, member
from desk.console.pictures import BYTE_LIMIT, redrawn
from desk.console.views.leads import private_picture
from desk.register.models import Role
from desk.register.roles import roles_of
from evidence.verify import verify_file

PER_PAGE = 25
VIEWED_KEPT = 200


@require_GET
@role_required(*EXHIBIT_READERS)
def exhibit_list(request: HttpRequest) -> HttpResponse:
    """Return the exhibits this person may see, the latest first."""
    exhibits = exhibits_for(viewer_of(request))
    page = Paginator(exhibits, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "console/exhibits.html", {"page": page})


@require_GET
@role_required(*EXHIBIT_READERS)
def exhibit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the page of one exhibit; a sealed one is verified again while you wait."""
    viewer = viewer_of(request)
    exhibit = exhibit_for(viewer, pk)
    roles = roles_of(viewer)
    context = {
        "exhibit": exhibit,
        "live": exhibit.state in LIVE,
        "sealed": exhibit.state == ExhibitState.SEALED,
        "officer": not roles.isdisjoint({Role.OFFICER, Role.AUDITOR}),
        "can_download": not roles.isdisjoint({Role.OFFICER, Role.NOTARY}),
    }
    if exhibit.state == ExhibitState.SEALED:
        _note_view(request, exhibit)
        context["contents"] = contents(wacz_of(exhibit))
        context["verdict"] = _verdict(dossier_of(exhibit))
    context["custody"] = custody_of(viewer, exhibit)
    return render(request, "console/exhibit.html", context)


def _verdict(dossier: Path) -> dict[str, Any]:
    """Return today's verdict on a dossier; without a trust policy nothing is trusted."""
    trust = Path(settings.MARKSEAL_HOME) / "trust"
    trusted = trust if (trust / "policy.toml").is_file() else None
    return verify_file(dossier, trust=trusted).to_json()


def _note_view(request: HttpRequest, exhibit: Exhibit) -> None:
    """Record the view in the chain of custody, once for each session."""
    seen = request.session.get("viewed", [])
    if exhibit.pk not in seen:
        record_view(exhibit=exhibit, actor=viewer_of(request))
        request.session["viewed"] = [*seen, exhibit.pk][-VIEWED_KEPT:]


@require_GET
@role_required(*EXHIBIT_READERS)
def exhibit_screenshot(request: HttpRequest, pk: int) -> FileResponse:
    """Return the screenshot drawn anew as PNG; 404 when there is none to show."""
    exhibit = exhibit_for(viewer_of(request), pk)
    data = member(wacz_of(exhibit), SCREENSHOT, limit=BYTE_LIMIT)
    cache = Path(settings.MARKSEAL_HOME) / "cache" / "pictures"
    try:
        return private_picture(redrawn(data, cache=cache, lossless=True))
    except PictureRefused as error:
        raise Http404 from error


@require_GET
@role_required(Role.OFFICER, Role.NOTARY)
def exhibit_dossier(request: HttpRequest, pk: int) -> FileResponse:
    """Return the dossier as a download; the chain of custody records it first."""
    viewer = viewer_of(request)
    exhibit = exhibit_for(viewer, pk)
    path = dossier_of(exhibit)
    record_download(exhibit=exhibit, actor=viewer)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=path.name,
        content_type="application/zip",
    )
