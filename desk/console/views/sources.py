"""What is watched, and what each run read: sources, watches and runs in sentences."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from desk.console.access import role_required, viewer_of
from desk.errors import NotFound, NotPossible
from desk.leads.selectors import runs_for, sources_for, watches_for
from desk.leads.services import run_now
from desk.register.models import Role
from desk.register.roles import roles_of

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
    }
    return render(request, "console/sources.html", context)


@require_POST
@role_required(Role.OFFICER)
def watch_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a run of one watch now."""
    actor = viewer_of(request)
    watch = watches_for(actor).filter(pk=pk).first()
    if watch is None:
        raise NotFound
    try:
        run_now(watch=watch, now=timezone.now(), actor=actor)
    except NotPossible as error:
        messages.warning(request, error.en if request.LANGUAGE_CODE == "en" else error.zh)
    else:
        messages.success(request, _("已安排立即执行，结果会出现在下方。"))
    return redirect("sources")
