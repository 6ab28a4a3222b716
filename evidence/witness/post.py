"""One HTTP(S) exchange with a witness, through the egress guard; bounded, no redirects."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import IO

from evidence.errors import WitnessError
from evidence.format.note import LIMIT
from evidence.witness.asked import AskedWitness


@dataclass(frozen=True)
class Reply:
    """Status, media type and body (at most 64 KiB) as they came."""

    status: int
    kind: str
    body: bytes


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        """Follow nothing: a witness answers itself."""


def exchange(
    witness: AskedWitness, url: str, body: bytes | None, *, proxy: str | None, seconds: float
) -> Reply:
    """Return the answer to a POST of ``body`` (a GET if None), whatever its status.

    ``proxy`` is the guard's ``host:port`` or None. Over https the certificate must be one for
    that name by the system's roots, or by the witness's own. Raises WitnessError when no answer
    came.
    """
    name = witness.name
    proxies = dict.fromkeys(("http", "https"), f"http://{proxy}") if proxy else {}
    headers = {"Content-Type": "text/plain; charset=utf-8"} if body is not None else {}
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - checked
    try:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies),
            urllib.request.HTTPSHandler(context=_context(witness)),
            _Stay,
        )
        try:
            reply = opener.open(request, timeout=seconds)
        except urllib.error.HTTPError as refused:
            reply = refused
        with reply:
            held: bytes = reply.read(LIMIT + 1)
            return Reply(int(reply.status), reply.headers.get_content_type(), held[:LIMIT])
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise WitnessError(
            f"The witness {name} could not be reached ({error}).",
            f"无法访问见证人 {name}（{error}）。",
        ) from error


def _context(witness: AskedWitness) -> ssl.SSLContext:
    """Return what verifies certificates by the roots that count for this witness."""
    roots = witness.tls_roots
    return ssl.create_default_context(cafile=None if roots is None else str(roots))
