"""The end of an exhibit's content: one asks on a legal basis, two others approve, a job does it.

Holds are those of ``evidence.keeping.holds``, whoever set them. Every name goes into the chain of
custody; the approvers' names go into the log as salted commitments. Whether the law allows it is
not judged here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from desk.cases.models import ErasureApproval, ErasureRequest, Exhibit
from desk.cases.selectors import erased, kept_of
from desk.cases.services.custody import add_event
from desk.cases.services.keeping import note_erased
from desk.cases.states import CustodyKind, ErasureState, ExhibitState
from desk.cases.writerlock import evidence_home
from desk.errors import AlreadyDecided, BadInput, NotAllowed, NotPossible
from desk.jobs.models import Job, JobState
from desk.jobs.queue import enqueue
from desk.jobs.work import Work
from desk.register.models import Role, User
from desk.register.roles import require_role
from evidence.errors import InputError
from evidence.keeping.erasing import EraseOrder, erase, require_ground
from evidence.keeping.erasures import Erased
from evidence.keeping.holds import Hold, held, hold, plain, release

APPROVALS = 2
URGENT = 5


@dataclass(frozen=True)
class Ground:
    """On what an erasure is asked for: the basis, and what some bases need beside it."""

    basis: str
    reason: str
    retention_class: str = ""
    document_sha256: str = ""


def signed_in_as(user: User) -> str:
    """Return a person's name with the name that they signed in with."""
    shown = str(user)
    return user.username if shown == user.username else f"{shown}（{user.username}）"


def hold_exhibit(*, exhibit: Exhibit, actor: User, reason: str) -> Hold:
    """Put a hold on an exhibit; one that stands already is kept and returned.

    Raises NotAllowed, BadInput for a reason that cannot be used, NotPossible once erased.
    """
    _require_officer(exhibit, actor)
    _require_content(exhibit)
    now = timezone.now()
    by = signed_in_as(actor)
    with transaction.atomic():
        _lock(exhibit)
        try:
            if (standing := held(evidence_home(), exhibit.capture_id)) is not None:
                return standing
            made = hold(evidence_home(), kept_of(exhibit), reason=reason, by=by, now=now)
        except InputError as error:
            raise _unusable(error) from error
        add_event(exhibit=exhibit, kind=CustodyKind.HELD, actor=actor, note=made.reason)
    return made


def release_hold(*, exhibit: Exhibit, actor: User, reason: str) -> None:
    """End the hold on an exhibit; raises NotAllowed, BadInput, or NotPossible without a hold."""
    _require_officer(exhibit, actor)
    by = signed_in_as(actor)
    with transaction.atomic():
        _lock(exhibit)
        if held(evidence_home(), exhibit.capture_id) is None:
            raise NotPossible("There is no hold on this exhibit.", "该证据项未被保全。")
        try:
            release(evidence_home(), kept_of(exhibit), reason=reason, by=by, now=timezone.now())
        except InputError as error:
            raise _unusable(error) from error
        note = plain(reason, "reason")
        add_event(exhibit=exhibit, kind=CustodyKind.HOLD_RELEASED, actor=actor, note=note)


def request_erasure(*, exhibit: Exhibit, actor: User, ground: Ground) -> ErasureRequest:
    """Ask for the content of a sealed exhibit to be erased; return the request.

    Raises NotAllowed; BadInput when basis, reason, paper or class cannot be used; NotPossible
    while a hold stands, once the content is erased, or while another request is open.
    """
    _require_officer(exhibit, actor)
    _require_content(exhibit)
    now = timezone.now()
    try:
        reason = plain(ground.reason, "reason")
        _require_ground(exhibit, ground, now)
    except InputError as error:
        raise _unusable(error) from error
    with transaction.atomic():
        _lock(exhibit)
        _require_no_hold(exhibit)
        try:
            with transaction.atomic():
                made = ErasureRequest.objects.create(
                    exhibit=exhibit,
                    basis=ground.basis,
                    reason=reason,
                    retention_class=ground.retention_class,
                    document_sha256=ground.document_sha256,
                    requested_by=actor,
                    requested_name=signed_in_as(actor),
                    requested_at=now,
                )
        except IntegrityError as error:
            raise NotPossible(
                "A request to erase this exhibit's content is open already.",
                "该证据项已有未结的删除申请。",
            ) from error
        add_event(
            exhibit=exhibit,
            kind=CustodyKind.ERASURE_REQUESTED,
            actor=actor,
            sha256=ground.document_sha256,
            note=ground.basis,
        )
    return made


@transaction.atomic
def approve_erasure(*, request: ErasureRequest, actor: User) -> ErasureRequest:
    """Approve a request; the second approval sets it to work. Done twice, it counts once.

    Raises NotAllowed to the one who asked and to people of other organisations, AlreadyDecided
    when the request is no longer open to approval, NotPossible while a hold stands.
    """
    row = _locked_request(request, actor)
    if row.requested_by_id == actor.pk or row.requested_name == signed_in_as(actor):
        raise NotAllowed(
            "Whoever asked for an erasure does not approve it; two other people do.",
            "申请人不能批准自己的申请，须由另外两人批准。",
        )
    if row.approvals.filter(person=actor).exists():
        return row
    if row.state != ErasureState.REQUESTED:
        raise AlreadyDecided
    _require_no_hold(row.exhibit)
    ErasureApproval.objects.create(
        request=row, person=actor, name=signed_in_as(actor), at=timezone.now()
    )
    add_event(exhibit=row.exhibit, kind=CustodyKind.ERASURE_APPROVED, actor=actor, note=row.basis)
    if row.approvals.count() >= APPROVALS:
        _set_to_work(row)
    return row


