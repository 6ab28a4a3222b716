"""Renewing an exhibit's timestamps (RFC 4998 section 5.2): further tokens, before it is too late.

What is asked for, verified and written here is ``NAME.renewal.json``; a dossier beside it is
written again with it. Nothing is written unless the exhibit then stands longer than before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.authority import Authority, stamp
from evidence.authority.revocation import MOST, RevocationData
from evidence.errors import AuthorityError, SealError
from evidence.format.digests import read_chunks
from evidence.format.names import MANIFEST
from evidence.format.renewal import (
    HashTreeRenewal,
    Rehash,
    Renewal,
    Renewals,
    Stamped,
    TimestampRenewal,
    hash_tree_data,
)
from evidence.format.times import format_time
from evidence.format.zipform import read_zip
from evidence.keeping.dossier import Rewrite, write_dossier
from evidence.keeping.due import Due, due_of, lacking, verified_chain
from evidence.keeping.exhibit import Kept, Opener, open_plain
from evidence.log.durable import replace_file
from evidence.verify.papers import Papers
from evidence.verify.renewal import Chain, must_cover, weak_from
from evidence.verify.trust import Trust

Clock = Callable[[], datetime]
Revocation = Callable[[str, bytes], Sequence[RevocationData]]
"""Fetches that day's revocation data, given an authority's name and its response."""
REVOCATION = "revocation"
"""The kind of what became of an exhibit whose renewals got their revocation data later."""
KEPT = 4 << 20
"""Lists and responses larger than this are not kept with a renewal."""
STAMPED = (".tsq", ".tsr", ".crl", ".ocsp")
"""What a hash-tree renewal hashes again besides what it must: requests, tokens, revocation."""


@dataclass(frozen=True)
class Renewed:
    """What became of one exhibit: until when it stood and stands, by whom it was renewed."""

    before: Due
    after: Due
    kind: str
    authorities: tuple[str, ...]


def no_revocation(_name: str, _response: bytes) -> Sequence[RevocationData]:
    """Return nothing: the authorities' revocation data is not asked for."""
    return ()


def renew(
    kept: Kept,
    *,
    trust: Trust,
    authorities: Sequence[Authority],
    clock: Clock,
    content: Opener = open_plain,
    rewrite: Rewrite = write_dossier,
    revocation: Revocation = no_revocation,
    always: bool = False,
) -> Renewed | None:
    """Renew one exhibit if it is due (or ``always``); None when there is time.

    Every authority is asked in turn; a token counts only if its certificate ends later than
    what stands now. Raises SealError when it is too late, and when nothing would be gained.
    Where there is time, but the policy requires revocation data that an earlier renewal lacks, it
    is asked for again.
    """
    papers, now = kept.papers(), clock()
    chain = verified_chain(kept, trust, papers=papers)
    before = due_of(kept, chain, trust, now=now)
    if before.alarm is None and not always:
        return _completed(kept, chain, before, trust, revocation, rewrite)
    if before.until is None:
        raise SealError(
            f"{kept.name} can no longer be renewed: its last tokens ended before they were "
            "renewed. They are kept as they are.",
            f"{kept.name} 已不能续期：其时间戳在续期之前已失效。原件保持不变。",
        )
    renewals = chain.renewals or Renewals(_first(papers), ())
    added, why = [], []
    for authority in authorities:
        try:
            made = _one(kept, papers, renewals, authority, trust, before, content, clock)
        except AuthorityError as error:
            why.append(error)
            continue
        if _gains(kept, papers, made, trust, before):
            renewals = _with_revocation(made, revocation)
            added.append(authority.name)
    after = before
    if added:
        after = due_of(kept, _read(kept, papers, renewals, trust), trust, now=now)
    if after.until is None or after.until <= before.until:
        raise _nothing_gained(kept, before, why)
    replace_file(kept.path(kept.sidecars.renewal), renewals.to_bytes())
    rewrite(kept)
    return Renewed(before, after, renewals.renewals[-1].kind, tuple(added))


def _completed(
    kept: Kept,
    chain: Chain,
    before: Due,
    trust: Trust,
    revocation: Revocation,
    rewrite: Rewrite,
) -> Renewed | None:
    """Write the renewals with the revocation data that came now; None when none is due or came."""
    wanted = lacking(chain, trust)
    if chain.renewals is None or not wanted:
        return None
    rows = [_asked(one, revocation) if one in wanted else one for one in chain.renewals.renewals]
    came = [one.token.authority for one in rows if one not in chain.renewals.renewals]
    if not came:
        return None
    replace_file(
        kept.path(kept.sidecars.renewal), replace(chain.renewals, renewals=tuple(rows)).to_bytes()
    )
    rewrite(kept)
    return Renewed(before, before, REVOCATION, tuple(dict.fromkeys(came)))


