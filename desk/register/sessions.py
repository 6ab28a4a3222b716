"""Where people are signed in: the store of sessions, their list, and their end.

The store is Django's own, with the account beside each session (settings.SESSION_ENGINE). A
session that was ended is gone from the database: the next request with it asks to sign in.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import salted_hmac

from desk.register.models import Session, User

BEGUN = "begun"
BROWSER_LIMIT = 300


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with whose they are."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the row of a session."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row of this session with the account that signed in, None before."""
        row = cast("Session", super().create_model_instance(data))
        account = data.get(SESSION_KEY)
        row.account_id = int(account) if account is not None else None
        return row


@dataclass(frozen=True)
class SignedIn:
    """One place where somebody is signed in; what was not told when it began is None or empty.

    ``handle`` names it on a page; nobody signs in with it.
    """

    handle: str
    since: datetime | None
    address: str
    browser: str
    until: datetime
    current: bool


def note_beginning(
    session: MutableMapping[str, Any], *, at: datetime, address: str, browser: str
) -> None:
    """Keep in a session when, from where and with what browser it began; expired ones go."""
    session[BEGUN] = {
        "at": at.isoformat(), "address": address, "browser": browser[:BROWSER_LIMIT],
    }  # fmt: skip
    SessionStore.clear_expired()


def sessions_of(account: User, *, now: datetime, current: str | None = None) -> list[SignedIn]:
    """Return where this person is signed in, this session first, then the latest.

    ``current`` is the key of the session that asks.
    """
    rows = Session.objects.filter(account=account, expire_date__gt=now)
    found = [_told(row, current) for row in rows.order_by("-expire_date", "session_key")]
    return sorted(found, key=lambda one: not one.current)


def end_session(account: User, handle: str) -> bool:
    """End one session of this person; return whether there was one of this handle."""
    for row in Session.objects.filter(account=account):
        if _handle(row) == handle:
            row.delete()
            return True
    return False


def end_sessions(account: User, *, but: str | None = None) -> int:
    """End all sessions of this person, but the one of this key; return how many there were."""
    return Session.objects.filter(account=account).exclude(session_key=but).delete()[0]


def _told(row: Session, current: str | None) -> SignedIn:
    begun = SessionStore().decode(row.session_data).get(BEGUN) or {}
    at = begun.get("at")
    return SignedIn(
        handle=_handle(row),
        since=datetime.fromisoformat(at) if at else None,
        address=begun.get("address", ""),
        browser=begun.get("browser", ""),
        until=row.expire_date,
        current=row.session_key == current,
    )


def _handle(row: Session) -> str:
    digest = salted_hmac("desk.register.sessions", row.session_key, algorithm="sha256")
    return digest.hexdigest()[:32]
