"""What the age of certificates and algorithms takes back, and why (RFC 4998 section 5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from evidence.format.times import format_time
from evidence.verify.standing import NEVER, Vouch, Weak, enough, standing, stands_until
from evidence.verify.verdict import Findings

CLAIM = "timestamp"


def conclude_age(
    vouches: Sequence[Vouch],
    weak: Weak,
    findings: Findings,
    *,
    wanted: int,
    where: str,
    now: datetime,
) -> None:
    """Take back what no longer stands; say until when the rest does if it was renewed."""
    first = [one for one in vouches if one.number == 0]
    if len(first) >= wanted and not enough(vouches, weak, now, wanted=wanted):
        for one in first:
            if one not in standing(vouches, weak, now):
                _fallen(one, weak, now, findings)
        findings.unchecked(
            "order",
            "The times rest on tokens that no longer count.",
            "各时间所依据的时间戳已不再有效。",
        )
        findings.unchecked(
            CLAIM,
            f"Fewer than {wanted} authorities still answer for the time on "
            f"{format_time(now)[:10]}; nothing renewed the tokens in time.",
            f"至 {format_time(now)[:10]}，仍能证明该时间的机构不足 {wanted} 家；时间戳未及时续期。",
            where if any(one.number for one in vouches) else None,
        )
    limit = stands_until(vouches, weak, wanted=wanted)
    if any(one.number for one in vouches) and limit not in (None, NEVER):
        findings.facts["renew_before"] = format_time(limit) if limit else None
    _other_claims(vouches, weak, findings, now)


def _fallen(one: Vouch, weak: Weak, now: datetime, findings: Findings) -> None:
    if now > one.signed_until(weak):
        date = format_time(one.signed_until(weak))[:10]
        findings.unchecked(
            CLAIM,
            f"The certificates of {one.authority} count until {date} only; no token that still "
            "stands renewed this one before.",
            f"{one.authority} 的证书仅在 {date} 前有效；在此之前没有仍然成立的续期时间戳。",
            one.where,
        )
    else:
        findings.unchecked(
            CLAIM,
            f"The trust policy declares {one.over.upper()} weak from {_date(weak[one.over])}, and "
            "the data was not hashed and stamped again before.",
            f"信任策略声明自 {_date(weak[one.over])} 起不再信赖 {one.over.upper()}，"
            "而此前未对数据重新计算摘要并加盖时间戳。",
            one.where,
        )


def _date(moment: datetime) -> str:
    return format_time(moment)[:10]


def _other_claims(vouches: Sequence[Vouch], weak: Weak, findings: Findings, now: datetime) -> None:
    """Inclusion rests on SHA-256; the manifest's list on SHA-256 and SM3 together."""
    again = [one for one in standing(vouches, weak, now) if one.number and one.data]
    rests: Mapping[str, tuple[str, ...]] = {"inclusion": ("sha256",), "manifest": ("sha256", "sm3")}
    for claim, algorithms in rests.items():
        end = max(weak.get(name, NEVER) for name in algorithms)
        if now < end or any(one.time < end for one in again):
            continue
        shown = ", ".join(name.upper() for name in algorithms)
        findings.unchecked(
            claim,
            f"The trust policy declares {shown} weak from {_date(end)}, and no renewal hashed the "
            "files again before.",
            f"信任策略声明自 {_date(end)} 起不再信赖 {shown}，而此前未重新计算各文件的摘要。",
        )
