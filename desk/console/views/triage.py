"""An officer's steps on a lead; each is a POST and is done by the services."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk.cases.services import request_preservation
from desk.console.access import role_required, viewer_of
from desk.console.views.exhibits import wishes_of
from desk.console.views.leads import render_lead
from desk.errors import AlreadyDecided, BadInput, NotPossible
from desk.leads.models import Lead
from desk.leads.paging import next_lead_for
from desk.leads.selectors import lead_for
from desk.leads.services import dismiss, mark_authorised, shortlist, undo
from desk.register.models import Role, User


class Decision(Protocol):
    """A decision of the services on one lead, by the revision that the officer saw."""

    def __call__(self, *, lead: Lead, actor: User, note: str, revision: int | None) -> object: ...


@require_POST
@role_required(Role.OFFICER)
def shortlist_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Shortlist a lead for verification (列入核查, no finding); stays on the lead."""
    done = _("已列入核查（不是认定）。可以继续固证，或转到下一条。")
    return _decide(request, pk, shortlist) or _stay(request, pk, done)


@require_POST
@role_required(Role.OFFICER)
def dismiss_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Dismiss a lead with a reason code; goes on to the next lead."""
    decision = partial(dismiss, reason_code=request.POST.get("reason_code", ""))
    refused = _decide(request, pk, decision, choosing=True)
    return refused or _go_on(request, pk, _("已不予列入："))


@require_POST
@role_required(Role.OFFICER)
def authorise_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the sale is authorised; goes on to the next lead."""
    refused = _decide(request, pk, mark_authorised)
    return refused or _go_on(request, pk, _("已确认为授权销售："))


@require_POST
@role_required(Role.OFFICER)
def undo_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last decision back."""
    done = _("已撤销，线索恢复为待处理。")
    return _decide(request, pk, undo) or _stay(request, pk, done)


@require_POST
@role_required(Role.OFFICER)
def preserve_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Order the preservation of the lead's page."""
    actor = viewer_of(request)
    try:
        request_preservation(lead=lead_for(actor, pk), actor=actor, wishes=wishes_of(request))
    except (AlreadyDecided, BadInput, NotPossible) as error:
        return render_lead(request, lead_for(actor, pk), problem=error)
    return _stay(request, pk, _("已提出固证，完成后本页会自动更新。"))


def _decide(
    request: HttpRequest, pk: int, decision: Decision, *, choosing: bool = False
) -> HttpResponse | None:
    """Take a decision and return None, or the lead's page with why it cannot be taken.

    ``choosing`` opens the list of reasons again when the input was at fault.
    """
    actor = viewer_of(request)
    revision = request.POST.get("revision", "")
    number = int(revision) if revision.isascii() and revision.isdigit() else None
    note = request.POST.get("note", "").strip()
    try:
        decision(lead=lead_for(actor, pk), actor=actor, note=note, revision=number)
    except (AlreadyDecided, BadInput, NotPossible) as error:
        again = choosing and isinstance(error, BadInput)
        return render_lead(request, lead_for(actor, pk), problem=error, choosing=again)
    return None


def _stay(request: HttpRequest, pk: int, done: str) -> HttpResponse:
    messages.success(request, done)
    return redirect("lead", pk=pk)


def _go_on(request: HttpRequest, pk: int, done: str) -> HttpResponse:
    """Go on to the next lead, with a link back to the one just decided."""
    actor = viewer_of(request)
    lead = lead_for(actor, pk)
    link = format_html('{}<a href="{}">{}</a>', done, reverse("lead", args=[pk]), lead.number)
    messages.success(request, link)
    following = next_lead_for(actor, after=lead)
    return redirect("leads") if following is None else redirect("lead", pk=following.pk)
