"""Custody: what happened to an exhibit, who did it, when."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from desk.cases.models import CustodyEvent, Exhibit
from desk.cases.selectors import dossier_of, exhibit_for
from desk.cases.states import CustodyKind
from desk.register.models import User


@transaction.atomic
def record_view(*, exhibit: Exhibit, actor: User) -> CustodyEvent:
    """Record that a person opened the exhibit; raises NotFound when they may not see it."""
    exhibit_for(actor, exhibit.pk)
    return add_event(exhibit=exhibit, kind=CustodyKind.VIEWED, actor=actor)


@transaction.atomic
def record_download(
    *, exhibit: Exhibit, actor: User, part: str = "", sha256: str = ""
) -> CustodyEvent:
    """Record that a person took the dossier; to be called before its bytes are sent.

    ``part`` with its ``sha256`` names one file of the package that was taken instead. Raises
    NotFound when they may not see the exhibit or it has no dossier.
    """
    found = exhibit_for(actor, exhibit.pk)
    dossier_of(found)
    return add_event(
        exhibit=found,
        kind=CustodyKind.DOWNLOADED,
        actor=actor,
        sha256=sha256 if part else found.dossier_sha256,
        note=part,
    )


def add_event(
    *, exhibit: Exhibit, kind: CustodyKind, actor: User | None, sha256: str = "", note: str = ""
) -> CustodyEvent:
    """Write one custody event and return it; whether the actor may is not checked."""
    return CustodyEvent.objects.create(
        exhibit=exhibit, kind=kind, at=timezone.now(), actor=actor, sha256=sha256, note=note
    )
