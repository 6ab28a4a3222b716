"""A lead becomes evidence: an officer asks, a job captures and seals, the row follows.

The exhibit's ``capture_id`` is made with its row; the evidence package seals a capture
id once however often it is asked, and the row is completed from what it answers. So a
job killed anywhere and done again ends with exactly one sealed exhibit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import egress.process
from desk.cases.models import Exhibit
from desk.cases.services.custody import add_event
from desk.cases.services.keeping import take_in
from desk.cases.services.request import record_failure
from desk.cases.states import LIVE, CustodyKind, ExhibitState, require_step
from desk.cases.writerlock import evidence_home
from desk.errors import BadInput
from desk.jobs.work import Later, Work
from desk.leads.models import Lead
from desk.leads.services.triage import mark_preserved
from desk.leads.states import LeadState
from evidence.browser.order import Profile
from evidence.errors import CaptureFailed, InputError
from evidence.seal import Preserved, PreserveOrder, preserve
from evidence.seal.apart import further_users

Preserve = Callable[..., Preserved]
OpenGuard = Callable[..., AbstractContextManager[egress.process.Guard]]
AWAIT = timedelta(minutes=2)


def run_preserve(
    work: Work,
    *,
    preserve: Preserve = preserve,
    guard: OpenGuard = egress.process.guard,
) -> Exhibit:
    """Capture and seal the exhibit ``work.payload["exhibit"]`` and return its row.

    An exhibit that is sealed or failed is left alone. A capture that failed (and is
    logged as failed) makes the exhibit failed; a missing timestamp raises Later. Other
    errors break the job, which is tried again.
    """
    exhibit = Exhibit.objects.select_related("lead", "requested_by").get(pk=work.payload["exhibit"])
    if exhibit.state in {ExhibitState.SEALED, ExhibitState.FAILED}:
        return exhibit
    _to_capturing(exhibit)
    work.report("正在固证")
    home = Path(settings.MARKSEAL_HOME)
    folder = home / exhibit.folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    journal = folder / f"egress-{timezone.now():%Y%m%dT%H%M%S%f}.jsonl"
    try:
        with guard(
            journal,
            allow_loopback=settings.MARKSEAL_ALLOW_LOOPBACK,
            resolvers=settings.MARKSEAL_RESOLVERS,
            users=further_users(settings.MARKSEAL_CAPTURE_USER),
        ) as way:
            kept = preserve(
                _order(exhibit, folder=folder),
                home=evidence_home(),
                proxy=way.address,
                journal=journal,
                browser=settings.MARKSEAL_FIND_BROWSER(),
                user=settings.MARKSEAL_CAPTURE_USER,
            )
    except (CaptureFailed, InputError) as failure:
        return record_failure(exhibit=exhibit, zh=failure.zh, en=failure.en)
    if kept.status == "awaiting_timestamp":
        _await_timestamp(exhibit, kept)
        raise Later(AWAIT, "Waiting for the timestamp authority.", "等待可信时间戳。")
    sealed = record_sealed(exhibit=exhibit, kept=kept)
    take_in(sealed)
    return sealed


def _order(exhibit: Exhibit, *, folder: Path) -> PreserveOrder:
    return PreserveOrder(
        url=exhibit.url,
        case=exhibit.lead.number,
        out=folder / f"{_file_name(exhibit)}.wacz",
        capture_id=exhibit.capture_id,
        requested_by=str(exhibit.requested_by) if exhibit.requested_by else None,
        sandbox=not settings.MARKSEAL_NO_SANDBOX,
        profile=Profile.MOBILE if exhibit.mobile else Profile.DESKTOP,
        recording=exhibit.recording,
        http2=settings.MARKSEAL_HTTP2,
        time_servers=settings.MARKSEAL_TIME_SERVERS,
        resolvers=settings.MARKSEAL_RESOLVERS,
    )


def _file_name(exhibit: Exhibit) -> str:
    """Return an ASCII name: ``markseal-2026-000123-01`` for 甬线-2026-000123-证01."""
    parts = [part.removeprefix("证") for part in exhibit.number.split("-")[1:]]
    return "-".join(("markseal", *parts))


def _to_capturing(exhibit: Exhibit) -> None:
    if exhibit.state == ExhibitState.CAPTURING:
        return  # cut short before: the same capture goes on
    require_step(exhibit.state, ExhibitState.CAPTURING)
    Exhibit.objects.filter(pk=exhibit.pk, state=exhibit.state).update(state=ExhibitState.CAPTURING)
    exhibit.refresh_from_db()


def _await_timestamp(exhibit: Exhibit, kept: Preserved) -> None:
    Exhibit.objects.filter(pk=exhibit.pk, state=ExhibitState.CAPTURING).update(
        state=ExhibitState.AWAITING_TIMESTAMP,
        wacz=kept.wacz.name,
        manifest_sha256=kept.manifest_sha256,
        **_told(kept),
    )


def _told(kept: Preserved) -> dict[str, Any]:
    """Return what the row says of the page, as the capture has it."""
    return {
        "title": kept.title,
        "final_url": kept.final_url,
        "http_status": kept.http_status,
        "page_note": kept.page_note or "",
        "certificate": kept.certificate,
        "fidelity": kept.fidelity,
        "declared": [{"zh": zh, "en": en} for zh, en in kept.declared],
    }


@transaction.atomic
def record_sealed(*, exhibit: Exhibit, kept: Preserved) -> Exhibit:
    """Complete the row of a sealed exhibit, once, with its custody event and its lead."""
    if kept.dossier is None:
        raise BadInput("A sealed exhibit has a dossier.", "已固证封装的证据项应有证据移交包。")
    digest = _sha256(kept.dossier)
    now = timezone.now()
    changed = Exhibit.objects.filter(pk=exhibit.pk, state__in=LIVE).update(
        state=ExhibitState.SEALED,
        sealed_at=now,
        wacz=kept.wacz.name,
        dossier=kept.dossier.name,
        dossier_sha256=digest,
        manifest_sha256=kept.manifest_sha256,
        log_index=kept.index,
        trial=kept.trial,
        **_told(kept),
    )
    exhibit.refresh_from_db()
    if changed:
        add_event(exhibit=exhibit, kind=CustodyKind.SEALED, actor=None, sha256=digest)
        lead = Lead.objects.get(pk=exhibit.lead_id)
        if lead.state != LeadState.PRESERVED:
            mark_preserved(lead=lead, actor=None, note=exhibit.number)
    return exhibit


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
