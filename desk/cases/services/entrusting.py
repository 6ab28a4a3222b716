"""Entrusting an exhibit to a notary office, and ending it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from desk.cases.models import Entrustment, Exhibit
from desk.cases.services.custody import add_event
from desk.cases.states import CustodyKind, ExhibitState
from desk.errors import NotPossible
from desk.register.models import Organisation, OrganisationKind, Role, User
from desk.register.roles import require_role


@transaction.atomic
def entrust(*, exhibit: Exhibit, office: Organisation, actor: User) -> Entrustment:
    """Let the people of a notary office see and verify an exhibit; return the row.

    The chain of custody names the office. Raises NotAllowed unless the actor is an officer of the
    exhibit's bureau, NotPossible unless it is sealed, the office is a notary office and it is not
    entrusted to it already.
    """
    require_role(actor, Role.OFFICER, organisation_id=exhibit.organisation_id)
    if exhibit.state != ExhibitState.SEALED:
        raise NotPossible(
            "Only a sealed exhibit can be entrusted.", "只有已固证封装的证据项才能委托。"
        )
    if office.kind != OrganisationKind.NOTARY_OFFICE:
        raise NotPossible(f"{office} is no notary office.", f"“{office}”不是公证机构。")
    try:
        with transaction.atomic():
            row = Entrustment.objects.create(
                exhibit=exhibit, office=office, at=timezone.now(), actor=actor
            )
    except IntegrityError as error:
        raise NotPossible(f"It is entrusted to {office} already.", f"已委托“{office}”。") from error
    add_event(exhibit=exhibit, kind=CustodyKind.ENTRUSTED, actor=actor, note=office.name)
    return row


@transaction.atomic
def entrust_all(*, exhibits: Iterable[Exhibit], office: Organisation, actor: User) -> int:
    """Entrust several exhibits to a notary office and return how many were not before.

    All of them or, when one cannot be, none. Raises as ``entrust``, but for those entrusted to
    the office already, which stay as they are.
    """
    given = list(exhibits)
    held = Entrustment.objects.filter(exhibit__in=given, office=office, ended_at__isnull=True)
    already = set(held.values_list("exhibit_id", flat=True))
    fresh = [one for one in given if one.pk not in already]
    for exhibit in fresh:
        entrust(exhibit=exhibit, office=office, actor=actor)
    return len(fresh)


@transaction.atomic
def end_entrustment(*, entrustment: Entrustment, actor: User) -> None:
    """Let a notary office no longer see an exhibit; what its people downloaded stays with them.

    Raises NotAllowed unless the actor is an officer of the exhibit's bureau, NotPossible when it
    was ended before.
    """
    exhibit = entrustment.exhibit
    require_role(actor, Role.OFFICER, organisation_id=exhibit.organisation_id)
    going = Entrustment.objects.filter(pk=entrustment.pk, ended_at__isnull=True)
    if not going.update(ended_at=timezone.now()):
        raise NotPossible("This was ended before.", "该委托已终止。")
    note = entrustment.office.name
    add_event(exhibit=exhibit, kind=CustodyKind.ENTRUSTMENT_ENDED, actor=actor, note=note)
