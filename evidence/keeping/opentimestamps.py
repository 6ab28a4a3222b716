"""OpenTimestamps calendars: a file's digest is handed to them, and their attestations fetched.

``POST <calendar>/digest`` with 32 bytes gives what leads on from them; ``GET
<calendar>/timestamp/<hex>`` gives, some hours later, what leads on to a Bitcoin block. A calendar
sees a digest over the file's digest and a random value, nothing of the file.
"""

from __future__ import annotations

import http.client
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evidence.authority.remote import build_opener
from evidence.errors import AuthorityError, FormatError
from evidence.format.opentimestamps import (
    APPEND,
    SHA256,
    Bitcoin,
    Fork,
    Pending,
    Proof,
    Step,
)

ACCEPT = "application/vnd.opentimestamps.v1"
SECONDS, LIMIT, SALT = 20.0, 10_000, 16
NOT_YET = 404


@dataclass(frozen=True)
class Calendars:
    """How calendars are asked: through the guard at ``proxy`` (``host:port``), or directly."""

    proxy: str | None
    seconds: float = SECONDS

    def submit(self, url: str, message: bytes) -> Fork:
        """Return what a calendar promises of 32 bytes; raises AuthorityError without an answer."""
        return self._ask(url, f"{url}/digest", message, message)

    def fetch(self, url: str, message: bytes) -> Fork:
        """Return what a calendar has of a message by now; AuthorityError ``pending`` if nothing."""
        return self._ask(url, f"{url}/timestamp/{message.hex()}", None, message)

    def _ask(self, name: str, url: str, body: bytes | None, message: bytes) -> Fork:
        headers = {"Accept": ACCEPT, "Content-Type": "application/octet-stream"}
        query = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - checked
        try:
            with build_opener(self.proxy).open(query, timeout=self.seconds) as reply:
                data: bytes = reply.read(LIMIT + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise _failed(name, f"HTTP {error.code}", error.code == NOT_YET) from error
        except (http.client.HTTPException, OSError) as error:
            raise _failed(name, str(getattr(error, "reason", error))) from error
        try:
            if len(data) > LIMIT:
                raise _failed(name, f"more than {LIMIT} bytes")
            return Fork.parse(data, message)
        except FormatError as error:
            raise _failed(name, error.en) from error


def _failed(name: str, why: str, pending: bool = False) -> AuthorityError:
    if pending:
        return AuthorityError(
            f"The calendar {name} has no attestation yet; try again some hours later.",
            f"日历 {name} 尚无见证；请数小时后再试。",
            reason="pending",
            passing=True,
        )
    return AuthorityError(
        f"The calendar {name} gave no usable answer ({why}); try again later.",
        f"日历 {name} 没有给出可用的应答（{why}）；请稍后再试。",
        reason="unreachable",
        passing=True,
    )


@dataclass(frozen=True)
class Asked:
    """A proof after calendars were asked, and why some of them gave nothing."""

    proof: Proof
    failed: tuple[AuthorityError, ...]
    gained: int


def submit(
    digest: bytes,
    urls: Sequence[str],
    calendars: Calendars,
    *,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Asked:
    """Return a new proof over a file's SHA-256: what every calendar promised that answered.

    Raises the first AuthorityError when none did. Nothing is proved yet.
    """
    salted, hashed = Step(APPEND, random(SALT)), Step(SHA256)
    message = hashed.apply(salted.apply(digest))
    promised = Fork(())
    failed: list[AuthorityError] = []
    for url in urls:
        try:
            promised = promised.merged(calendars.submit(url, message))
        except AuthorityError as error:
            failed.append(error)
    if not promised.items:
        raise failed[0]
    fork = Fork(((salted, Fork(((hashed, promised),))),))
    return Asked(Proof(digest, fork), tuple(failed), len(urls) - len(failed))


def upgrade(proof: Proof, calendars: Calendars) -> Asked:
    """Return the proof with what its calendars have of it by now.

    A pending attestation stays in it as it is; where it leads to a block already, its calendar
    is not asked again.
    """
    failed: list[AuthorityError] = []
    gained = 0

    def further(fork: Fork, message: bytes) -> Fork:
        nonlocal gained
        made = Fork(())
        done = any(isinstance(a, Bitcoin) for _, a in fork.attested(message))
        for item in fork.items:
            if isinstance(item, tuple):
                led = Fork(((item[0], further(item[1], item[0].apply(message))),))
                made = made.merged(led)
                continue
            made = made.merged(Fork((item,)))
            if not isinstance(item, Pending) or done:
                continue
            try:
                found = calendars.fetch(item.url.rstrip("/"), message)
            except AuthorityError as error:
                failed.append(error)
                continue
            gained += fork.merged(found) != fork
            made = made.merged(found)
        return made

    return Asked(replace(proof, fork=further(proof.fork, proof.digest)), tuple(failed), gained)
