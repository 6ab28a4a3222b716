"""Asking the configured authorities for tokens; what came is kept and used again."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from evidence.authority import Authorities, NamedAuthority, Token
from evidence.authority.client import check_kept
from evidence.errors import AuthorityError
from evidence.format.attempt import case_tag, url_commitment
from evidence.format.entry import Fresh, FreshToken, fresh_data
from evidence.log import Fault
from evidence.log.durable import replace_file

Clock = Callable[[], datetime]
Pause = Callable[[float], None]
DELAYS = (0.5, 2.0)
"""Seconds before an authority that could not be reached is asked again, within one run."""
FRESH_LIMIT = 40_000
"""Bytes of a token that still fits into a log entry."""
FRESH_PATIENCE = 20.0
"""Seconds after which no further authority is asked for an attempt's token: the page waits."""


@dataclass(frozen=True)
class Gathered:
    """The tokens that are there and, for each authority without one, why.

    ``enough`` says that they suffice: as many as are required, and no more authorities disagree
    with our clock than agree with it. ``heard`` has what each authority answered that was asked
    in this run.
    """

    tokens: tuple[Token, ...]
    missing: tuple[str, ...]
    enough: bool
    heard: Mapping[str, Token | AuthorityError] = field(default_factory=dict)


def gather_tokens(
    folder: Path,
    stamping: Authorities,
    data: bytes,
    *,
    clock: Clock,
    fault: Fault,
    pause: Pause = time.sleep,
) -> Gathered:
    """Ask every authority for a token over ``data``; keep what comes in ``folder``.

    A token that an earlier run kept is used again. Who cannot be reached is asked again after
    ``DELAYS``; what remains missing is left to the next run.
    """
    kept = {item.name: _kept(folder, item, data) for item in stamping.named}
    asked = [item for item in stamping.named if kept[item.name] is None]

    def ask(item: NamedAuthority) -> Token | AuthorityError:
        return _ask(item, data, stamping, clock=clock, pause=pause)

    with ThreadPoolExecutor(max_workers=max(1, len(asked))) as pool:
        answers = list(pool.map(ask, asked))
    missing: list[AuthorityError] = []
    for item, answer in zip(asked, answers, strict=True):
        if isinstance(answer, AuthorityError):
            missing.append(answer)
            continue
        fault(f"token of {item.name} came")
        replace_file(folder / f"{item.name}.tsq", answer.request)
        fault(f"token of {item.name} half kept")
        replace_file(folder / f"{item.name}.tsr", answer.response)
        kept[item.name] = answer
    tokens = tuple(token for item in stamping.named if (token := kept[item.name]) is not None)
    disagree = sum(error.reason == "clock" for error in missing)
    enough = len(tokens) >= stamping.tokens and disagree < max(1, len(tokens))
    heard = {item.name: answer for item, answer in zip(asked, answers, strict=True)}
    return Gathered(tokens, tuple(f"{e.zh} / {e.en}" for e in missing), enough, heard)


def _ask(
    item: NamedAuthority, data: bytes, stamping: Authorities, *, clock: Clock, pause: Pause
) -> Token | AuthorityError:
    """Return the token, or the last error after asking again where that may help."""
    delays = iter(DELAYS)
    while True:
        try:
            return item.stamp(data, clock=clock, bound=stamping.clock_bound)
        except AuthorityError as error:
            delay = next(delays, None)
            if delay is None or not error.passing:
                return error
        pause(delay)


def _kept(folder: Path, item: NamedAuthority, data: bytes) -> Token | None:
    try:
        request = (folder / f"{item.name}.tsq").read_bytes()
        response = (folder / f"{item.name}.tsr").read_bytes()
    except FileNotFoundError:
        return None
    moment = check_kept(request, response, data)
    if moment is None:
        return None
    return Token(item.name, item.authority.trial, request, response, moment)


def ask_fresh(stamping: Authorities, held: Mapping[str, str], *, clock: Clock) -> Fresh:
    """Return a fresh random value with a token over it and the attempt, or the reason for none.

    The first authority that answers is taken. Nothing is raised: the capture goes on without,
    and loses only its bound "not earlier than".
    """
    value, begun, reason = secrets.token_hex(16), time.monotonic(), ""
    tag = case_tag(held["case_salt"], held["case"])
    commitment = url_commitment(held["url_salt"], held["url"])
    data = fresh_data(held["capture_id"], tag, value, commitment)
    for item in stamping.named:
        if time.monotonic() - begun > FRESH_PATIENCE:
            break
        try:
            token = item.stamp(data, clock=clock, bound=stamping.clock_bound)
        except AuthorityError as error:
            reason = reason or error.reason
            continue
        if len(token.response) <= FRESH_LIMIT:
            return Fresh(value, FreshToken(item.name, token.response))
        reason = reason or "too-large"
    return Fresh(value, no_token=reason or "no-authority")
