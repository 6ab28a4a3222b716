"""Exhibits: the list, the page of one, its screenshot drawn anew, its dossier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from desk.cases.comparison import compare
from desk.cases.models import Exhibit
from desk.cases.selectors import (
    custody_of,
    dossier_of,
    earlier_of,
    entrustments_of,
    erased,
    erasure_of,
    exhibit_for,
    exhibits_for,
    live_of,
    wacz_of,
)
from desk.cases.services import Wishes, record_download, record_view, request_again
from desk.cases.services.papers import KINDS, paper_of
from desk.cases.services.today import verdict_of
from desk.cases.states import LIVE, ExhibitState
from desk.console.access import EXHIBIT_READERS, role_required, viewer_of
from desk.console.errors import PictureRefused
from desk.console.packages import FILES, contents, member, picture_name, pieces
from desk.console.pictures import BYTE_LIMIT, redrawn
from desk.console.tellings import region_words
from desk.console.views.leads import private_picture
from desk.console.views.verify import paper_response
from desk.errors import DeskError, NotAllowed, NotFound, NotPossible
from desk.register.models import Role, User
from desk.register.roles import roles_of
from desk.register.selectors import notary_offices
from evidence.format import names
from evidence.home import EvidenceHome
from evidence.keeping.holds import held

PER_PAGE = 25
VIEWED_KEPT = 200
CHOICES = 200


@require_GET
@role_required(*EXHIBIT_READERS)
def exhibit_list(request: HttpRequest) -> HttpResponse:
    """Return the exhibits this person may see, the latest first."""
    viewer = viewer_of(request)
    page = Paginator(exhibits_for(viewer), PER_PAGE).get_page(request.GET.get("page"))
    offices = notary_offices() if Role.OFFICER in roles_of(viewer) else ()
    return render(request, "console/exhibits.html", {"page": page, "offices": offices})


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
        verdict = verdict_of(exhibit)
        context["erased"] = erased(exhibit)
        if context["erased"]:
            context["erasure"] = erasure_of(exhibit)
        else:
            context["contents"] = contents(wacz_of(exhibit))
        context["hold"] = held(EvidenceHome(Path(settings.MARKSEAL_HOME)), exhibit.capture_id)
        context["verdict"] = verdict
        context["declared"] = verdict["declared"] or exhibit.declared
        context["bad_certificate"] = exhibit.certificate == "bad"
        context["earlier"] = earlier_of(viewer, exhibit).exists()
        context |= _entrusting(viewer, exhibit, may=Role.OFFICER in roles)
        context["can_again"] = Role.OFFICER in roles and not live_of(viewer, exhibit)
    context["custody"] = custody_of(viewer, exhibit)
    return render(request, "console/exhibit.html", context)


def _entrusting(viewer: User, exhibit: Exhibit, *, may: bool) -> dict[str, Any]:
    """Return to whom the exhibit is entrusted, and to whom an officer may entrust it further."""
    rows = list(entrustments_of(viewer, exhibit))
    offices = notary_offices().exclude(pk__in=[row.office_id for row in rows])
    return {"entrustments": rows, "can_entrust": may, "offices": offices if may else ()}


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
    return _picture(request, pk, names.SCREENSHOT)


@require_GET
@role_required(*EXHIBIT_READERS)
def exhibit_picture(request: HttpRequest, pk: int, key: str) -> FileResponse:
    """Return another picture of the capture drawn anew: licence page, replay, moment, strip."""
    name = picture_name(key)
    if name is None:
        raise Http404
    return _picture(request, pk, name)


@require_GET
@role_required(*EXHIBIT_READERS)
def exhibit_comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """Return what differs between this capture and an earlier one, the latest if none is named."""
    viewer = viewer_of(request)
    exhibit = exhibit_for(viewer, pk)
    all_earlier = earlier_of(viewer, exhibit)
    earlier = _chosen(all_earlier, request.GET.get("with", ""))
    if earlier is None:
        raise Http404
    try:
        found = compare(earlier, exhibit)
    except (NotAllowed, NotFound):
        raise
    except DeskError as error:
        messages.error(request, error.en if get_language() == "en" else error.zh)
        return redirect("exhibit", pk=pk)
    context = {
        "exhibit": exhibit,
        "earlier": earlier,
        "all_earlier": all_earlier[:CHOICES],
        "pair": (earlier, exhibit),
        "comparison": found,
        "regions": [region_words(region) for region in found["picture"]["regions"]],
    }
    return render(request, "console/comparison.html", context)


def _chosen(all_earlier: QuerySet[Exhibit], wanted: str) -> Exhibit | None:
    """Return the earlier capture that was asked for, or the latest; None when it is not there."""
    if not wanted:
        return all_earlier.first()
    known = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
    return all_earlier.filter(pk=int(wanted)).first() if known else None


@require_POST
@role_required(Role.OFFICER)
def exhibit_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Order another capture of the same page; the earlier ones stay."""
    viewer = viewer_of(request)
    exhibit = exhibit_for(viewer, pk)
    try:
        fresh = request_again(lead=exhibit.lead, actor=viewer, wishes=wishes_of(request))
    except NotPossible as error:
        messages.error(request, error.en if get_language() == "en" else error.zh)
        return redirect("exhibit", pk=pk)
    messages.success(request, _("已提出再次固证，完成后本页会自动更新。"))
    return redirect("exhibit", pk=fresh.pk)


