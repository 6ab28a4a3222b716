"""What anybody may ask without signing in: a verdict (nothing is kept), the log's files."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from desk.cases.logbook import log_file
from desk.cases.services.verify import Judged, judge
from desk.console.forms import PublicVerifyForm
from desk.console.limits import BUSY, refused
from desk.console.offline import offline_verifier
from desk.errors import DeskError
from evidence.errors import EvidenceError
from evidence.succession.export import sheet_of
from evidence.succession.sheet import Sheet

YEAR = 31_536_000


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def public_verify(request: HttpRequest) -> HttpResponse:
    """Show the form, or the verdict on the file that came; 404 unless the setting is on."""
    if not settings.MARKSEAL_PUBLIC_VERIFY:
        raise Http404
    form, judged = PublicVerifyForm(), None
    if request.method == "POST":
        form = PublicVerifyForm(request.POST, request.FILES)
        if form.is_valid():
            if not BUSY.acquire(blocking=False):
                busy = _("正在核验其他文件，请稍后再试，或用离线核验文件在本机核验。")
                answer = refused(request, 503, busy)
                answer["Retry-After"] = "30"
                return answer
            try:
                judged = _judge(form)
            finally:
                BUSY.release()
    context = {
        "form": form,
        "judged": judged,
        "verdict": judged.verdict if judged else None,
        "sheet": _sheet(),
        "offline": offline_verifier(),
        "limit": settings.MARKSEAL_PUBLIC_LIMIT,
    }
    return render(request, "console/public.html", context, status=422 if form.errors else 200)


def _judge(form: PublicVerifyForm) -> Judged | None:
    file = form.cleaned_data["file"]
    try:
        return judge(name=file.name, file=file.file, size=file.size or 0)
    except DeskError as error:
        form.add_error("file", error.en if get_language() == "en" else error.zh)
        return None


def _sheet() -> Sheet | None:
    """Return the fingerprints of this installation's trust folder, None where it has none."""
    try:
        return sheet_of(Path(settings.MARKSEAL_HOME) / "trust", now=timezone.localtime())
    except (EvidenceError, OSError):
        return None


@login_not_required
@require_safe
def offline_file(request: HttpRequest) -> FileResponse:
    """Return the offline verifier as a download; people who signed in have it in any case."""
    found = offline_verifier()
    if found is None or not (settings.MARKSEAL_PUBLIC_VERIFY or request.user.is_authenticated):
        raise Http404
    return FileResponse(
        found.path.open("rb"),
        as_attachment=True,
        filename=found.path.name,
        content_type="application/octet-stream",
    )


@login_not_required
@require_safe
def log_tile(request: HttpRequest, path: str) -> HttpResponse:
    """Return a file of the log (c2sp.org/tlog-tiles); 404 unless the setting is on."""
    if not settings.MARKSEAL_PUBLIC_LOG:
        raise Http404
    try:
        found = log_file(path)
    except EvidenceError as error:
        text = f"{error.zh} / {error.en}\n"
        return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8")
    if found is None:
        raise Http404
    kind = "application/octet-stream" if found.final else "text/plain; charset=utf-8"
    answer = HttpResponse(found.data, content_type=kind)
    caching = f"public, max-age={YEAR}, immutable" if found.final else "no-cache"
    answer["Cache-Control"] = caching
    return answer
