"""A step asked for twice with one idempotency key is done once and answered alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from desk.errors import BadInput
from desk.register.models import Answer, User

KEPT = timedelta(days=7)


@transaction.atomic
def once(
    *,
    account: User,
    key: str,
    asked: Mapping[str, Any],
    act: Callable[[], dict[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """Return what ``act`` answers, or what it answered when this key came first.

    The key and the effect are written together: what failed left no key and may be tried
    again. Answers are kept for seven days. Raises BadInput when the key came with something
    else, and what ``act`` raises.
    """
    Answer.objects.filter(at__lt=now - KEPT).delete()
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    try:
        with transaction.atomic():
            row = Answer.objects.create(account=account, key=key, digest=digest, at=now)
    except IntegrityError:
        row = Answer.objects.get(account=account, key=key)
        if row.digest != digest:
            raise BadInput(
                "This idempotency key was used for another request; use a new one.",
                "该幂等键已用于另一请求，请换用新的键。",
            ) from None
        return dict(row.body)
    body = act()
    Answer.objects.filter(pk=row.pk).update(body=body)
    return body
