"""Deciding on leads by program: from the revision seen, once for each idempotency key."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Header, Router

from desk.api.access import asker, guarded
from desk.api.reading import whole
from desk.api.shapes import Decision, WholeLead
from desk.leads.selectors import lead_for
from desk.leads.services import dismiss, mark_authorised, shortlist, undo
from desk.register.models import TokenScope
from desk.register.services.once import once

router = Router()
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=100)]
STEPS = {"shortlist": shortlist, "authorise": mark_authorised, "undo": undo}


@router.post("/leads/{int:pk}/decision", **guarded(TokenScope.LEADS_DECIDE, WholeLead, 409))
def decide(request: HttpRequest, pk: int, body: Decision, key: Key) -> dict[str, Any]:
    """Decide on a lead and return it; shortlisting (列入核查) is no finding.

    Asked again with the same key and body, nothing happens and the answer is the same.
    """
    actor = asker(request)
    found = lead_for(actor, pk)
    step = STEPS.get(body.decision) or partial(dismiss, reason_code=body.reason_code)

    def act() -> dict[str, Any]:
        changed = step(lead=found, actor=actor, note=body.note, revision=body.revision)
        return whole(actor, changed).model_dump(mode="json")

    asked = {"lead": pk, **body.model_dump()}
    return once(account=actor, key=key, asked=asked, act=act, now=timezone.now())
