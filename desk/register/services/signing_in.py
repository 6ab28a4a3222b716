"""Signing in without guessing: failures are counted by account and by address.

Every attempt is a row before its password is looked at, so guesses made side by side
count too. Accounts that do not exist are counted like those that do: the answers tell
nothing. A name is kept as a keyed digest (people type passwords into the wrong field).
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils.crypto import salted_hmac

from desk.register.models import SignInAttempt, SignInOutcome, User

WITHIN = timedelta(minutes=15)
OF_ACCOUNT = 10
OF_ADDRESS = 50
"""Many people may share one address; one person has one account."""
KEPT = timedelta(days=180)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """One attempt; ``wait`` is how long nobody is let in, None when it may go on."""

    row: SignInAttempt
    wait: timedelta | None


def begin_sign_in(*, name: str, address: str, now: datetime) -> Attempt:
    """Record an attempt as failed and return it, refused when there were too many.

    In 15 minutes an account has 10 failures since it was last signed in to, an address 50
    (an IPv6 address counts with its /64). A refused attempt prolongs nothing.
    """
    SignInAttempt.objects.filter(at__lt=now - KEPT).delete()
    key, network = _key(name), _network(address)
    row = SignInAttempt.objects.create(
        at=now, account=User.objects.filter(username=name).first(), name_key=key, address=network
    )
    failed = SignInAttempt.objects.filter(
        at__gt=now - WITHIN, outcome=SignInOutcome.FAILED, pk__lt=row.pk
    )
    wait = max(
        _wait(failed.filter(name_key=key), OF_ACCOUNT, now=now),
        _wait(failed.filter(address=network), OF_ADDRESS, now=now),
    )
    if not wait:
        return Attempt(row, None)
    SignInAttempt.objects.filter(pk=row.pk).update(outcome=SignInOutcome.REFUSED)
    _log.warning("Sign-in refused after too many failures, from %s.", network)
    return Attempt(row, wait)


def signed_in(attempt: Attempt) -> None:
    """Record that an attempt's password was right: the account's failures are forgiven."""
    row = attempt.row
    SignInAttempt.objects.filter(pk=row.pk).update(outcome=SignInOutcome.SUCCEEDED)
    SignInAttempt.objects.filter(
        name_key=row.name_key, outcome=SignInOutcome.FAILED, pk__lt=row.pk
    ).update(outcome=SignInOutcome.FORGIVEN)


def _wait(failed: QuerySet[SignInAttempt], most: int, *, now: datetime) -> timedelta:
    """Return how long until fewer than ``most`` of the failures are recent."""
    times = list(failed.order_by("-at", F("pk").desc()).values_list("at", flat=True)[:most])
    return times[-1] + WITHIN - now if len(times) == most else timedelta()


def _key(name: str) -> str:
    return salted_hmac(
        "desk.register.sign-in", name.strip().casefold(), algorithm="sha256"
    ).hexdigest()


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
