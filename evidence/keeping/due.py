"""When an exhibit's timestamps have to be renewed; alarms 180, 90 and 30 days before.

What ends is read from the certificates in the kept tokens and from the trust policy's weak
algorithms, by the verifier's own rules (``evidence.verify.standing``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.authority.revocation import names_sources, pem
from evidence.errors import EvidenceError, SealError
from evidence.format.renewal import Renewal
from evidence.format.times import format_time
from evidence.keeping.exhibit import Kept, find
from evidence.verify.papers import Papers
from evidence.verify.renewal import (
    Again,
    Chain,
    named,
    nothing_again,
    read_chain,
    wanted_of,
    weak_from,
)
from evidence.verify.standing import NEVER, Vouch, enough, stands_until
from evidence.verify.trust import Trust
from evidence.verify.verdict import Findings

ALARMS = (180, 90, 30)


@dataclass(frozen=True)
class Due:
    """Until when an exhibit proves its time without another renewal (None: no longer).

    ``alarm`` is the smallest of 180, 90, 30 that its days left are within, 0 when it is too
    late, None when there is time. ``again`` says that the data has to be hashed again;
    ``lacking``, that the policy requires revocation data which a renewal does not have yet.
    """

    kept: Kept
    until: datetime | None
    alarm: int | None
    again: bool
    lacking: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.kept.name,
            "folder": str(self.kept.folder),
            "until": None if self.until is None else format_time(self.until),
            "alarm": self.alarm,
            "hash_again": self.again,
        }


def verified_chain(
    kept: Kept, trust: Trust, *, papers: Papers | None = None, again: Again = nothing_again
) -> Chain:
    """Return the exhibit's tokens that verify; SealError when a kept renewal does not."""
    findings = Findings(frozenset())
    over = named(kept.outcome.manifest_sha256)
    chain = read_chain(papers or kept.papers(), over, trust, again, findings)
    for claim in findings.claims:
        raise SealError(f"{kept.name}: {claim.en}", f"{kept.name}：{claim.zh}")
    if chain.renewals is not None and len(chain.told) != len(chain.known):
        raise SealError(
            f"{kept.name}: a renewal could not be checked.", f"{kept.name}：续期记录无法核查。"
        )
    if not any(vouch.number == 0 for vouch in chain.vouches):
        raise SealError(
            f"{kept.name} has no token of an authority in the trust folder; put its roots there.",
            f"{kept.name} 没有信任文件夹所列机构的时间戳；请将其根证书加入信任文件夹。",
        )
    return chain


def due(kept: Kept, trust: Trust, *, now: datetime) -> Due:
    """Return when one exhibit has to be renewed; raises SealError when that cannot be said."""
    chain = verified_chain(kept, trust)
    found = due_of(kept, chain, trust, now=now)
    return replace(found, lacking=bool(lacking(chain, trust)))


def lacking(chain: Chain, trust: Trust) -> list[Renewal]:
    """Return the renewals without the revocation data that the policy requires and that can be had.

    The certificates of their tokens name where it is: it could not be reached on that day.
    """
    if not trust.policy.revocation or chain.renewals is None:
        return []
    return [
        one
        for one in chain.renewals.renewals
        if not one.token.revocation
        and (authority := trust.authority(one.token.authority)) is not None
        and names_sources(one.token.response, pem(authority.certificates))
    ]


def due_of(kept: Kept, chain: Chain, trust: Trust, *, now: datetime) -> Due:
    """Return the same from a chain that was read."""
    weak, wanted = weak_from(trust), wanted_of(chain.vouches, trust)
    if not enough(chain.vouches, weak, now, wanted=wanted):
        return Due(kept, None, 0, again=False)
    until = stands_until(chain.vouches, weak, wanted=wanted) or now
    left = until - now
    alarm = min((days for days in ALARMS if left <= timedelta(days=days)), default=None)
    again = _data_again(chain, trust, now)
    if again and kept.erased:
        return Due(kept, until, None, again=False)  # there is nothing left to hash again
    return Due(kept, until, alarm, again=again)


def _data_again(chain: Chain, trust: Trust, now: datetime) -> bool:
    """Say whether a token over the tokens alone would gain nothing: the data's digest ages."""
    weak = weak_from(trust)
    covered = [replace(one, covered=True) for one in chain.vouches]
    further = Vouch(
        "", "", now, NEVER, "sha512", frozenset({"sha512"}), len(chain.known) + 1, data=False
    )
    before = stands_until(covered, weak, wanted=1)
    after = stands_until([*covered, further], weak, wanted=1)
    return before is not None and after is not None and after <= before


def alarms(found: Iterable[Due]) -> list[Due]:
    """Return those that have to be renewed, the most urgent first."""
    late = [one for one in found if one.alarm is not None]
    return sorted(late, key=lambda one: (one.alarm, one.kept.name))


@dataclass(frozen=True)
class Survey:
    """What was found of all exhibits below a folder: how many, the alarms, and what is wrong.

    ``lacking`` are those without alarm of which revocation data is to be asked for again.
    """

    count: int
    alarms: tuple[Due, ...]
    faults: tuple[EvidenceError, ...]
    lacking: tuple[Due, ...] = ()


def survey(place: Path, trust: Trust, *, now: datetime) -> Survey:
    """Look at every exhibit of a file or below a folder; one that is broken stops nothing."""
    found, faults = [], []
    for kept in find(place):
        try:
            found.append(due(kept, trust, now=now))
        except EvidenceError as error:
            faults.append(error)
    again = tuple(one for one in found if one.lacking and one.alarm is None)
    return Survey(len(found) + len(faults), tuple(alarms(found)), tuple(faults), again)
