"""Entrusting exhibits to a notary office: one from its page, several from the list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk.cases.selectors import entrustments_of, exhibit_for
from desk.cases.services import end_entrustment, entrust, entrust_all
from desk.console.access import role_required, viewer_of
from desk.errors import NotPossible
from desk.register.models import Role
from desk.register.selectors import notary_offices


@require_POST
@role_required(Role.OFFICER)
def exhibit_entrust(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the notary office that was chosen see this exhibit."""
    exhibit, actor = exhibit_for(viewer_of(request), pk), viewer_of(request)
    office = notary_offices().filter(pk=_office(request)).first()
    if office is None:
        messages.error(request, _("请选择公证机构。"))
        return redirect("exhibit", pk=pk)
    try:
        entrust(exhibit=exhibit, office=office, actor=actor)
    except NotPossible as error:
        messages.error(request, error.en if get_language() == "en" else error.zh)
    else:
        said = _("已委托%(office)s，该机构的公证人员现在可以查看、下载和核验。")
        messages.success(request, said % {"office": office.name})
    return redirect("exhibit", pk=pk)


@require_POST
@role_required(Role.OFFICER)
def exhibits_entrust(request: HttpRequest) -> HttpResponse:
    """Let the notary office that was chosen see the exhibits that were ticked, all or none."""
    actor = viewer_of(request)
    office = notary_offices().filter(pk=_office(request)).first()
    exhibits = [exhibit_for(actor, pk) for pk in _ticked(request)]
    if office is None or not exhibits:
        messages.error(request, _("请勾选证据项并选择公证机构。"))
        return redirect("exhibits")
    try:
        fresh = entrust_all(exhibits=exhibits, office=office, actor=actor)
    except NotPossible as error:
        messages.error(request, error.en if get_language() == "en" else error.zh)
        return redirect("exhibits")
    said = _("已将 %(n)s 个证据项委托%(office)s；另有 %(m)s 个此前已委托。")
    told = {"n": fresh, "m": len(exhibits) - fresh, "office": office.name}
    messages.success(request, said % told)
    return redirect("exhibits")


@require_POST
@role_required(Role.OFFICER)
def exhibit_entrust_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a notary office no longer see this exhibit."""
    exhibit, actor = exhibit_for(viewer_of(request), pk), viewer_of(request)
    row = entrustments_of(actor, exhibit).filter(office_id=_office(request)).first()
    if row is None:
        messages.error(request, _("该委托已终止。"))
        return redirect("exhibit", pk=pk)
    try:
        end_entrustment(entrustment=row, actor=actor)
    except NotPossible as error:
        messages.error(request, error.en if get_language() == "en" else error.zh)
    else:
        messages.success(request, _("委托已终止；此前已下载的副本不受影响。"))
    return redirect("exhibit", pk=pk)


def _office(request: HttpRequest) -> int:
    """Return the number of the office in the form, 0 when there is none."""
    return _number(request.POST.get("office", ""))


def _ticked(request: HttpRequest) -> list[int]:
    """Return the numbers of the exhibits that were ticked, each once."""
    return sorted({_number(given) for given in request.POST.getlist("exhibit")})


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
