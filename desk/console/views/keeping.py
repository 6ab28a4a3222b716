"""Keeping and erasing: retention, holds, requests to erase and their approval."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from desk.cases.models import ErasureRequest, Exhibit
from desk.cases.selectors import erased, erasure_for, erasures_for, exhibit_for, exhibits_for
from desk.cases.services.erasing import (
    Ground,
    approve_erasure,
    end_erasure,
    hold_exhibit,
    release_hold,
    request_erasure,
    retry_erasure,
)
from desk.cases.states import OPEN_ERASURES, ErasureState, ExhibitState
from desk.console.access import KEEPERS, role_required, viewer_of
from desk.console.forms import ErasureForm, ReasonForm
from desk.errors import DeskError, NotAllowed, NotFound
from desk.register.models import Role, User
from desk.register.roles import roles_of
from evidence.errors import InputError
from evidence.home import EvidenceHome
from evidence.keeping.dated import SURE, Retention, grounds, retentions
from evidence.keeping.holds import all_held, held

PER_PAGE = 25


@require_GET
@role_required(*KEEPERS)
def keeping_page(request: HttpRequest) -> HttpResponse:
    """Return the open requests, the holds, what ended, and the retention timetable."""
    viewer = viewer_of(request)
    ended = erasures_for(viewer).exclude(state__in=OPEN_ERASURES)
    context = {
        "open": [_standing(row, viewer) for row in erasures_for(viewer, live=True)],
        "held": _held(viewer),
        "page": Paginator(ended, PER_PAGE).get_page(request.GET.get("page")),
        "retentions": retentions(Path(settings.MARKSEAL_HOME)),
        "bases": [one for one in grounds() if one.basis.status in SURE],
    }
    return render(request, "console/keeping.html", context)


def _held(viewer: User) -> list[dict[str, Any]]:
    """Return the holds on exhibits that this person may see."""
    holds = {one.capture_id: one for one in all_held(_home())}
    rows = exhibits_for(viewer).filter(capture_id__in=list(holds))
    return [{"exhibit": row, "hold": holds[row.capture_id]} for row in rows]


def _standing(row: ErasureRequest, viewer: User) -> dict[str, Any]:
    """Return a request with what this person may do about it."""
    officer = Role.OFFICER in roles_of(viewer)
    own = row.requested_by_id == viewer.pk
    approvals = list(row.approvals.all())
    mine = any(approval.person_id == viewer.pk for approval in approvals)
    waiting = row.state == ErasureState.REQUESTED
    return {
        "row": row,
        "basis": next((one for one in grounds() if one.basis.code == row.basis), None),
        "approvals": approvals,
        "own": own,
        "mine": mine,
        "can_approve": officer and waiting and not own and not mine,
        "can_end": officer and row.state in (ErasureState.REQUESTED, ErasureState.BLOCKED),
        "can_retry": officer and row.state == ErasureState.BLOCKED,
    }


@require_GET
@role_required(*KEEPERS)
def exhibit_keeping(request: HttpRequest, pk: int) -> HttpResponse:
    """Return what holds or ends one exhibit's content."""
    return _exhibit_page(request, exhibit_for(viewer_of(request), pk))


@require_POST
@role_required(Role.OFFICER)
def exhibit_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a hold on an exhibit."""
    exhibit, actor = exhibit_for(viewer_of(request), pk), viewer_of(request)
    form = ReasonForm(request.POST, auto_id="id_hold_%s")
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        if _done(request, form, lambda: hold_exhibit(exhibit=exhibit, actor=actor, reason=reason)):
            messages.success(request, _("已设定保全；解除之前不得删除内容。"))
            return redirect("exhibit-keeping", pk=pk)
    return _exhibit_page(request, exhibit, hold_form=form)


@require_POST
@role_required(Role.OFFICER)
def exhibit_release(request: HttpRequest, pk: int) -> HttpResponse:
    """End the hold on an exhibit."""
    exhibit, actor = exhibit_for(viewer_of(request), pk), viewer_of(request)
    form = ReasonForm(request.POST, auto_id="id_release_%s")
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        if _done(request, form, lambda: release_hold(exhibit=exhibit, actor=actor, reason=reason)):
            messages.success(request, _("已解除保全。"))
            return redirect("exhibit-keeping", pk=pk)
    return _exhibit_page(request, exhibit, release_form=form)


@require_POST
@role_required(Role.OFFICER)
def exhibit_erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for an exhibit's content to be erased."""
    exhibit, actor = exhibit_for(viewer_of(request), pk), viewer_of(request)
    form = _erasure_form(request)
    if form.is_valid():
        values = form.cleaned_data
        ground = Ground(
            values["basis"], values["reason"], values["retention_class"], form.document_sha256()
        )
        if _done(
            request, form, lambda: request_erasure(exhibit=exhibit, actor=actor, ground=ground)
        ):
            messages.success(request, _("已提出删除申请，须由本单位另外两人批准。"))
            return redirect("exhibit-keeping", pk=pk)
    return _exhibit_page(request, exhibit, erasure_form=form)


