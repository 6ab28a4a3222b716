"""RFC 3161, the client's side: one request, one response, and what is checked on receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography import x509
from rfc3161_client import TimeStampResponse, decode_timestamp_response
from rfc3161_client._rust import parse_timestamp_request

from evidence.authority.openssl import check_token, to_der
from evidence.authority.request import ALGORITHMS, Request, build_request
from evidence.authority.sm2 import is_signed_so, refusal
from evidence.errors import AuthorityError

GRANTED = 0
CLOCK_BOUND = timedelta(minutes=5)
RESPONSE_LIMIT = 1_000_000


class Authority(Protocol):
    """A timestamp authority: request bytes (DER TimeStampReq) in, response bytes out."""

    @property
    def name(self) -> str:
        """The name in file names and in the trust policy."""

    @property
    def trial(self) -> bool:
        """Whether its tokens are for trial runs only."""

    def answer(self, request: bytes) -> bytes:
        """Return the response's bytes as they came; raises AuthorityError when none came."""


@dataclass(frozen=True)
class Token:
    """Request and response exactly as sent and received, and the time the token states."""

    authority: str
    trial: bool
    request: bytes
    response: bytes
    gen_time: datetime


def stamp(
    authority: Authority,
    data: bytes,
    *,
    clock: Callable[[], datetime],
    algorithm: str = "sha256",
    policy: str | None = None,
    roots: bytes | None = None,
    bound: timedelta = CLOCK_BOUND,
) -> Token:
    """Return a token by ``authority`` over a digest of ``data``, or raise AuthorityError.

    Checked on receipt: status, imprint, nonce, policy, and the time against our clock (within
    ``bound``); with ``roots`` (PEM) also signature and certificates, by openssl. Not checked:
    revocation.
    """
    request = build_request(data, algorithm=algorithm, policy=policy)
    response = authority.answer(request.data)
    gen_time = check_response(authority.name, response, request, now=clock(), bound=bound)
    if roots is not None:
        answer = read_response(response)
        if answer is not None and is_signed_so(answer):
            why = refusal(answer, roots, gen_time)
        else:
            why = check_token(request.data, response, roots, gen_time)
        if why is not None:
            raise _wrong(
                authority.name,
                f"gave a token that does not verify with its certificates ({why})",
                f"所给时间戳不能以其证书验证（{why}）",
                "certificate",
            )
    return Token(authority.name, authority.trial, request.data, response, gen_time)


def check_response(
    name: str,
    response: bytes,
    request: Request,
    *,
    now: datetime,
    bound: timedelta = CLOCK_BOUND,
) -> datetime:
    """Return the token's time if it answers the request and its time fits; else AuthorityError."""
    if len(response) > RESPONSE_LIMIT:
        raise _wrong(
            name, f"answered with more than {RESPONSE_LIMIT} bytes", "应答过大", "too-large"
        )
    answer = read_response(response)
    if answer is None:
        raise _wrong(
            name, "did not answer with a timestamp response", "应答不是时间戳", "not-a-token"
        )
    if answer.status != GRANTED:
        status = answer.status
        raise _wrong(name, f"refused (status {status})", f"拒绝签发（状态 {status}）", "refused")
    info = answer.tst_info
    if bytes(info.message_imprint.message) != request.imprint:
        raise _wrong(name, "stamped a different digest", "所签摘要与请求不符", "wrong-imprint")
    if info.message_imprint.hash_algorithm.dotted_string != ALGORITHMS[request.algorithm]:
        raise _wrong(
            name, "used a different digest algorithm", "摘要算法与请求不符", "wrong-algorithm"
        )
    if info.nonce != request.nonce:
        raise _wrong(name, "answered with a different nonce", "随机数与请求不符", "wrong-nonce")
    if request.policy is not None and info.policy != x509.ObjectIdentifier(request.policy):
        raise _wrong(name, "used a different policy", "时间戳策略与请求不符", "wrong-policy")
    moment = _aware(info.gen_time)
    if abs(moment - now) > bound:
        minutes = f"{bound.total_seconds() / 60:g}"
        raise _wrong(
            name,
            f"states {moment.isoformat()}, our clock {now.isoformat()}; they differ by "
            f"more than {minutes} minutes, check the clock",
            f"时间 {moment.isoformat()} 与本机时钟 {now.isoformat()} 相差超过 {minutes} 分钟，"
            "请检查时钟",
            "clock",
        )
    return moment


def read_response(response: bytes) -> TimeStampResponse | None:
    """Return a response that came in DER, or in BER with openssl's help; None if it is none."""
    found = _decoded(response)
    if found is None and response[:1] == b"\x30":
        der = to_der(response)
        found = None if der is None else _decoded(der)
    return found


def _decoded(data: bytes) -> TimeStampResponse | None:
    try:
        found = decode_timestamp_response(data)
        if found.status == GRANTED:
            found.tst_info  # noqa: B018 - raises where there is none
    except ValueError:
        return None
    return found


def check_kept(request: bytes, response: bytes, data: bytes) -> datetime | None:
    """Return the time of a kept pair if it belongs together and to ``data``, else None."""
    try:
        asked = parse_timestamp_request(request)
        answer = read_response(response)
        if answer is None or answer.status != GRANTED:
            return None
        info, wanted = answer.tst_info, asked.message_imprint
    except ValueError:
        return None
    algorithms = {oid: name for name, oid in ALGORITHMS.items()}
    algorithm = algorithms.get(wanted.hash_algorithm.dotted_string)
    if algorithm is None:
        return None
    imprint = hashlib.new(algorithm, data).digest()
    fits = (
        bytes(info.message_imprint.message) == imprint
        and bytes(wanted.message) == imprint
        and info.message_imprint.hash_algorithm == wanted.hash_algorithm
        and info.nonce == asked.nonce
    )
    return _aware(info.gen_time) if fits else None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _wrong(name: str, en: str, zh: str, reason: str) -> AuthorityError:
    return AuthorityError(
        f"The timestamp authority {name} {en}.", f"时间戳机构 {name}：{zh}。", reason=reason
    )
