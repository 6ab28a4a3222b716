"""The first page: what awaits this person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from desk.cases.notices import notices_for
from desk.cases.selectors import (
    erasures_awaiting,
    exhibits_for,
    renewal_alarm,
    verifications_for,
    witness_alarm,
)
from desk.cases.states import LIVE, ExhibitState
from desk.console.access import EVERYBODY, role_required, viewer_of
from desk.leads.paging import Wanted, first_leads
from desk.leads.selectors import lead_counts, runs_for
from desk.leads.states import LeadState
from desk.register.models import Role, User
from desk.register.roles import roles_of
from desk.register.selectors import marks_for, units_below
from matcher.mark import FIGURES

FEW = 6
ALARMS = ("renewal", "witness")


@role_required(*EVERYBODY)
def home(request: HttpRequest) -> HttpResponse:
    """Return the first page of this person's role."""
    viewer = viewer_of(request)
    roles = roles_of(viewer)
    if Role.OFFICER in roles or Role.OWNER in roles or Role.AUDITOR in roles:
        role = next(r for r in (Role.OFFICER, Role.OWNER, Role.AUDITOR) if r in roles)
        context = _leads(viewer) | _notices(viewer)
        if role != Role.OWNER:
            context |= _alarms() | {"units": units_below(viewer)}
            context["erasures"] = erasures_awaiting(viewer)
        return render(request, f"console/home_{role.value}.html", context)
    if Role.NOTARY in roles:
        return render(request, "console/home_notary.html", _exhibits(viewer) | _notices(viewer))
    context = _alarms() | _notices(viewer)
    return render(request, "console/home_administrator.html", context)


def _alarms() -> dict[str, object]:
    return {"renewal": renewal_alarm(), "witness": witness_alarm()}


def _notices(viewer: User) -> dict[str, object]:
    """Return the unread notices; the alarms of the daily work stand on the page by themselves."""
    unread = [one for one in notices_for(viewer, now=timezone.now()) if not one.read]
    shown = [one for one in unread if one.kind not in ALARMS]
    return {"unread": shown[:FEW], "unread_number": len(unread)}


def _leads(viewer: User) -> dict[str, object]:
    new = first_leads(viewer, Wanted(state=LeadState.NEW), size=FEW)
    exhibits = exhibits_for(viewer)
    return {
        "counts": lead_counts(viewer),
        "leads": new,
        "first": next(iter(new), None),
        "marks": marks_for(viewer).count(),
        "figures": marks_for(viewer).filter(kind__in=FIGURES).count(),
        "shortlisted": first_leads(viewer, Wanted(state=LeadState.SHORTLISTED), size=FEW),
        "exhibits_live": exhibits.filter(state__in=LIVE).count(),
        "exhibits_failed": exhibits.filter(state=ExhibitState.FAILED).count(),
        "exhibits_sealed": exhibits.filter(state=ExhibitState.SEALED).count(),
        "runs": runs_for(viewer)[:FEW],
    }


def _exhibits(viewer: User) -> dict[str, object]:
    return {
        "exhibits": exhibits_for(viewer)[:FEW],
        "exhibits_sealed": exhibits_for(viewer).count(),
        "verifications": verifications_for(viewer)[:FEW],
        "verified": verifications_for(viewer).count(),
    }
