"""An officer's steps on a lead; each is a POST and is done by the services."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk.cases.services import request_preservation
from desk.console.access import role_required, viewer_of
from desk.console.views.exhibits import wishes_of
from desk.console.views.leads import render_lead
from desk.errors import AlreadyDecided, BadInput, NotPossible
from desk.leads.models import Lead
from desk.leads.selectors import lead_for, next_lead_for
from desk.leads.services import dismiss, mark_authorised, shortlist, undo
from desk.register.models import Role, User

Step = Callable[[Lead, User], object]


@require_POST
@role_required(Role.OFFICER)
def shortlist_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Shortlist a lead for verification (列入核查, no finding); stays on the lead."""
    note, revision = _seen(request)
    return _step(
        request,
        pk,
        lambda lead, actor: shortlist(lead=lead, actor=actor, note=note, revision=revision),
        done=_("已列入核查（不是认定）。可以继续固证，或转到下一条。"),
    )


@require_POST
@role_required(Role.OFFICER)
def dismiss_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Dismiss a lead with a reason code; goes on to the next lead."""
    note, revision = _seen(request)
    code = request.POST.get("reason_code", "")
    return _step(
        request,
        pk,
        lambda lead, actor: dismiss(
            lead=lead, actor=actor, reason_code=code, note=note, revision=revision
        ),
        done=_("已不予列入："),
        onward=True,
    )


@require_POST
@role_required(Role.OFFICER)
def authorise_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the sale is authorised; goes on to the next lead."""
    note, revision = _seen(request)
    return _step(
        request,
        pk,
        lambda lead, actor: mark_authorised(lead=lead, actor=actor, note=note, revision=revision),
        done=_("已确认为授权销售："),
        onward=True,
    )


@require_POST
@role_required(Role.OFFICER)
def undo_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last decision back."""
    note, revision = _seen(request)
    return _step(
        request,
        pk,
        lambda lead, actor: undo(lead=lead, actor=actor, note=note, revision=revision),
        done=_("已撤销，线索恢复为待处理。"),
    )


@require_POST
@role_required(Role.OFFICER)
def preserve_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Order the preservation of the lead's page."""
    return _step(
        request,
        pk,
        lambda lead, actor: request_preservation(lead=lead, actor=actor, wishes=wishes_of(request)),
        done=_("已提出固证，完成后本页会自动更新。"),
    )


def _seen(request: HttpRequest) -> tuple[str, int | None]:
    """Return the note and the revision the officer saw; a revision that is none is None."""
    revision = request.POST.get("revision", "")
    number = int(revision) if revision.isascii() and revision.isdigit() else None
    return request.POST.get("note", "").strip(), number


def _step(
    request: HttpRequest, pk: int, step: Step, *, done: str, onward: bool = False
) -> HttpResponse:
    actor = viewer_of(request)
    lead = lead_for(actor, pk)
    try:
        step(lead, actor)
    except (AlreadyDecided, BadInput, NotPossible) as error:
        choosing = isinstance(error, BadInput) and request.path.endswith("/dismiss/")
        return render_lead(request, lead_for(actor, pk), problem=error, choosing=choosing)
    following = next_lead_for(actor, after=lead) if onward else None
    if not onward:
        messages.success(request, done)
        return redirect("lead", pk=pk)
    link = format_html('{}<a href="{}">{}</a>', done, f"/leads/{lead.pk}/", lead.number)
    messages.success(request, link)
    return redirect("leads") if following is None else redirect("lead", pk=following.pk)
