"""What a person may read of exhibits, their custody and verifications."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from desk.cases.models import CustodyEvent, Entrustment, ErasureRequest, Exhibit, Verification
from desk.cases.states import LIVE, OPEN_ERASURES, ErasureState, ExhibitState
from desk.errors import NotFound
from desk.jobs.models import Job
from desk.register.models import Role, User
from desk.register.roles import scope_of
from evidence.errors import EvidenceError
from evidence.format.erasure import ErasureRequest as ErasureNote
from evidence.format.erasure import erasure_names
from evidence.home import EvidenceHome
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore, Stored


def exhibits_for(viewer: User, *, state: str = "") -> QuerySet[Exhibit]:
    """Return the exhibits this person may see, the latest first.

    A bureau sees its own; people of a notary office see those entrusted to it; brand owners
    see none before release.
    """
    scope = scope_of(viewer)
    visible = Q(organisation_id__in=scope.bureaux)
    if scope.notary_offices:
        entrusted = Entrustment.objects.filter(
            office_id__in=scope.notary_offices, ended_at__isnull=True
        )
        visible |= Q(state=ExhibitState.SEALED, pk__in=entrusted.values("exhibit_id"))
    exhibits = Exhibit.objects.filter(visible).select_related(
        "lead", "lead__mark", "lead__listing", "requested_by", "organisation"
    )
    return exhibits.filter(state=state) if state else exhibits


def exhibit_for(viewer: User, pk: int) -> Exhibit:
    """Return one exhibit; raises NotFound when this person may not see it."""
    exhibit = exhibits_for(viewer).filter(pk=pk).first()
    if exhibit is None:
        raise NotFound
    return exhibit


def custody_of(viewer: User, exhibit: Exhibit) -> QuerySet[CustodyEvent]:
    """Return the custody events of an exhibit this person may see, oldest first."""
    return CustodyEvent.objects.filter(
        exhibit__in=exhibits_for(viewer).filter(pk=exhibit.pk)
    ).select_related("actor")


def entrustments_of(viewer: User, exhibit: Exhibit) -> QuerySet[Entrustment]:
    """Return to which notary offices an exhibit is entrusted now, oldest first.

    Its bureau sees all of them, people of a notary office only their own.
    """
    scope = scope_of(viewer)
    found = Entrustment.objects.filter(exhibit=exhibit, ended_at__isnull=True)
    found = found.select_related("office", "actor")
    if exhibit.organisation_id in scope.bureaux:
        return found
    return found.filter(office_id__in=scope.notary_offices)


def verifications_for(viewer: User) -> QuerySet[Verification]:
    """Return the verifications made in this person's organisations, the latest first."""
    return Verification.objects.filter(organisation_id__in=scope_of(viewer).content).select_related(
        "actor", "exhibit"
    )


def verification_for(viewer: User, pk: int) -> Verification:
    """Return one verification; raises NotFound when this person may not see it."""
    verification = verifications_for(viewer).filter(pk=pk).first()
    if verification is None:
        raise NotFound
    return verification


def earlier_of(viewer: User, exhibit: Exhibit) -> QuerySet[Exhibit]:
    """Return the sealed captures of the same lead or address before this one, the latest first.

    Only those this person may see; none for an exhibit that is not sealed.
    """
    if exhibit.sealed_at is None:
        return Exhibit.objects.none()
    same = Q(lead_id=exhibit.lead_id) | Q(url=exhibit.url)
    return (
        exhibits_for(viewer, state=ExhibitState.SEALED)
        .filter(same, sealed_at__lt=exhibit.sealed_at)
        .order_by("-sealed_at", "-pk")
    )


def erasures_for(viewer: User, *, live: bool = False) -> QuerySet[ErasureRequest]:
    """Return the requests to erase exhibits of this person's bureaux, the latest first."""
    found = ErasureRequest.objects.filter(exhibit__organisation_id__in=scope_of(viewer).bureaux)
    found = found.select_related("exhibit", "requested_by").prefetch_related("approvals")
    return found.filter(state__in=OPEN_ERASURES) if live else found


def erasures_awaiting(viewer: User) -> int:
    """Return how many requests to erase await this officer's approval."""
    waiting = erasures_for(viewer).filter(state=ErasureState.REQUESTED)
    waiting = waiting.filter(
        exhibit__organisation__memberships__user_id=viewer.pk,
        exhibit__organisation__memberships__role=Role.OFFICER,
    )
    return waiting.exclude(requested_by=viewer).exclude(approvals__person=viewer).count()


def erasure_for(viewer: User, pk: int) -> ErasureRequest:
    """Return one request; raises NotFound when this person may not see it."""
    request = erasures_for(viewer).filter(pk=pk).first()
    if request is None:
        raise NotFound
    return request


def renewal_alarm() -> Job | None:
    """Return the last daily look at the timestamps if it found some that it could not renew."""
    return _last_failed("renewal")


def witness_alarm() -> Job | None:
    """Return the last daily request to the log's witnesses if people must be told of it."""
    return _last_failed("witness")


def _last_failed(kind: str) -> Job | None:
    tried = Job.objects.filter(kind=kind).exclude(started_at__isnull=True, error_zh="")
    job = tried.order_by("-pk").first()
    return job if job is not None and job.error_zh else None


def live_of(viewer: User, exhibit: Exhibit) -> bool:
    """Return whether another capture of the same lead is under way."""
    return exhibits_for(viewer).filter(lead_id=exhibit.lead_id, state__in=LIVE).exists()


def folder_of(exhibit: Exhibit) -> Path:
    """Return the folder of this exhibit's files below the data folder."""
    return Path(settings.MARKSEAL_HOME) / exhibit.folder


def kept_of(exhibit: Exhibit) -> Kept:
    """Return the exhibit as the evidence room knows it: its folder and its name."""
    return Kept(folder_of(exhibit), exhibit.wacz.removesuffix(".wacz"))


def erased(exhibit: Exhibit) -> bool:
    """Return whether the content of this exhibit was erased and the log says so."""
    return exhibit.wacz != "" and kept_of(exhibit).erased


def erasure_of(exhibit: Exhibit) -> ErasureNote | None:
    """Return the signed request on which the content was erased, None when it cannot be read.

    Its signature is not verified here; the verdict beside it says that.
    """
    kept = kept_of(exhibit)
    try:
        return ErasureNote.parse(kept.path(erasure_names(kept.name)[2]).read_bytes(), "request")
    except (OSError, EvidenceError):
        return None


def dossier_of(exhibit: Exhibit) -> Stored:
    """Return the dossier's file; raises NotFound unless the exhibit is sealed and it is there."""
    stored = _stored(exhibit, exhibit.dossier)
    if exhibit.state != ExhibitState.SEALED or not exhibit.dossier or not stored.is_file():
        raise NotFound("This exhibit has no dossier yet.", "该证据项尚无证据移交包。")
    return stored


def wacz_of(exhibit: Exhibit) -> Stored:
    """Return the package's file; raises NotFound when it is not there."""
    stored = _stored(exhibit, exhibit.wacz)
    if not exhibit.wacz or not stored.is_file():
        raise NotFound("This exhibit has no package yet.", "该证据项尚无固证封装文件。")
    return stored


def _stored(exhibit: Exhibit, name: str) -> Stored:
    store = FolderStore(EvidenceHome(Path(settings.MARKSEAL_HOME)))
    return Stored(store, kept_of(exhibit), name)