def wishes_of(request: HttpRequest) -> Wishes:
    """Return what was asked of the capture besides the page."""
    return Wishes(mobile="mobile" in request.POST, recording="recording" in request.POST)


def _picture(request: HttpRequest, pk: int, name: str) -> FileResponse:
    exhibit = exhibit_for(viewer_of(request), pk)
    data = member(wacz_of(exhibit), name, limit=BYTE_LIMIT)
    cache = Path(settings.MARKSEAL_HOME) / "cache" / "pictures"
    try:
        return private_picture(redrawn(data, cache=cache, lossless=True))
    except PictureRefused as error:
        raise Http404 from error


@require_GET
@role_required(Role.OFFICER, Role.NOTARY)
def exhibit_file(request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
    """Return the film or the archived page as a download, never as a page of ours.

    It is only a part of what is sealed; the chain of custody records the download first.
    """
    viewer = viewer_of(request)
    exhibit = exhibit_for(viewer, pk)
    name = FILES.get(key)
    if name is None:
        raise Http404
    path = wacz_of(exhibit)
    size, data = pieces(path, name)
    digest = contents(path).digest_of(name)
    record_download(exhibit=exhibit, actor=viewer, part=name, sha256=digest)
    stem, suffix = Path(exhibit.wacz).stem, Path(name).suffix
    response = StreamingHttpResponse(data, content_type="application/octet-stream")
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = content_disposition_header(True, f"{stem}{suffix}") or ""
    return response


@require_GET
@role_required(Role.OFFICER, Role.NOTARY)
def exhibit_dossier(request: HttpRequest, pk: int) -> FileResponse:
    """Return the dossier as a download; the chain of custody records it first."""
    viewer = viewer_of(request)
    exhibit = exhibit_for(viewer, pk)
    dossier = dossier_of(exhibit)
    record_download(exhibit=exhibit, actor=viewer)
    return FileResponse(
        dossier.open(),
        as_attachment=True,
        filename=dossier.name,
        content_type="application/zip",
    )


@require_GET
@role_required(Role.OFFICER, Role.NOTARY)
def exhibit_paper(request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
    """Return the report or certificate of an exhibit; the chain of custody records it first."""
    viewer = viewer_of(request)
    exhibit = exhibit_for(viewer, pk)
    if key not in KINDS:
        raise Http404
    try:
        return paper_response(paper_of(exhibit=exhibit, actor=viewer, kind=key))
    except (NotAllowed, NotFound):
        raise
    except DeskError as error:
        messages.error(request, error.en if get_language() == "en" else error.zh)
        return redirect("exhibit", pk=pk)