def asked_once(revocation: Revocation) -> Revocation:
    """Return the same for one run: an authority that gave nothing is not asked again in it."""
    silent: set[str] = set()

    def fetch(name: str, response: bytes) -> Sequence[RevocationData]:
        found = () if name in silent else revocation(name, response)
        if not found:
            silent.add(name)
        return found

    return fetch


def _first(papers: Papers) -> tuple[str, ...]:
    """Return the first tokens by the names that a renewal gives them."""
    return tuple(sorted([*papers.tokens, *(f"checkpoint.{n}" for n in papers.checkpoint_tokens)]))


def _one(
    kept: Kept,
    papers: Papers,
    renewals: Renewals,
    authority: Authority,
    trust: Trust,
    before: Due,
    content: Opener,
    clock: Clock,
) -> Renewals:
    """Return the renewals with one more, by ``authority``; raises AuthorityError."""
    first = [papers.files[papers.sidecars.response(name)] for name in renewals.tokens]
    earlier = renewals.earlier(first, len(renewals.renewals))
    algorithm = "sha512" if before.again or "sha256" in weak_from(trust) else "sha256"
    if before.again:
        files = rehashed(kept, papers, content)
        tokens, data = hash_tree_data(files, earlier)
    else:
        data = b"".join(earlier)
    token = stamp(authority, data, clock=clock, algorithm=algorithm)
    stamped = Stamped(authority.name, algorithm, token.request, token.response)
    one: Renewal = TimestampRenewal(stamped)
    if before.again:
        one = HashTreeRenewal(tuple(sorted(files)), tokens, stamped)
    return replace(renewals, renewals=(*renewals.renewals, one))


def _with_revocation(renewals: Renewals, revocation: Revocation) -> Renewals:
    """Return the renewals, the newest of them with its revocation data as far as it was had."""
    *before, newest = renewals.renewals
    return replace(renewals, renewals=(*before, _asked(newest, revocation)))


def _asked(renewal: Renewal, revocation: Revocation) -> Renewal:
    token = renewal.token
    found = [one for one in revocation(token.authority, token.response) if len(one.data) <= KEPT]
    kept = tuple((one.kind, one.data) for one in found[:MOST])
    return replace(renewal, token=replace(token, revocation=kept))


def rehashed(kept: Kept, papers: Papers, content: Opener) -> list[tuple[str, Rehash]]:
    """Return SHA-512 and SM3 of manifest, package and sidecars; reads the whole package."""
    found = []
    with closing(content(kept, kept.sidecars.wacz)) as source:
        entry = next((one for one in read_zip(source) if one.name == MANIFEST), None)
        if entry is None:
            raise SealError(f"{kept.name} has no manifest.", f"{kept.name} 中没有清单。")
        source.seek(entry.data_offset)
        found.append((MANIFEST, Rehash.of([source.read(entry.size)])))
        source.seek(0)
        found.append((kept.sidecars.wacz, Rehash.of(read_chunks(source))))
    for name in papers.files:
        if name in must_cover(kept.sidecars) or name.endswith(STAMPED):
            found.append((name, Rehash.of([papers.files[name]])))
    missing = set(must_cover(kept.sidecars)) - {name for name, _ in found}
    if missing:
        shown = ", ".join(sorted(missing))
        raise SealError(
            f"{kept.name} lacks {shown}; put it back before renewing.",
            f"{kept.name} 缺少 {shown}；请先恢复再续期。",
        )
    return found


def _read(kept: Kept, papers: Papers, renewals: Renewals, trust: Trust) -> Chain:
    files = {**papers.files, kept.sidecars.renewal: renewals.to_bytes()}
    return verified_chain(kept, trust, papers=Papers(papers.sidecars, files))


def _gains(kept: Kept, papers: Papers, made: Renewals, trust: Trust, before: Due) -> bool:
    """Say whether the newest token verifies, is trusted, and ends later than what stands now."""
    vouches = _read(kept, papers, made, trust).vouches
    newest = next((one for one in vouches if one.number == len(made.renewals)), None)
    return (
        newest is not None
        and before.until is not None
        and newest.alone_until(weak_from(trust)) > before.until
    )


def _nothing_gained(kept: Kept, before: Due, why: Sequence[AuthorityError]) -> SealError:
    until = format_time(before.until)[:10] if before.until else "?"
    en, zh = "; ".join(e.en for e in why), "；".join(e.zh for e in why)
    return SealError(
        f"{kept.name} stands until {until}, and no configured authority that is in the trust "
        f"folder answers for longer; add one. {en}".strip(),
        f"{kept.name} 的时间证明至 {until}，而已配置且在信任文件夹中的机构均不能延长；"
        f"请增加机构。{zh}",
    )