@require_POST
@role_required(Role.OFFICER)
def erasure_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a request; the second approval has the content erased."""
    actor = viewer_of(request)
    row = erasure_for(actor, pk)
    return _step(
        request,
        row,
        lambda: approve_erasure(request=row, actor=actor),
        _("已记录您的批准。两人批准后，系统随即删除内容。"),
    )


@require_POST
@role_required(Role.OFFICER)
def erasure_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a blocked request to work again."""
    actor = viewer_of(request)
    row = erasure_for(actor, pk)
    return _step(
        request, row, lambda: retry_erasure(request=row, actor=actor), _("已重新执行删除。")
    )


@require_POST
@role_required(Role.OFFICER)
def erasure_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw or refuse a request."""
    actor = viewer_of(request)
    row = erasure_for(actor, pk)
    reason = request.POST.get("reason", "")
    return _step(
        request,
        row,
        lambda: end_erasure(request=row, actor=actor, reason=reason),
        _("删除申请已终止，内容保留。"),
    )


def _step(
    request: HttpRequest, row: ErasureRequest, step: Callable[[], object], said: str
) -> HttpResponse:
    try:
        step()
    except (NotAllowed, NotFound):
        raise
    except DeskError as error:
        messages.error(request, error.en if get_language() == "en" else error.zh)
    else:
        messages.success(request, said)
    return redirect("exhibit-keeping", pk=row.exhibit_id)


def _done(request: HttpRequest, form: Form, step: Callable[[], object]) -> bool:
    """Take a step; what stands against it is said with the form. Say whether it was taken."""
    try:
        step()
    except (NotAllowed, NotFound):
        raise
    except DeskError as error:
        form.add_error(None, error.en if request.LANGUAGE_CODE == "en" else error.zh)
        return False
    return True


def _erasure_form(request: HttpRequest | None) -> ErasureForm:
    english = get_language() == "en"
    bases = [
        (one.basis.code, f"{one.en if english else one.zh}（{one.basis.title}{one.basis.article}）")
        for one in grounds()
        if one.basis.status in SURE
    ]
    classes = [
        (one.name, one.en if english else one.zh)
        for one in retentions(Path(settings.MARKSEAL_HOME))
    ]
    if request is None:
        return ErasureForm(bases=bases, classes=classes)
    return ErasureForm(request.POST, request.FILES, bases=bases, classes=classes)


def _exhibit_page(request: HttpRequest, exhibit: Exhibit, **forms: Form) -> HttpResponse:
    viewer = viewer_of(request)
    sealed = exhibit.state == ExhibitState.SEALED
    gone = sealed and erased(exhibit)
    rows = [_standing(row, viewer) for row in erasures_for(viewer).filter(exhibit=exhibit)]
    pending = next((one for one in rows if one["row"].state in OPEN_ERASURES), None)
    standing = held(_home(), exhibit.capture_id)
    context = {
        "exhibit": exhibit,
        "sealed": sealed,
        "erased": gone,
        "hold": standing,
        "officer": Role.OFFICER in roles_of(viewer),
        "pending": pending,
        "ended": [one for one in rows if one is not pending],
        "can_ask": sealed and not gone and standing is None and pending is None,
        "retentions": _until(exhibit),
        "hold_form": ReasonForm(auto_id="id_hold_%s"),
        "release_form": ReasonForm(auto_id="id_release_%s"),
        "erasure_form": forms.get("erasure_form") or _erasure_form(None),
        **forms,
    }
    wrong = any(form.errors for form in forms.values())
    return render(request, "console/exhibit_keeping.html", context, status=422 if wrong else 200)


def _until(exhibit: Exhibit) -> list[dict[str, Any]]:
    """Return each class of the timetable, with the day until which this exhibit is kept in it."""
    rows: list[dict[str, Any]] = []
    row: Retention
    for row in retentions(Path(settings.MARKSEAL_HOME)):
        day = None
        if exhibit.sealed_at is not None:
            with suppress(InputError):
                day = row.until(exhibit.sealed_at)
        rows.append({"row": row, "until": day})
    return rows


def _home() -> EvidenceHome:
    return EvidenceHome(Path(settings.MARKSEAL_HOME))