@transaction.atomic
def retry_erasure(*, request: ErasureRequest, actor: User) -> ErasureRequest:
    """Set an approved request to work again that something stood in the way of."""
    row = _locked_request(request, actor)
    if row.state != ErasureState.BLOCKED:
        raise AlreadyDecided
    _require_no_hold(row.exhibit)
    _set_to_work(row)
    return row


@transaction.atomic
def end_erasure(*, request: ErasureRequest, actor: User, reason: str) -> ErasureRequest:
    """Withdraw a request (who asked), or refuse it (somebody else), as long as nothing is done."""
    row = _locked_request(request, actor)
    if row.state not in (ErasureState.REQUESTED, ErasureState.BLOCKED):
        raise AlreadyDecided
    try:
        row.ended_reason = plain(reason, "reason")
    except InputError as error:
        raise _unusable(error) from error
    own = row.requested_by_id == actor.pk
    row.state = ErasureState.WITHDRAWN if own else ErasureState.REFUSED
    row.ended_name, row.ended_at = signed_in_as(actor), timezone.now()
    row.save()
    add_event(
        exhibit=row.exhibit, kind=CustodyKind.ERASURE_ENDED, actor=actor, note=row.ended_reason
    )
    return row


def run_erase(work: Work, *, clock: Callable[[], datetime] = timezone.now) -> Erased | None:
    """Erase the content that an approved request names; harmless when run again.

    What stands in the way (a hold set meanwhile) blocks the request and is told with it; a log or
    disk that cannot be used raises, and the job is tried again.
    """
    row = ErasureRequest.objects.select_related("exhibit").get(pk=work.payload["request"])
    if row.state != ErasureState.APPROVED:
        return None
    first, second = (approval.name for approval in row.approvals.all()[:APPROVALS])
    order = EraseOrder(
        row.basis,
        (first, second),
        row.reason,
        document_sha256=row.document_sha256 or None,
        retention_class=row.retention_class or None,
    )
    home = evidence_home()
    try:
        done = erase(kept_of(row.exhibit), order, home=home, clock=clock)
    except InputError as error:
        ErasureRequest.objects.filter(pk=row.pk, state=ErasureState.APPROVED).update(
            state=ErasureState.BLOCKED, error_zh=error.zh, error_en=error.en
        )
        return None
    for folder in ("pictures", "comparisons"):
        shutil.rmtree(home.path / "cache" / folder, ignore_errors=True)
    with transaction.atomic():
        ErasureRequest.objects.filter(pk=row.pk, state=ErasureState.APPROVED).update(
            state=ErasureState.DONE, log_index=done.index, ended_at=clock(), error_zh="",
            error_en="",
        )  # fmt: skip
        note_erased(
            capture_id=done.capture_id,
            sha256=kept_of(row.exhibit).outcome.package.sha256,
            note=f"{done.basis}，{first}、{second}",
        )
    return done


def block_abandoned() -> int:
    """Block the approved requests whose job was laid aside or cancelled; return how many."""
    count = 0
    for row in ErasureRequest.objects.filter(state=ErasureState.APPROVED):
        job = Job.objects.filter(
            key=_job_key(row), state__in=(JobState.DEAD, JobState.CANCELLED)
        ).first()
        if job is not None:
            count += ErasureRequest.objects.filter(
                pk=row.pk, state=ErasureState.APPROVED, tries=row.tries
            ).update(
                state=ErasureState.BLOCKED,
                error_zh=job.error_zh or "已取消。",
                error_en=job.error_en or "Cancelled.",
            )
    return count


def _job_key(row: ErasureRequest) -> str:
    return f"erase:{row.pk}:{row.tries}"


def _set_to_work(row: ErasureRequest) -> None:
    row.state, row.tries = ErasureState.APPROVED, row.tries + 1
    row.error_zh = row.error_en = ""
    row.save()
    enqueue(
        kind="erase",
        key=_job_key(row),
        payload={"request": row.pk},
        priority=URGENT,
        now=timezone.now(),
    )


def _locked_request(request: ErasureRequest, actor: User) -> ErasureRequest:
    row = ErasureRequest.objects.select_for_update().get(pk=request.pk)
    _require_officer(row.exhibit, actor)
    return row


def _lock(exhibit: Exhibit) -> None:
    """Let one at a time decide on an exhibit's content."""
    Exhibit.objects.select_for_update().get(pk=exhibit.pk)


def _require_officer(exhibit: Exhibit, actor: User) -> None:
    require_role(actor, Role.OFFICER, organisation_id=exhibit.organisation_id)


def _require_content(exhibit: Exhibit) -> None:
    if exhibit.state != ExhibitState.SEALED:
        raise NotPossible("This exhibit is not sealed.", "该证据项尚未固证封装。")
    if erased(exhibit):
        raise NotPossible("This exhibit's content is erased already.", "该证据项的内容已删除。")


def _require_no_hold(exhibit: Exhibit) -> None:
    standing = held(evidence_home(), exhibit.capture_id)
    if standing is not None:
        raise NotPossible(
            f"This exhibit is held ({standing.reason}, {standing.by}); lift the hold first.",
            f"该证据项已被保全（{standing.reason}，{standing.by}）；请先解除保全。",
        )


def _require_ground(exhibit: Exhibit, ground: Ground, now: datetime) -> None:
    require_ground(
        kept_of(exhibit),
        ground.basis,
        document_sha256=ground.document_sha256 or None,
        retention_class=ground.retention_class or None,
        home=evidence_home(),
        now=now,
    )


def _unusable(error: InputError) -> BadInput:
    return BadInput(error.en, error.zh)
