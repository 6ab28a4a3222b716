"""RFC 3161 over HTTP (section 3.4): a plain POST through the egress guard."""

from __future__ import annotations

import base64
import http.client
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from evidence.authority.client import RESPONSE_LIMIT
from evidence.errors import AuthorityError

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
CHUNK = 1 << 16
PASSING = (408, 425, 429, 500, 502, 503, 504)
"""HTTP answers after which asking again soon may help."""


@dataclass(frozen=True)
class Credentials:
    """What an authority knows us by: user and password (Basic), or a client's certificate.

    ``certificate`` and ``key`` are PEM files; ``tls_roots`` is the PEM file of the certificates
    that its own TLS certificate leads to, where these are not the system's.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    certificate: str | None = None
    key: str | None = None
    tls_roots: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the header of a request."""
        if self.user is None:
            return {}
        pair = base64.b64encode(f"{self.user}:{self.password or ''}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def context(self) -> ssl.SSLContext:
        """Return how a TLS connection is made; the server's certificate is always checked."""
        context = ssl.create_default_context(cafile=self.tls_roots)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirection is not followed: what was configured is asked, nobody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True)
class RemoteAuthority:
    """An authority at a http(s) address; ``proxy`` is the guard's ``host:port`` or None.

    ``seconds`` bounds the whole exchange.
    """

    name: str
    url: str
    proxy: str | None
    trial: bool = False
    seconds: float = 20.0
    credentials: Credentials = Credentials()

    def answer(self, request: bytes) -> bytes:
        """Return the response's bytes as they came, at most a million of them and one.

        Raises AuthorityError when the authority cannot be reached or does not answer with a
        timestamp reply. The reply itself is not checked here.
        """
        headers = {"Content-Type": QUERY, "Accept": REPLY} | self.credentials.headers()
        query = urllib.request.Request(  # noqa: S310 - the scheme is checked on loading
            self.url, data=request, headers=headers
        )
        kind, body = self._exchange(query)
        if kind != REPLY:
            raise AuthorityError(
                f"The timestamp authority {self.name} answered with {kind}, not a timestamp.",
                f"时间戳机构 {self.name} 返回的是 {kind}，不是时间戳。",
                reason="not-a-token",
            )
        return body

    def _exchange(self, query: urllib.request.Request) -> tuple[str, bytes]:
        deadline = time.monotonic() + self.seconds
        try:
            opener = build_opener(self.proxy, self.credentials)
            with opener.open(query, timeout=self.seconds) as reply:
                return reply.headers.get_content_type(), _read(reply, deadline)
        except TimeoutError as error:
            raise self._silent(f"no answer within {self.seconds:g} seconds", "timeout") from error
        except urllib.error.HTTPError as error:
            with error:
                raise self._status(error.code) from error
        except urllib.error.URLError as error:
            slow = isinstance(error.reason, TimeoutError)
            raise self._silent(str(error.reason), "timeout" if slow else "unreachable") from error
        except (http.client.HTTPException, OSError) as error:
            raise self._silent(str(error), "unreachable") from error

    def _silent(self, why: str, reason: str) -> AuthorityError:
        return AuthorityError(
            f"The timestamp authority {self.name} could not be reached ({why}); "
            "the capture is kept and sealing can be resumed.",
            f"无法访问时间戳机构 {self.name}（{why}）；取证结果已保留，可稍后继续。",
            reason=reason,
            passing=True,
        )

    def _status(self, code: int) -> AuthorityError:
        if code in (401, 403, 407):
            return AuthorityError(
                f"The timestamp authority {self.name} did not accept our credentials "
                f"(HTTP {code}); check them in authorities.toml.",
                f"时间戳机构 {self.name} 不接受所用凭据（HTTP {code}）；请检查 authorities.toml。",
                reason="credentials",
            )
        return AuthorityError(
            f"The timestamp authority {self.name} could not be reached (HTTP {code}); "
            "the capture is kept and sealing can be resumed.",
            f"无法访问时间戳机构 {self.name}（HTTP {code}）；取证结果已保留，可稍后继续。",
            reason="busy" if code in PASSING else "http-error",
            passing=code in PASSING,
        )


def build_opener(
    proxy: str | None, credentials: Credentials = Credentials()
) -> urllib.request.OpenerDirector:
    """Return what asks through the guard at ``proxy`` alone, or directly when it is None."""
    proxies = {"http": f"http://{proxy}", "https": f"http://{proxy}"} if proxy else {}
    return urllib.request.build_opener(
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPSHandler(context=credentials.context()),
        _Stay(),
    )


def _read(reply: http.client.HTTPResponse, deadline: float) -> bytes:
    """Return the body, cut where it is too long; TimeoutError when it drips past the deadline."""
    body = b""
    while len(body) <= RESPONSE_LIMIT and (chunk := reply.read1(CHUNK)):
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
    return body
