"""The tokens that bound the order of things: in the attempt's entry, and over the checkpoint.

The first proves that the entry, and so the manifest that names it, was made not earlier than
the token's time; the other that the log had these entries by its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rfc3161_client._rust import parse_timestamp_request

from evidence.errors import EvidenceError, FormatError, ProofError
from evidence.format.entry import Attempt
from evidence.format.stampednote import stamped_note
from evidence.format.times import format_time
from evidence.format.tlogproof import TlogProof
from evidence.verify.opensslts import Unavailable
from evidence.verify.papers import Papers
from evidence.verify.token import MALFORMED, Token, check_request, parse_token, verify_token
from evidence.verify.trust import Trust
from evidence.verify.verdict import Findings

CLAIM = "order"


@dataclass(frozen=True)
class Bounds:
    """What was proved by trusted authorities, and what is said of the lower bound.

    ``entry`` is the time before which the attempt cannot have been made, ``checkpoints`` the
    times by which the log held the outcome.
    """

    entry: datetime | None = None
    checkpoints: tuple[datetime, ...] = ()
    en: str = ""
    zh: str = ""


def check_bounds(
    papers: Papers, attempt: Attempt | None, trust: Trust | None, findings: Findings
) -> Bounds:
    """Check both kinds of token as far as they are there; return what they prove."""
    entry, en, zh = _check_entry(papers, attempt, trust, findings)
    return Bounds(entry, tuple(_check_checkpoint(papers, trust, findings)), en, zh)


def _check_entry(
    papers: Papers, attempt: Attempt | None, trust: Trust | None, findings: Findings
) -> tuple[datetime | None, str, str]:
    """Check the attempt's own token; entries of the first format had none to speak of."""
    if attempt is None or attempt.fresh is None:
        return None, "", ""
    fresh, where = attempt.fresh, papers.sidecars.attempt
    if fresh.token is None:
        findings.facts["not_earlier_than"] = {"no_token": fresh.no_token}
        en = f" Not earlier than: not bounded, the attempt has no token ({fresh.no_token})."
        return None, en, f"“不早于”无从限定：尝试条目没有时间戳（{fresh.no_token}）。"
    name = fresh.token.authority
    try:
        token = parse_token(fresh.token.response, f"{where}: token", algorithm=None)
        moment = _proved(token, attempt.stamped, name, trust, findings, "not_earlier_than")
    except Unavailable as error:
        findings.unchecked(CLAIM, f"{where}: {error.en}.", f"{where}：{error.zh}。", where)
        return None, "", ""
    except EvidenceError as error:
        findings.fault(CLAIM, where, error)
        return None, "", ""
    if moment is None:
        en = f" Not earlier than: not checked, no trusted certificate for {name}."
        return None, en, f"“不早于”未核查：没有 {name} 的可信证书。"
    told = format_time(moment)
    en = f" The attempt was made not earlier than {told} (its own token)."
    return moment, en, f"尝试不早于 {told}（其自身时间戳）。"


def _proved(
    token: Token, data: bytes, name: str, trust: Trust | None, findings: Findings, fact: str
) -> datetime | None:
    """Return the time of a token over ``data`` by a trusted authority; None without one."""
    digest = token.digest(data)
    if token.imprint != digest:
        raise ProofError(
            f"The token of {name} is over something else than what it stands with.",
            f"{name} 的时间戳针对的不是其所附的内容。",
        )
    authority = trust.authority(name) if trust else None
    stated: dict[str, Any] = {"authority": name, "time": format_time(token.time)}
    stated |= {"trusted": authority is not None}
    if authority is not None:
        verify_token(token, digest, authority)
        stated["trial"] = authority.trial
    if fact == "not_earlier_than":
        findings.facts[fact] = stated
    else:
        findings.facts.setdefault(fact, []).append(stated)
    return None if authority is None else token.time


def _check_checkpoint(papers: Papers, trust: Trust | None, findings: Findings) -> list[datetime]:
    """Check every token over the checkpoint of the proofs."""
    proved: list[datetime] = []
    proof = papers.get(papers.sidecars.outcome_proof)
    for name in papers.checkpoint_tokens:
        asked, answered = papers.sidecars.checkpoint(name)
        try:
            if proof is None:
                raise FormatError(
                    f"There is no {papers.sidecars.outcome_proof} that it could be over.",
                    f"没有它所针对的 {papers.sidecars.outcome_proof}。",
                )
            note = stamped_note(TlogProof.parse(proof, papers.sidecars.outcome_proof).checkpoint)
            token = parse_token(papers.files[answered], answered, algorithm=None)
            _check_asked(papers.get(asked), asked, token)
            moment = _proved(token, note, name, trust, findings, "checkpoint_tokens")
            proved += [] if moment is None else [moment]
        except Unavailable as error:
            findings.unchecked(CLAIM, f"{answered}: {error.en}.", f"{answered}：{error.zh}。")
        except EvidenceError as error:
            findings.fault(CLAIM, answered, error)
    _no_request_alone(papers, findings)
    return proved


def _check_asked(request: bytes | None, name: str, token: Token) -> None:
    try:
        if request is not None and parse_timestamp_request(request).as_bytes() == request:
            check_request(parse_timestamp_request(request), token)
            return
    except MALFORMED:
        pass
    raise FormatError(f"{name} is not exactly one request.", f"{name} 不恰是一份时间戳请求。")


def _no_request_alone(papers: Papers, findings: Findings) -> None:
    """A request over the checkpoint without its response has no place in a dossier."""
    for file in papers.further:
        if ".checkpoint." in file and file.endswith(".tsq"):
            response = file.removesuffix(".tsq") + ".tsr"
            if papers.get(response) is None:
                findings.invalid(
                    CLAIM,
                    file,
                    f"{file} is there without {response}.",
                    f"有 {file} 而无 {response}。",
                )
