"""Tokens: a program's key to the API on behalf of a person, shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from desk.errors import BadInput
from desk.register.models import Token, TokenScope, User

PREFIX = "markseal_"
MOST_DAYS = 366
USED_NOTED = timedelta(minutes=1)
"""The last use is written down at most this often."""


def make_token(
    *, account: User, name: str, scopes: Iterable[str], days: int, now: datetime
) -> tuple[Token, str]:
    """Return a new token's row and its text, which is kept nowhere.

    Raises BadInput without a name or scope, for an unknown scope, or beyond 366 days.
    """
    wanted = sorted(set(scopes))
    if not name.strip() or len(name.strip()) > 80:
        raise BadInput("Say in up to 80 characters what it is for.", "请用不超过 80 个字写明用途。")
    if not wanted or not set(wanted) <= set(TokenScope.values):
        known = ", ".join(TokenScope.values)
        raise BadInput(f"Choose from these scopes: {known}.", f"请选择权限范围，可用：{known}。")
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(
            f"A token is valid for 1 to {MOST_DAYS} days.", f"令牌有效期为 1 至 {MOST_DAYS} 天。"
        )
    text = PREFIX + secrets.token_urlsafe(32)
    row = Token.objects.create(
        account=account, name=name.strip(), digest=_digest(text), scopes=wanted,
        created_at=now, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    return row, text


def token_of(text: str, *, now: datetime) -> Token | None:
    """Return the valid token of this text, its use noted; None when there is none.

    A token is valid until it expires or is revoked, and while its account is open.
    """
    row = valid_tokens(now=now).filter(digest=_digest(text)).select_related("account").first()
    if row is not None:
        stale = Token.objects.filter(pk=row.pk)
        stale.filter(Q(used_at=None) | Q(used_at__lt=now - USED_NOTED)).update(used_at=now)
    return row


def valid_tokens(*, now: datetime) -> QuerySet[Token]:
    """Return the tokens that open something now."""
    return Token.objects.filter(
        revoked_at__isnull=True, expires_at__gt=now, account__is_active=True
    )


def revoke_tokens(account: User, *, now: datetime, pk: int | None = None) -> int:
    """Revoke one token of this person, or all; return how many were valid until now."""
    mine = valid_tokens(now=now).filter(account=account)
    if pk is not None:
        mine = mine.filter(pk=pk)
    return mine.update(revoked_at=now)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
