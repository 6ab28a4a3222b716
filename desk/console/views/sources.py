"""What is watched, and what each run read: sources, watches and runs in sentences."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crawler import CrawlError
from crawler.tip import read_tip
from desk.console.access import role_required, viewer_of
from desk.console.forms import OverrideForm, TipForm, WatchForm
from desk.errors import BadInput, NotPossible
from desk.leads.handover import TIPS
from desk.leads.selectors import runs_for, source_for, sources_for, watch_for
from desk.leads.services import (
    add_override,
    add_source,
    add_watch,
    end_alarm,
    hand_in,
    run_now,
    set_active,
    withdraw_override,
)
from desk.register.models import Role, User
from desk.register.roles import organisation_for, roles_of

PER_PAGE = 20


@require_GET
@role_required(Role.OFFICER, Role.AUDITOR)
def source_list(request: HttpRequest) -> HttpResponse:
    """Return the sources with their watches, and the runs, the latest first."""
    viewer = viewer_of(request)
    context = {
        "sources": sources_for(viewer),
        "page": Paginator(runs_for(viewer), PER_PAGE).get_page(request.GET.get("page")),
        "officer": Role.OFFICER in roles_of(viewer),
        "now": timezone.now(),
    }
    return render(request, "console/sources.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
def source_new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new source with its watch, or add both."""
    actor = viewer_of(request)
    form = WatchForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _add(actor, form)
        except BadInput as error:
            form.add_error(None, error.en if request.LANGUAGE_CODE == "en" else error.zh)
        else:
            messages.success(request, _("来源已添加，马上执行第一次读取。"))
            return redirect("sources")
    context = {"form": form, "organisation": organisation_for(actor, Role.OFFICER)}
    return render(request, "console/source_new.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _add(actor: User, form: WatchForm) -> None:
    given = form.cleaned_data
    source = add_source(
        organisation=organisation_for(actor, Role.OFFICER),
        name=given["name"],
        start_url=given["start_url"],
        actor=actor,
    )
    add_watch(
        source=source,
        now=timezone.now(),
        query=given["query"],
        every_minutes=given["every"],
        actor=actor,
    )


@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
def source_tip(request: HttpRequest) -> HttpResponse:
    """Show the form for a pasted tip, or hand it in to be compared with every mark."""
    actor = viewer_of(request)
    form = TipForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            hand_in(
                organisation=organisation_for(actor, Role.OFFICER),
                name=TIPS,
                listings=[read_tip(form.cleaned_data["text"]).listing()],
                now=timezone.now(),
                actor=actor,
            )
        except (CrawlError, NotPossible) as error:
            form.add_error(None, error.en if request.LANGUAGE_CODE == "en" else error.zh)
        else:
            messages.success(request, _("已收下，马上与全部商标比对，结果会出现在下方。"))
            return redirect("sources")
    context = {"form": form}
    return render(request, "console/source_tip.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
def source_override(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form for an override of a source, or record it."""
    actor = viewer_of(request)
    source = source_for(actor, pk)
    form = OverrideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        until = datetime.combine(given["last_day"] + timedelta(days=1), time.min)
        try:
            add_override(
                source=source,
                number=given["number"],
                basis=given["basis"],
                approved_by=given["approved_by"],
                expires_at=timezone.make_aware(until),
                now=timezone.now(),
                actor=actor,
            )
        except BadInput as error:
            form.add_error(None, error.en if request.LANGUAGE_CODE == "en" else error.zh)
        else:
            messages.success(request, _("例外批准已登记，到期前采集依此进行。"))
            return redirect("sources")
    context = {"form": form, "source": source}
    return render(
        request, "console/source_override.html", context, status=422 if form.errors else 200
    )


@require_POST
@role_required(Role.OFFICER)
def source_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw the override of a source."""
    actor = viewer_of(request)
    withdraw_override(source=source_for(actor, pk), now=timezone.now(), actor=actor)
    messages.success(request, _("例外批准已撤回。"))
    return redirect("sources")


@require_POST
@role_required(Role.OFFICER)
def source_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a source with an alarm go on, by the earlier measure or by the new one."""
    actor = viewer_of(request)
    accept = request.POST.get("accept") == "1"
    end_alarm(source=source_for(actor, pk), accept=accept, actor=actor)
    messages.success(request, _("报警已处理，来源恢复采集。"))
    return redirect("sources")


@require_POST
@role_required(Role.OFFICER)
def watch_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a watch, or let a paused one go on."""
    actor = viewer_of(request)
    watch = watch_for(actor, pk)
    active = request.POST.get("active") == "1"
    set_active(watch=watch, active=active, actor=actor)
    messages.success(request, _("监控已恢复。") if active else _("监控已暂停，到期不再执行。"))
    return redirect("sources")


@require_POST
@role_required(Role.OFFICER)
def watch_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a run of one watch now."""
    actor = viewer_of(request)
    watch = watch_for(actor, pk)
    try:
        run_now(watch=watch, now=timezone.now(), actor=actor)
    except NotPossible as error:
        messages.warning(request, error.en if request.LANGUAGE_CODE == "en" else error.zh)
    else:
        messages.success(request, _("已安排立即执行，结果会出现在下方。"))
    return redirect("sources")
