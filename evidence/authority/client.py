"""RFC 3161, the client's side: one request, one response, and what is checked on receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response
from rfc3161_client._rust import parse_timestamp_request
from rfc3161_client.base import HashAlgorithm

from evidence.errors import AuthorityError

GRANTED = (0, 1)
CLOCK_BOUND = timedelta(minutes=5)
RESPONSE_LIMIT = 1_000_000
ALGORITHMS = {
    "sha256": (HashAlgorithm.SHA256, "2.16.840.1.101.3.4.2.1"),
    "sha512": (HashAlgorithm.SHA512, "2.16.840.1.101.3.4.2.3"),
}


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
    """Request and response exactly as sent and received, and the time the token states.

    Checked on receipt: status, imprint, nonce, and ``gen_time`` against our clock. The
    signature and the authority's certificate are not checked here; the verifier does that.
    """

    authority: str
    trial: bool
    request: bytes
    response: bytes
    gen_time: datetime


def stamp(
    authority: Authority, data: bytes, *, clock: Callable[[], datetime], algorithm: str = "sha256"
) -> Token:
    """Return a token by ``authority`` over a digest of ``data``, or raise AuthorityError."""
    request = (
        TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(ALGORITHMS[algorithm][0])
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    raw = request.as_bytes()
    response = authority.answer(raw)
    gen_time = check_response(
        authority.name,
        response,
        imprint=bytes(request.message_imprint.message),
        nonce=request.nonce,
        now=clock(),
        algorithm=algorithm,
    )
    return Token(authority.name, authority.trial, raw, response, gen_time)


def check_response(
    name: str,
    response: bytes,
    *,
    imprint: bytes,
    nonce: int | None,
    now: datetime,
    algorithm: str = "sha256",
) -> datetime:
    """Return the token's time if status, imprint, nonce and time fit; else AuthorityError."""
    if len(response) > RESPONSE_LIMIT:
        raise _wrong(name, f"answered with more than {RESPONSE_LIMIT} bytes", "应答过大")
    try:
        answer = decode_timestamp_response(response)
    except ValueError as error:
        raise _wrong(name, "did not answer with a timestamp response", "应答不是时间戳") from error
    if answer.status not in GRANTED:
        raise _wrong(name, f"refused (status {answer.status})", f"拒绝签发（状态 {answer.status}）")
    info = answer.tst_info
    if bytes(info.message_imprint.message) != imprint:
        raise _wrong(name, "stamped a different digest", "所签摘要与请求不符")
    if info.message_imprint.hash_algorithm.dotted_string != ALGORITHMS[algorithm][1]:
        raise _wrong(name, "used a different digest algorithm", "摘要算法与请求不符")
    if info.nonce != nonce:
        raise _wrong(name, "answered with a different nonce", "随机数与请求不符")
    if abs(info.gen_time - now) > CLOCK_BOUND:
        raise _wrong(
            name,
            f"states {info.gen_time.isoformat()}, our clock {now.isoformat()}; they differ by "
            "more than five minutes, check the clock",
            f"时间 {info.gen_time.isoformat()} 与本机时钟 {now.isoformat()} 相差超过五分钟，"
            "请检查时钟",
        )
    return info.gen_time


def check_kept(request: bytes, response: bytes, data: bytes) -> bool:
    """Say whether a kept pair belongs together and to ``data`` (a torn pair does not)."""
    try:
        asked = parse_timestamp_request(request)
        info = decode_timestamp_response(response).tst_info
    except ValueError:
        return False
    imprint = hashlib.sha256(data).digest()
    return bool(
        bytes(info.message_imprint.message) == imprint
        and bytes(asked.message_imprint.message) == imprint
        and info.nonce == asked.nonce
    )


def _wrong(name: str, en: str, zh: str) -> AuthorityError:
    return AuthorityError(f"The timestamp authority {name} {en}.", f"时间戳机构 {name}：{zh}。")
