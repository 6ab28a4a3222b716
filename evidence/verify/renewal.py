"""Renewed timestamps (``NAME.renewal.json``): does the exhibit still prove its time today?

A token proves its time by itself only until its authority's certificate ends or its algorithms
are declared weak (RFC 4998 section 5.3, ``evidence.verify.standing``). Without renewal the claim
is then not checked, and the verdict says why. Nothing is said of a package whose tokens still
stand by themselves and were never renewed. Not checked: revocation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cryptography import x509
from rfc3161_client._rust import parse_timestamp_request

from evidence.errors import EvidenceError, FormatError, ProofError
from evidence.format import names
from evidence.format.cms import signer_digest
from evidence.format.names import Sidecars
from evidence.format.renewal import HashTreeRenewal, Rehash, Renewal, Renewals, Stamped
from evidence.format.times import format_time
from evidence.verify.package import Package
from evidence.verify.papers import Papers
from evidence.verify.standing import NEVER, Vouch, Weak, enough, standing, stands_until
from evidence.verify.token import (
    MALFORMED,
    Token,
    certificates_of,
    check_request,
    parse_token,
    verify_token,
)
from evidence.verify.trust import Authority, Trust
from evidence.verify.verdict import Findings

CLAIM = "timestamp"
Again = Callable[[str], Rehash | None]


@dataclass
class Chain:
    """The tokens of an exhibit that were verified, oldest first, and what was found of others."""

    vouches: list[Vouch] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    renewals: Renewals | None = None

    @property
    def known(self) -> tuple[Renewal, ...]:
        """The renewals as they are written, verified or not."""
        return () if self.renewals is None else self.renewals.renewals


def weak_from(trust: Trust) -> Weak:
    """Return the algorithms that a trust policy declares weak, each with its time."""
    return {one.algorithm: one.start for one in trust.policy.weak}


def must_cover(sidecars: Sidecars) -> tuple[str, ...]:
    """Return the names that a hash-tree renewal has to list, at the least."""
    return (
        names.MANIFEST,
        sidecars.wacz,
        sidecars.attempt,
        sidecars.attempt_proof,
        sidecars.outcome,
        sidecars.outcome_proof,
    )


def vouch_for(
    token: Token, digest: bytes, authority: Authority, *, where: str, over: str, number: int = 0
) -> Vouch:
    """Return what ``authority`` vouches for with a token over ``digest``, or raise ProofError."""
    moment = verify_token(token, digest, authority)
    path = certificates_of(token, authority)
    signing = {signer_digest(token.response.time_stamp_token())}
    issued = [c for c in path if c not in authority.certificates] or list(path[:1])
    signing |= {name for c in issued if (name := _digest_of(c))}
    ends = min(c.not_valid_after_utc for c in path)
    return Vouch(where, authority.name, moment, ends, over, frozenset(signing), number)


def _digest_of(certificate: x509.Certificate) -> str | None:
    algorithm = certificate.signature_hash_algorithm
    return None if algorithm is None else algorithm.name


def check_renewal(
    package: Package, papers: Papers, trust: Trust | None, findings: Findings, *, now: datetime
) -> None:
    """Check every renewal, and that the claims resting on tokens and digests still stand."""
    manifest = package.manifest_bytes
    digest = None if manifest is None else hashlib.sha256(manifest).digest()

    def again(name: str) -> Rehash | None:
        if name == papers.sidecars.wacz:
            return Rehash.of(package.archive.window.chunks())
        data = manifest if name == names.MANIFEST else papers.get(name)
        return None if data is None else Rehash.of([data])

    chain = read_chain(papers, digest, trust, again, findings)
    if chain.told:
        findings.facts["renewals"] = chain.told
    if trust is not None:
        _conclude(chain, trust, papers.sidecars.renewal, findings, now)


def read_chain(
    papers: Papers, digest: bytes | None, trust: Trust | None, again: Again, findings: Findings
) -> Chain:
    """Return the tokens over ``digest`` (the manifest's) and the renewals that verify.

    ``again`` hashes one of the exhibit's files again (None: it is not here). What is wrong is
    noted in ``findings``; the first renewal that fails ends the chain.
    """
    where = papers.sidecars.renewal
    data = papers.get(where)
    chain = Chain()
    try:
        chain.renewals = None if data is None else Renewals.parse(data, where)
    except FormatError as error:
        findings.fault(CLAIM, where, error)
    if trust is None:
        chain.told = [_told(one, None) for one in chain.known]
        return chain
    if digest is not None:
        chain.vouches = _first_tokens(papers, digest, trust, chain.renewals)
    if chain.renewals is not None:
        _check_all(chain.renewals, papers, trust, again, chain, findings)
    return chain


def _first_tokens(
    papers: Papers, digest: bytes, trust: Trust, renewals: Renewals | None
) -> list[Vouch]:
    """Return the tokens over the manifest that verify; the others are told of elsewhere."""
    found = []
    for name in papers.tokens:
        authority = trust.authority(name)
        noun = papers.sidecars.response(name)
        if authority is None:
            continue
        try:
            token = parse_token(papers.files[noun], noun)
            vouch = vouch_for(token, digest, authority, where=noun, over="sha256")
        except EvidenceError:
            continue  # check_stamps names it
        covered = renewals is not None and name in renewals.tokens
        found.append(replace(vouch, covered=covered))
    return found


def _check_all(
    renewals: Renewals,
    papers: Papers,
    trust: Trust,
    again: Again,
    chain: Chain,
    findings: Findings,
) -> None:
    """Check renewal after renewal; the first that fails is named, and ends the chain."""
    where = papers.sidecars.renewal
    first = [papers.get(papers.sidecars.response(name)) for name in renewals.tokens]
    responses = [data for data in first if data is not None]
    if len(responses) != len(first):
        findings.unchecked(
            CLAIM,
            f"{where} renews tokens that are not here.",
            f"{where} 所续期的时间戳不在此处。",
            where,
        )
        return
    latest = max((vouch.time for vouch in chain.vouches), default=None)
    for number, one in enumerate(renewals.renewals, 1):
        try:
            if isinstance(one, HashTreeRenewal):
                _check_files(one, papers, again)
            covered = one.covered(renewals.earlier(responses, number - 1))
            vouch = _check_one(one, covered, number, trust, where)
        except EvidenceError as error:
            findings.invalid(
                CLAIM, where, f"Renewal {number}: {error.en}", f"第 {number} 次续期：{error.zh}"
            )
            return
        chain.told.append(_told(one, vouch))
        if vouch is None:
            continue
        if latest is not None and vouch.time < latest:
            findings.invalid(
                CLAIM,
                where,
                f"Renewal {number} is older than a token that it renews.",
                f"第 {number} 次续期早于其所续期的时间戳。",
            )
            return
        latest = vouch.time
        chain.vouches.append(vouch)


def _check_one(one: Renewal, covered: bytes, number: int, trust: Trust, where: str) -> Vouch | None:
    """Return what the renewal's token vouches for; None when its authority is not trusted."""
    stamped = one.token
    token = parse_token(stamped.response, where, algorithm=stamped.algorithm)
    digest = hashlib.new(stamped.algorithm, covered).digest()
    if token.imprint != digest:
        raise ProofError(
            "its token is over something else than what it renews.",
            "其时间戳针对的不是所续期的内容。",
        )
    _check_query(stamped, token)
    authority = trust.authority(stamped.authority)
    if authority is None:
        return None
    vouch = vouch_for(token, digest, authority, where=where, over=stamped.algorithm, number=number)
    return replace(vouch, data=isinstance(one, HashTreeRenewal))


def _check_query(stamped: Stamped, token: Token) -> None:
    try:
        request = parse_timestamp_request(stamped.request)
        whole = request.as_bytes() == stamped.request
    except MALFORMED as error:
        raise FormatError(
            "its request is not a timestamp request.", "其请求不是时间戳请求。"
        ) from error
    if not whole:
        raise FormatError("its request is not exactly one.", "其请求不恰是一份时间戳请求。")
    check_request(request, token, algorithm=stamped.algorithm)


def _check_files(one: HashTreeRenewal, papers: Papers, again: Again) -> None:
    """Compare what a hash-tree renewal hashed again with what is here."""
    listed = dict(one.files)
    for name in must_cover(papers.sidecars):
        if name not in listed:
            raise FormatError(f"it does not cover {name}.", f"未涵盖 {name}。")
    for name, stated in listed.items():
        actual = again(name)
        if actual is not None and actual != stated:
            raise ProofError(
                f"{name} is not the file that was hashed again (SHA-512 or SM3 differ).",
                f"{name} 与续期时重新计算的摘要不符（SHA-512 或 SM3 不同）。",
            )


def _told(one: Renewal, vouch: Vouch | None) -> dict[str, Any]:
    told = {"kind": one.kind, "authority": one.token.authority, "algorithm": one.token.algorithm}
    if vouch is None:
        return {**told, "trusted": False}
    return {**told, "trusted": True, "time": format_time(vouch.time)}


def _conclude(chain: Chain, trust: Trust, where: str, findings: Findings, now: datetime) -> None:
    """Take back what no longer stands; say until when the rest does if it was renewed."""
    weak, wanted = weak_from(trust), trust.policy.tokens
    first = [one for one in chain.vouches if one.number == 0]
    if len(first) >= wanted and not enough(chain.vouches, weak, now, wanted=wanted):
        for one in first:
            if one not in standing(chain.vouches, weak, now):
                _fallen(one, weak, now, findings)
        findings.unchecked(
            CLAIM,
            f"Fewer than {wanted} authorities still answer for the time on "
            f"{format_time(now)[:10]}; nothing renewed the tokens in time.",
            f"至 {format_time(now)[:10]}，仍能证明该时间的机构不足 {wanted} 家；时间戳未及时续期。",
            where if any(one.number for one in chain.vouches) else None,
        )
    limit = stands_until(chain.vouches, weak, wanted=wanted)
    if any(one.number for one in chain.vouches) and limit not in (None, NEVER):
        findings.facts["renew_before"] = format_time(limit) if limit else None
    _other_claims(chain, weak, findings, now)


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


def _other_claims(chain: Chain, weak: Weak, findings: Findings, now: datetime) -> None:
    """Inclusion rests on SHA-256; the manifest's list on SHA-256 and SM3 together."""
    again = [one for one in standing(chain.vouches, weak, now) if one.number and one.data]
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
