"""Overrides: who permits, on what basis and until when, that a source is crawled against robots."""

from __future__ import annotations

from datetime import datetime, timedelta

from desk.errors import BadInput
from desk.leads.models import Override, Source
from desk.leads.states import SourceKind
from desk.register.models import Role, User
from desk.register.roles import require_role

LONGEST = timedelta(days=366)


def add_override(
    *,
    source: Source,
    number: str,
    basis: str,
    approved_by: str,
    expires_at: datetime,
    now: datetime,
    actor: User | None = None,
) -> Override:
    """Return the new override of a source, valid at once and in place of an earlier one.

    ``actor`` None is the operator at the command line. Raises NotAllowed, or BadInput when
    something is missing, the time has passed or is more than a year away, or the source is a
    file. Not checked: whether the basis carries it, and whether the officer may approve.
    """
    if actor is not None:
        require_role(actor, Role.OFFICER, organisation_id=source.organisation_id)
    if source.kind != SourceKind.SITE:
        raise BadInput("Only a site needs an override.", "只有网站来源需要例外批准。")
    texts = [text.strip() for text in (number, basis, approved_by)]
    if not all(texts) or max(len(texts[0]), len(texts[2])) > 100 or len(texts[1]) > 2000:
        raise BadInput(
            "An override needs its number, its legal basis and the approving officer.",
            "例外批准须写明文号、法律依据和批准人。",
        )
    if not now < expires_at <= now + LONGEST:
        raise BadInput(
            "An override ends within a year, and not in the past.",
            "例外批准的到期时间须在今后一年以内。",
        )
    return Override.objects.create(
        source=source,
        number=texts[0],
        basis=texts[1],
        approved_by=texts[2],
        expires_at=expires_at,
        recorded_by=actor,
    )


def withdraw_override(*, source: Source, now: datetime, actor: User | None = None) -> int:
    """Withdraw the overrides of a source and return how many; a run under way goes on.

    Raises NotAllowed.
    """
    if actor is not None:
        require_role(actor, Role.OFFICER, organisation_id=source.organisation_id)
    return source.overrides.filter(withdrawn_at=None).update(withdrawn_at=now)


def override_of(source: Source) -> Override | None:
    """Return the latest override of a source that was not withdrawn, expired or not."""
    return source.overrides.filter(withdrawn_at=None).first()
