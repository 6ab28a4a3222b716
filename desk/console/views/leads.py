"""The list of leads and the page of one lead: one lead, one screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from desk.cases.models import Exhibit
from desk.cases.selectors import exhibits_for
from desk.cases.states import LIVE, ExhibitState
from desk.console.access import READERS, role_required, viewer_of
from desk.console.authority import is_trial
from desk.console.errors import PictureRefused
from desk.console.forms import LeadFilter
from desk.console.pictures import redrawn
from desk.leads.models import Lead
from desk.leads.paging import (
    Place,
    Wanted,
    Window,
    next_lead_for,
    previous_lead_for,
    window,
)
from desk.leads.selectors import (
    events_of,
    lead_for,
    marks_with_leads,
    picture_of,
    platforms_with_leads,
)
from desk.leads.sellers import linked_sellers
from desk.leads.states import LeadState, ReasonCode
from desk.register.models import Role, User
from desk.register.roles import holds, roles_of
from desk.register.selectors import marks_for, units_below

PER_PAGE = 25
PICTURE_SIDE = 640
UNDOABLE = (LeadState.DISMISSED, LeadState.AUTHORISED, LeadState.SHORTLISTED)


@require_GET
@role_required(*READERS)
def lead_list(request: HttpRequest) -> HttpResponse:
    """Return the leads this person may see, filtered, the most urgent first."""
    viewer = viewer_of(request)
    form = LeadFilter(
        request.GET or None,
        marks=marks_for(viewer).filter(pk__in=marks_with_leads(viewer)),
        platforms=platforms_with_leads(viewer),
    )
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
    mark = chosen.get("mark")
    wanted = Wanted(
        state=chosen.get("state", ""),
        mark=mark.pk if mark else None,
        platform=chosen.get("platform", ""),
        search=chosen.get("q", "").strip(),
    )
    request.session["leads_query"] = request.GET.urlencode()
    roles = roles_of(viewer)
    officer = Role.OFFICER in roles
    return render(
        request,
        "console/leads.html",
        {
            "form": form,
            "window": window_of(request, wanted, size=PER_PAGE),
            "filtered": any(chosen.values()),
            "first": next_lead_for(viewer) if officer else None,
            "officer": officer,
            "units": units_below(viewer).exists(),
            "watcher": officer or Role.AUDITOR in roles,
        },
    )


def window_of(request: HttpRequest, wanted: Wanted, *, size: int) -> Window:
    """Return the page of leads that the address asks for."""
    after, before = (Place.read(request.GET.get(name, "")) for name in ("after", "before"))
    return window(viewer_of(request), wanted, size=size, after=after, before=before)


@require_GET
@role_required(*READERS)
def lead_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the page of one lead."""
    lead = lead_for(viewer_of(request), pk)
    return render_lead(request, lead)


def render_lead(
    request: HttpRequest, lead: Lead, *, problem: Any = None, choosing: bool = False
) -> HttpResponse:
    """Return a lead's page; ``problem`` is the desk's error about the step just tried."""
    viewer = viewer_of(request)
    exhibit = exhibit_of(viewer, lead)
    following = next_lead_for(viewer, after=lead)
    previous = previous_lead_for(viewer, before=lead)
    query = request.session.get("leads_query", "")
    context = {
        "lead": lead,
        "mark": lead.mark,
        "found": lead.snapshot,
        "events": events_of(viewer, lead),
        "exhibit": exhibit,
        "has_picture": picture_of(lead) is not None,
        "linked": linked_sellers(viewer, lead.listing.seller),
        "following": following,
        "previous": previous,
        "back": reverse("leads") + (f"?{query}" if query else ""),
        "reason_codes": ReasonCode.choices,
        "problem": problem,
        "choosing": choosing,
        "note": request.POST.get("note", ""),
        "trial": is_trial(Path(settings.MARKSEAL_HOME)),
        **_steps(viewer, lead, exhibit),
    }
    return render(request, "console/lead.html", context, status=409 if problem else 200)


def _steps(viewer: User, lead: Lead, exhibit: Exhibit | None) -> dict[str, bool]:
    officer = holds(viewer, Role.OFFICER, organisation_id=lead.organisation_id)
    busy = exhibit is not None and exhibit.state != ExhibitState.FAILED
    return {
        "officer": officer,
        "can_decide": officer and lead.state == LeadState.NEW,
        "can_preserve": officer and lead.state == LeadState.SHORTLISTED and not busy,
        "can_undo": officer and lead.state in UNDOABLE and not busy,
        "live": exhibit is not None and exhibit.state in LIVE,
    }


def exhibit_of(viewer: User, lead: Lead) -> Exhibit | None:
    """Return the latest exhibit of a lead that this person may see, or None."""
    return exhibits_for(viewer).filter(lead=lead).order_by("-requested_at", "-pk").first()


@require_GET
@role_required(*READERS)
def lead_status(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the part of a lead's page that says how far its preservation is."""
    viewer = viewer_of(request)
    lead = lead_for(viewer, pk)
    exhibit = exhibit_of(viewer, lead)
    live = exhibit is not None and exhibit.state in LIVE
    context = {"lead": lead, "exhibit": exhibit, "live": live}
    return render(request, "console/parts/exhibit_status.html", context)


@require_GET
@role_required(*READERS)
def listing_picture(request: HttpRequest, pk: int) -> FileResponse:
    """Return the lead's picture, drawn anew; 404 when there is none or it is no picture."""
    lead = lead_for(viewer_of(request), pk)
    path = picture_of(lead)
    if path is None:
        raise Http404
    cache = Path(settings.MARKSEAL_HOME) / "cache" / "pictures"
    try:
        drawn = redrawn(path.read_bytes(), cache=cache, side=PICTURE_SIDE)
    except PictureRefused as error:
        raise Http404 from error
    return private_picture(drawn)


def private_picture(path: Path) -> FileResponse:
    """Return a picture of our own drawing, kept by this person's browser only."""
    response = FileResponse(
        path.open("rb"), content_type="image/png" if path.suffix == ".png" else "image/jpeg"
    )
    response["Cache-Control"] = "private, max-age=3600"
    return response
