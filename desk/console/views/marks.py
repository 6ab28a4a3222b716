"""Marks: the list, registering one, and the page of one with its leads."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from desk.console.access import READERS, role_required, viewer_of
from desk.console.forms import MarkForm, ShopForm
from desk.console.views.leads import window_of
from desk.errors import BadInput
from desk.leads.paging import Wanted
from desk.leads.selectors import lead_total, mark_counts
from desk.leads.states import LeadState
from desk.register.models import Mark, Role, User
from desk.register.roles import organisation_for, roles_of
from desk.register.selectors import mark_for, marks_for
from desk.register.services import add_mark, authorise_seller

PER_PAGE = 25


@require_GET
@role_required(*READERS)
def mark_list(request: HttpRequest) -> HttpResponse:
    """Return the marks this person may see, with the numbers of their leads."""
    viewer = viewer_of(request)
    search = request.GET.get("q", "").strip()[:100]
    marks = marks_for(viewer, search=search).order_by("mark_id", "pk")
    page = Paginator(marks, PER_PAGE).get_page(request.GET.get("page"))
    counts = mark_counts(viewer, (mark.pk for mark in page.object_list))
    rows = [(mark, sum(c.values()), c.get(LeadState.NEW, 0)) for mark, c in _with(page, counts)]
    owner = Role.OWNER in roles_of(viewer)
    context = {"page": page, "rows": rows, "search": search, "owner": owner}
    return render(request, "console/marks.html", context)


def _with(
    page: Page[Mark], counts: dict[int, dict[str, int]]
) -> Iterator[tuple[Mark, dict[str, int]]]:
    for mark in page.object_list:
        yield mark, counts.get(mark.pk, {})


@require_http_methods(["GET", "POST"])
@role_required(Role.OWNER)
def mark_new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new mark, or register it."""
    actor = viewer_of(request)
    form = MarkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            mark = _register(actor, form)
        except BadInput as error:
            form.add_error(None, error.en if request.LANGUAGE_CODE == "en" else error.zh)
        else:
            messages.success(request, _("商标已登记。今后的监控会包含这件商标。"))
            return redirect("mark", pk=mark.pk)
    organisation = organisation_for(actor, Role.OWNER)
    context = {"form": form, "organisation": organisation}
    return render(request, "console/mark_new.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _register(actor: User, form: MarkForm) -> Mark:
    values = form.cleaned_data
    mark = add_mark(
        actor=actor,
        mark_id=values["mark_id"],
        name=values["name"],
        classes=values["classes"],
        kind=values["kind"],
        holder=values["holder"],
        well_known=values["well_known"],
        common_word=values["common_word"],
    )
    for shop in values["shops"]:
        authorise_seller(actor=actor, mark=mark, shop=shop)
    return mark


@require_GET
@role_required(*READERS)
def mark_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Return one mark with its authorised shops and its leads."""
    return _mark_page(request, pk, ShopForm())


@require_POST
@role_required(Role.OWNER)
def mark_seller(request: HttpRequest, pk: int) -> HttpResponse:
    """Record one more authorised shop of a mark."""
    actor = viewer_of(request)
    form = ShopForm(request.POST)
    if not form.is_valid():
        return _mark_page(request, pk, form)
    authorise_seller(actor=actor, mark=mark_for(actor, pk), shop=form.cleaned_data["shop"])
    messages.success(request, _("授权店铺已登记，从下一次监控起生效。"))
    return redirect("mark", pk=pk)


def _mark_page(request: HttpRequest, pk: int, form: ShopForm) -> HttpResponse:
    viewer = viewer_of(request)
    mark = mark_for(viewer, pk)
    context = {
        "mark": mark,
        "form": form,
        "owner": Role.OWNER in roles_of(viewer),
        "window": window_of(request, Wanted(mark=pk), size=PER_PAGE),
        "new": lead_total(viewer, state=LeadState.NEW, mark=pk),
    }
    return render(request, "console/mark.html", context, status=422 if form.errors else 200)
