"""A person's notices, and which they have read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from desk.cases.notices import mark_read, notices_for
from desk.console.access import EVERYBODY, role_required, viewer_of


@require_GET
@role_required(*EVERYBODY)
def notice_list(request: HttpRequest) -> HttpResponse:
    """Return this person's notices of the last 30 days."""
    notices = notices_for(viewer_of(request), now=timezone.now())
    unread = sum(not one.read for one in notices)
    return render(request, "console/notices.html", {"notices": notices, "unread": unread})


@require_POST
@role_required(*EVERYBODY)
def notice_read(request: HttpRequest) -> HttpResponse:
    """Note that the named notices have been read; what came meanwhile stays unread."""
    mark_read(account=viewer_of(request), keys=request.POST.getlist("key"), now=timezone.now())
    return redirect("notices")
