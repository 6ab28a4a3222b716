"""Verification of what somebody hands in: the form, the verdict, the history."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from desk.cases.selectors import verification_for, verifications_for
from desk.cases.services import verify_upload
from desk.console.access import role_required, viewer_of
from desk.console.forms import VerifyForm
from desk.console.offline import offline_verifier
from desk.errors import DeskError, NotAllowed
from desk.register.models import Role

PER_PAGE = 20
VERIFIERS = (Role.OFFICER, Role.NOTARY, Role.OWNER)


@require_http_methods(["GET", "POST"])
@role_required(*VERIFIERS)
def verify_page(request: HttpRequest) -> HttpResponse:
    """Show the form and the earlier verdicts, or verify the file and show its verdict."""
    actor = viewer_of(request)
    form = VerifyForm()
    if request.method == "POST":
        form = VerifyForm(request.POST, request.FILES)
        if form.is_valid():
            file, *beside = form.cleaned_data["file"]
            try:
                verification = verify_upload(
                    actor=actor,
                    name=file.name,
                    data=file.chunks(),
                    beside=[(item.name, item.chunks()) for item in beside],
                )
            except NotAllowed:
                raise
            except DeskError as error:
                form.add_error("file", error.en if request.LANGUAGE_CODE == "en" else error.zh)
            else:
                return redirect("verification", pk=verification.pk)
    page = Paginator(verifications_for(actor), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "offline": offline_verifier()}
    return render(request, "console/verify.html", context, status=422 if form.errors else 200)


@require_GET
@role_required(*VERIFIERS, Role.AUDITOR)
def verification_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the verdict of one verification."""
    verification = verification_for(viewer_of(request), pk)
    verdict = verification.verdict
    bad_certificate = verdict.get("facts", {}).get("site_certificate") == "bad"
    context = {
        "verification": verification,
        "verdict": verdict,
        "bad_certificate": bad_certificate,
    }
    return render(request, "console/verification.html", context)
