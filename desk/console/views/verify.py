"""Verification of what somebody hands in: the form, the verdict, the history."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods

from desk.cases.selectors import verification_for, verifications_for
from desk.cases.services.papers import Paper
from desk.cases.services.verify import verify_for_paper
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
            answer = _verified(request, form)
            if answer is not None:
                return answer
    page = Paginator(verifications_for(actor), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "offline": offline_verifier()}
    return render(request, "console/verify.html", context, status=422 if form.errors else 200)


def _verified(request: HttpRequest, form: VerifyForm) -> HttpResponse | None:
    """Verify what was handed in; return its verdict's page or the paper, None after an error."""
    file, *beside = form.cleaned_data["file"]
    try:
        verification, paper = verify_for_paper(
            actor=viewer_of(request),
            name=file.name,
            data=file.chunks(),
            beside=[(item.name, item.chunks()) for item in beside],
            paper=form.cleaned_data["paper"],
        )
    except NotAllowed:
        raise
    except DeskError as error:
        form.add_error("file", error.en if request.LANGUAGE_CODE == "en" else error.zh)
        return None
    if isinstance(paper, Paper):
        return paper_response(paper)
    if paper is not None:
        messages.error(request, paper.en if request.LANGUAGE_CODE == "en" else paper.zh)
    return redirect("verification", pk=verification.pk)


def paper_response(paper: Paper) -> HttpResponse:
    """Return a paper as a download, never as a page of ours."""
    answer = HttpResponse(paper.data, content_type=paper.media_type)
    answer["Content-Disposition"] = content_disposition_header(True, paper.name) or ""
    answer["Cache-Control"] = "no-store"
    return answer


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
