"""RFC 4998 section 5.3: which tokens of a chain still prove their time at a given moment.

A token proves its time by itself until the first certificate on its way to a trusted one ends,
or an algorithm of its signature is weak; what it is over is fixed by it until the digest
algorithm is weak. Beyond that it proves its time only through a later token that covers it, was
made before, and stands itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NEVER = datetime.max.replace(tzinfo=UTC)
Weak = Mapping[str, datetime]
"""Digest algorithm to the time from which it is not relied on."""


@dataclass(frozen=True)
class Vouch:
    """One token that was verified with a trusted authority's certificates.

    ``ends`` is when the first of its certificates ends, ``over`` the algorithm of the digest
    that it is over, ``signing`` those of its signature and certificates. ``number`` is that of
    its renewal (from 1), 0 for a first token; ``data`` says that it is over the data itself (a
    first token, a hash-tree renewal), ``covered`` that the renewals cover it.
    """

    where: str
    authority: str
    time: datetime
    ends: datetime
    over: str
    signing: frozenset[str]
    number: int = 0
    data: bool = True
    covered: bool = True

    def signed_until(self, weak: Weak) -> datetime:
        """Return the last moment at which its signature counts by itself."""
        from_weak = (_before(weak[name]) for name in self.signing if name in weak)
        return min([self.ends, *from_weak])

    def bound_until(self, weak: Weak) -> datetime:
        """Return the last moment at which its digest fixes what it is over."""
        return _before(weak[self.over]) if self.over in weak else NEVER

    def alone_until(self, weak: Weak) -> datetime:
        """Return the last moment at which it needs no later token."""
        return min(self.signed_until(weak), self.bound_until(weak))


_INSTANT = timedelta(microseconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC) + _INSTANT


def _before(start: datetime) -> datetime:
    """Return the last moment before ``start``, the first of all where there is none."""
    return max(start, _FIRST) - _INSTANT


def standing(vouches: Sequence[Vouch], weak: Weak, now: datetime) -> list[Vouch]:
    """Return those of ``vouches`` (first tokens, then renewals in order) that stand at ``now``."""
    found: list[Vouch] = []
    for vouch in sorted(vouches, key=lambda one: -one.number):
        later = [o for o in found if o.number > vouch.number and vouch.covered]
        again = [o for o in later if o.data] if vouch.data else later
        if _holds(vouch.signed_until(weak), later, now) and _holds(
            vouch.bound_until(weak), again, now
        ):
            found.append(vouch)
    return found[::-1]


def _holds(until: datetime, later: Sequence[Vouch], now: datetime) -> bool:
    return now <= until or any(one.time <= until for one in later)


def enough(vouches: Sequence[Vouch], weak: Weak, now: datetime, *, wanted: int) -> bool:
    """Say whether the first tokens prove their time at ``now`` as a policy wants it.

    That is: ``wanted`` first tokens stand, and tokens of as many authorities that stand need no
    later token yet.
    """
    good = standing(vouches, weak, now)
    first = [one for one in good if one.number == 0]
    alone = {one.authority for one in good if now <= one.alone_until(weak)}
    return len(first) >= wanted and len(alone) >= wanted


def stands_until(vouches: Sequence[Vouch], weak: Weak, *, wanted: int) -> datetime | None:
    """Return the last moment at which ``enough`` is so without another renewal; None if never."""
    moments = {limit for one in vouches for limit in (one.signed_until(weak),)}
    moments |= {one.bound_until(weak) for one in vouches}
    good = [m for m in moments if enough(vouches, weak, m, wanted=wanted)]
    return max(good, default=None)
