"""Deciding on a lead: shortlist, dismiss, mark as authorised, take back.

Every step is taken from the state the officer saw (its ``revision``): a conditional
update, so that of two officers only one decides. Every step leaves a LeadEvent.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from desk.errors import AlreadyDecided, BadInput, NotPossible
from desk.leads.models import Lead, LeadEvent, Run
from desk.leads.states import LeadState, ReasonCode, require_step
from desk.register.models import Role, User
from desk.register.roles import require_role

NOTE_LIMIT = 2000


def shortlist(*, lead: Lead, actor: User, note: str = "", revision: int | None = None) -> Lead:
    """Shortlist a new lead for verification (列入核查, no finding) and return it.

    ``revision`` is the one the officer saw (default: that of ``lead`` as it was read).
    Raises NotAllowed, NotPossible, or AlreadyDecided when somebody was quicker.
    """
    return _decide(lead, LeadState.SHORTLISTED, actor=actor, note=note, revision=revision)


def dismiss(
    *, lead: Lead, actor: User, reason_code: str, note: str = "", revision: int | None = None
) -> Lead:
    """Dismiss a new lead with a reason code and return it; "other" needs a note.

    Raises NotAllowed, NotPossible, AlreadyDecided, BadInput for an unknown code.
    """
    if reason_code not in ReasonCode.values:
        raise BadInput(
            f"The reason {reason_code!r} is unknown; choose one of the list.",
            f"排除理由 {reason_code!r} 不存在，请从列表中选择。",
        )
    if reason_code == ReasonCode.OTHER and not note.strip():
        raise BadInput('The reason "other" needs a note.', "选择“其他”时须写明理由。")
    return _decide(
        lead,
        LeadState.DISMISSED,
        actor=actor,
        note=note,
        reason_code=reason_code,
        revision=revision,
    )


def mark_authorised(
    *, lead: Lead, actor: User, note: str = "", revision: int | None = None
) -> Lead:
    """Record that the sale is authorised and return the lead; errors as in shortlist."""
    return _decide(lead, LeadState.AUTHORISED, actor=actor, note=note, revision=revision)


def undo(*, lead: Lead, actor: User, note: str = "", revision: int | None = None) -> Lead:
    """Take a decision back: the lead is new again. A preserved lead stays preserved.

    A shortlisted lead whose page is being preserved cannot be taken back either.
    """
    return _decide(lead, LeadState.NEW, actor=actor, note=note, revision=revision)


def hold(*, lead: Lead) -> None:
    """Keep a shortlisted lead from being taken back while its page is preserved.

    Raises NotPossible unless it is shortlisted and not held already.
    """
    free = Lead.objects.filter(pk=lead.pk, state=LeadState.SHORTLISTED, preserving=False)
    if not free.update(preserving=True):
        raise NotPossible(
            "Only a shortlisted lead that is not being preserved already can be preserved.",
            "只有已列入核查且尚未在固证的线索才能固证。",
        )


def release(*, lead: Lead) -> None:
    """Undo ``hold`` after a failed preservation; harmless when repeated."""
    Lead.objects.filter(pk=lead.pk).update(preserving=False)


def mark_preserved(*, lead: Lead, actor: User | None, note: str = "") -> Lead:
    """Record that a shortlisted lead has a sealed exhibit; called by the cases room."""
    return step(lead, LeadState.PRESERVED, actor=actor, note=note)


def reopen(*, lead: Lead, note: str, run: Run | None = None) -> Lead:
    """Make a dismissed lead new because its listing changed; done by the service itself."""
    return step(lead, LeadState.NEW, actor=None, note=note, run=run)


def _decide(
    lead: Lead,
    after: LeadState,
    *,
    actor: User,
    note: str,
    revision: int | None,
    reason_code: str = "",
) -> Lead:
    require_role(actor, Role.OFFICER, organisation_id=lead.organisation_id)
    if len(note) > NOTE_LIMIT:
        raise BadInput("A note has up to 2,000 characters.", "备注不超过 2000 个字符。")
    return step(lead, after, actor=actor, note=note, reason_code=reason_code, revision=revision)


@transaction.atomic
def step(
    lead: Lead,
    after: LeadState,
    *,
    actor: User | None,
    note: str,
    reason_code: str = "",
    revision: int | None = None,
    run: Run | None = None,
) -> Lead:
    """Move a lead from the state and revision seen, write its event, return it refreshed.

    Whether the actor may is not checked here. Raises NotPossible or AlreadyDecided.
    """
    seen = lead.revision if revision is None else revision
    if seen != lead.revision:
        raise AlreadyDecided
    require_step(lead.state, after)
    now = timezone.now()
    current = Lead.objects.filter(pk=lead.pk, revision=seen, state=lead.state)
    if after != LeadState.PRESERVED and current.filter(preserving=True).exists():
        raise NotPossible(
            "The page of this lead is being preserved; wait until that has ended.",
            "该线索的页面正在固证，请等待固证结束。",
        )
    changed = current.update(
        state=after,
        preserving=False,
        reason_code=reason_code,
        revision=seen + 1,
        decided_by=actor,
        decided_at=now,
    )
    if changed != 1:
        raise AlreadyDecided
    LeadEvent.objects.create(
        lead_id=lead.pk,
        run=run,
        at=now,
        actor=actor,
        from_state=lead.state,
        to_state=after,
        reason_code=reason_code,
        note=note.strip(),
        revision=seen + 1,
    )
    lead.refresh_from_db()
    return lead
