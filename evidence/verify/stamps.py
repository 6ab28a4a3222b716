"""The timestamps of a package, and the order of all its times."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from rfc3161_client._rust import parse_timestamp_request

from evidence.errors import EvidenceError, ProofError
from evidence.format import names
from evidence.format.counted import counted
from evidence.format.entry import Attempt, Sealed
from evidence.format.manifest import Manifest
from evidence.format.times import format_time
from evidence.verify.bounds import Bounds
from evidence.verify.opensslts import Unavailable
from evidence.verify.papers import Papers
from evidence.verify.token import (
    MALFORMED,
    Due,
    Token,
    check_request,
    parse_token,
    verify_token,
)
from evidence.verify.trust import Trust
from evidence.verify.verdict import Findings

CLAIM = "timestamp"
CLOCK_TOLERANCE = timedelta(minutes=5)
NO_BOUNDS = Bounds()


def check_stamps(
    papers: Papers, due: Due, trust: Trust | None, findings: Findings
) -> list[datetime]:
    """Check every token against the manifest and its authority; return the proved times.

    ``due`` tells what each of them has to be over.
    """
    proved: list[datetime] = []
    pending: list[tuple[str, str, str]] = []
    for name in papers.tokens:
        where = papers.sidecars.response(name)
        if not _request_fits(papers, name, findings):
            continue
        try:
            token = _parsed(papers, name, findings)
            digest = due(token)
            _over_manifest(token, digest, where)
            authority = trust.authority(name) if trust else None
            stated: dict[str, Any] = {"authority": name, "time": format_time(token.time)}
            if authority is None or digest is None:
                stated |= {"trusted": False}
                pending.append((where, *_not_checked(name, digest)))
            else:
                proved.append(verify_token(token, digest, authority))
                stated |= {"trusted": True, "trial": authority.trial}
            findings.facts.setdefault("tokens", []).append(stated)
        except Unavailable as error:
            pending.append((where, f"{where}: {error.en}.", f"{where}：{error.zh}。"))
        except EvidenceError as error:
            findings.fault(CLAIM, where, error)
    _conclude(proved, pending, trust, findings)
    return proved


def _not_checked(name: str, digest: bytes | None) -> tuple[str, str]:
    if digest is None:
        en = f"The token of {name} was not checked: {names.MANIFEST} cannot be read."
        return en, f"未核查 {name} 的时间戳：{names.MANIFEST} 无法读取。"
    en = f"The token of {name} was not checked: no trusted certificate for it."
    return en, f"未核查 {name} 的时间戳：没有其可信证书。"


def _request_fits(papers: Papers, name: str, findings: Findings) -> bool:
    """Say whether the request beside a token is exactly one; note what is wrong with it."""
    where = papers.sidecars.request(name)
    request = papers.get(where)
    if request is None:
        findings.unchecked(CLAIM, f"{where} is not there.", f"没有 {where}。", where)
        return False
    try:
        if parse_timestamp_request(request).as_bytes() == request:
            return True
    except MALFORMED:
        pass
    findings.invalid(
        CLAIM, where, f"{where} is not exactly one request.", f"{where} 不恰是一份时间戳请求。"
    )
    return False


def _over_manifest(token: Token, digest: bytes | None, noun: str) -> None:
    if digest is not None and token.imprint != digest:
        raise ProofError(
            f"{noun} is over another digest than that of {names.MANIFEST}.",
            f"{noun} 针对的不是 {names.MANIFEST} 的摘要。",
        )


def _parsed(papers: Papers, name: str, findings: Findings) -> Token:
    noun = papers.sidecars.response(name)
    token = parse_token(papers.files[noun], noun, algorithm=None)
    request_name = papers.sidecars.request(name)
    try:
        check_request(parse_timestamp_request(papers.files[request_name]), token)
    except ProofError as error:
        findings.fault(CLAIM, request_name, error)
        raise
    return token


def _conclude(
    proved: list[datetime],
    pending: list[tuple[str, str, str]],
    trust: Trust | None,
    findings: Findings,
) -> None:
    wanted = trust.policy.needed(proved) if trust else 1
    if trust is not None and len(proved) >= wanted:
        latest = format_time(min(proved))
        findings.valid(
            CLAIM,
            f"{counted(len(proved), 'trusted token', 'trusted tokens')} over the manifest: it "
            f"existed by {latest}.",
            f"清单有 {len(proved)} 枚可信时间戳：不晚于 {latest} 已存在。",
        )
        return
    for where, en, zh in pending:
        findings.unchecked(CLAIM, en, zh, where)
    findings.unchecked(
        CLAIM,
        f"{len(proved)} of {wanted} required trusted tokens were found.",
        f"要求 {wanted} 枚可信时间戳，得到 {len(proved)} 枚。",
    )


def _steps(
    manifest: Manifest,
    attempt: Attempt,
    outcome: Sealed,
    stamps: list[datetime],
    bounds: Bounds,
    slack: timedelta,
) -> list[tuple[str, str, datetime, timedelta]]:
    """Return the times in the order in which they should be, each with what may lack."""
    steps = [
        ("attempt", "尝试", attempt.time, slack),
        ("start of the capture", "固证开始", manifest.started, timedelta()),
        ("end of the capture", "固证结束", manifest.finished, timedelta()),
        ("first token", "首枚时间戳", min(stamps), slack),
        ("last token", "末枚时间戳", max(stamps), timedelta()),
        ("outcome", "结果", outcome.time, slack),
    ]
    if bounds.entry is not None:
        steps.insert(0, ("token of the attempt", "尝试的时间戳", bounds.entry, timedelta()))
    for moment in sorted(bounds.checkpoints)[:1]:
        steps.append(("first token over the checkpoint", "检查点的首枚时间戳", moment, slack))
    return steps


def check_order(
    manifest: Manifest | None,
    manifest_place: str,
    attempt: Attempt | None,
    outcome: Sealed | None,
    stamps: list[datetime],
    findings: Findings,
    *,
    bounds: Bounds = NO_BOUNDS,
    tolerance: timedelta | None = None,
) -> None:
    """Check attempt <= capture <= token <= outcome, each stated by who knows it.

    Where ``bounds`` has them, the attempt's own token comes first and those over the checkpoint
    last. Our clock and an authority's may differ by ``tolerance`` (None: 5 minutes).
    """
    slack = CLOCK_TOLERANCE if tolerance is None else tolerance
    if manifest is None or attempt is None or outcome is None or not stamps:
        findings.unchecked(
            "order",
            "Some of the times are not there or not proved.",
            "有的时间缺失或未经证明。",
        )
        return
    steps = _steps(manifest, attempt, outcome, stamps, bounds, slack)
    for (en, zh, earlier, _), (next_en, next_zh, later, allowed) in pairwise(steps):
        if earlier - later > allowed:
            findings.invalid(
                "order",
                manifest_place,
                f"The {next_en} ({format_time(later)}) is before the {en} "
                f"({format_time(earlier)}).",
                f"{next_zh}（{format_time(later)}）早于{zh}（{format_time(earlier)}）。",
            )
    findings.valid(
        "order",
        f"Attempt, capture, token and outcome follow one another "
        f"({format_time(attempt.time)} to {format_time(outcome.time)}).{bounds.en}",
        f"尝试、固证、时间戳、结果先后相继"
        f"（{format_time(attempt.time)} 至 {format_time(outcome.time)}）。{bounds.zh}",
    )
