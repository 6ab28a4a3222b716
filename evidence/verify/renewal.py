"""Renewed timestamps (``NAME.renewal.json``): does the exhibit still prove its time today?

A token proves its time by itself only until its authority's certificate ends or its algorithms
are declared weak (RFC 4998 section 5.3, ``evidence.verify.standing``). Without renewal the claim
is then not checked, and the verdict says why. Nothing is said of a package whose tokens still
stand by themselves and were never renewed. Not checked here: revocation, which
``evidence.verify.revocation`` checks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
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
from evidence.format.sm2 import is_sm2
from evidence.format.times import format_time
from evidence.verify.ageing import conclude_age
from evidence.verify.package import Package
from evidence.verify.papers import Papers
from evidence.verify.standing import Vouch, Weak
from evidence.verify.token import (
    MALFORMED,
    Due,
    Token,
    certificates_of,
    check_request,
    over,
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
    token: Token, digest: bytes, authority: Authority, *, where: str, number: int = 0
) -> Vouch:
    """Return what ``authority`` vouches for with a token over ``digest``, or raise ProofError."""
    moment = verify_token(token, digest, authority)
    path = certificates_of(token, authority)
    signing = {_signed_with(token)}
    issued = [c for c in path if c not in authority.certificates] or list(path[:1])
    signing |= {name for c in issued if (name := _digest_of(c))}
    ends = min(c.not_valid_after_utc for c in path)
    over = token.algorithm
    return Vouch(where, authority.name, moment, ends, over, frozenset(signing), number)


def _signed_with(token: Token) -> str:
    try:
        return signer_digest(token.response.time_stamp_token())
    except FormatError:
        return "unknown"  # of no algorithm that a policy can declare weak


def _digest_of(certificate: x509.Certificate) -> str | None:
    if is_sm2(certificate):
        return "sm3"
    algorithm = certificate.signature_hash_algorithm
    return None if algorithm is None else algorithm.name


def check_renewal(
    package: Package, papers: Papers, trust: Trust | None, findings: Findings, *, now: datetime
) -> None:
    """Check every renewal, and that the claims resting on tokens and digests still stand."""
    manifest = package.manifest_bytes

    def again(name: str) -> Rehash | None:
        if name == papers.sidecars.wacz:
            return Rehash.of(package.archive.window.chunks())
        data = manifest if name == names.MANIFEST else papers.get(name)
        return None if data is None else Rehash.of([data])

    check_standing(papers, over(manifest), trust, findings, now=now, again=again)


def named(manifest_sha256: str) -> Due:
    """Return what a token over a manifest is to be over when only its SHA-256 (hex) is known.

    A token over another digest is taken at its word: it was compared when it was sealed.
    """

    def due(token: Token) -> bytes:
        return bytes.fromhex(manifest_sha256) if token.algorithm == "sha256" else token.imprint

    return due


def nothing_again(name: str) -> Rehash | None:
    """Hash nothing again: what a hash-tree renewal says of the files is then not compared."""
    return None


def check_standing(
    papers: Papers,
    due: Due,
    trust: Trust | None,
    findings: Findings,
    *,
    now: datetime,
    again: Again = nothing_again,
) -> None:
    """Check the same from the papers alone; ``again`` hashes a file again if it is here."""
    chain = read_chain(papers, due, trust, again, findings)
    if chain.told:
        findings.facts["renewals"] = chain.told
    if trust is not None:
        conclude_age(
            chain.vouches,
            weak_from(trust),
            findings,
            wanted=wanted_of(chain.vouches, trust),
            where=papers.sidecars.renewal,
            now=now,
        )


def wanted_of(vouches: Sequence[Vouch], trust: Trust) -> int:
    """Return how many first tokens the policy wants of an exhibit that has these."""
    return trust.policy.needed([one.time for one in vouches if one.number == 0])


def read_chain(
    papers: Papers, due: Due, trust: Trust | None, again: Again, findings: Findings
) -> Chain:
    """Return the tokens over the manifest (as ``due`` has it) and the renewals that verify.

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
    chain.vouches = _first_tokens(papers, due, trust, chain.renewals)
    if chain.renewals is not None:
        _check_all(chain.renewals, papers, trust, again, chain, findings)
    return chain


def _first_tokens(papers: Papers, due: Due, trust: Trust, renewals: Renewals | None) -> list[Vouch]:
    """Return the tokens over the manifest that verify; the others are told of elsewhere."""
    found = []
    for name in papers.tokens:
        authority = trust.authority(name)
        noun = papers.sidecars.response(name)
        if authority is None:
            continue
        try:
            token = parse_token(papers.files[noun], noun, algorithm=None)
            digest = due(token)
            if digest is None:
                continue
            vouch = vouch_for(token, digest, authority, where=noun)
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
    vouch = vouch_for(token, digest, authority, where=where, number=number)
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
