"""RFC 3161 over HTTP (section 3.4): a plain POST through the egress guard."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass

from evidence.authority.client import RESPONSE_LIMIT
from evidence.errors import AuthorityError

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"


@dataclass(frozen=True)
class RemoteAuthority:
    """An authority at a http(s) address; ``proxy`` is the guard's ``host:port`` or None."""

    name: str
    url: str
    proxy: str | None
    trial: bool = False
    seconds: float = 20.0

    def answer(self, request: bytes) -> bytes:
        """Return the response's bytes as they came, at most a million of them.

        Raises AuthorityError when the authority cannot be reached or does not answer with a
        timestamp reply. The reply itself is not checked here.
        """
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else {}
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({k: f"http://{v}" for k, v in proxies.items()})
        )
        query = urllib.request.Request(  # noqa: S310 - the scheme is checked on loading
            self.url, data=request, headers={"Content-Type": QUERY, "Accept": REPLY}
        )
        try:
            with opener.open(query, timeout=self.seconds) as reply:
                kind = reply.headers.get_content_type()
                body: bytes = reply.read(RESPONSE_LIMIT + 1)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            raise AuthorityError(
                f"The timestamp authority {self.name} could not be reached ({error}); "
                "the capture is kept and sealing can be resumed.",
                f"无法访问时间戳机构 {self.name}（{error}）；取证结果已保留，可稍后继续。",
            ) from error
        if kind != REPLY:
            raise AuthorityError(
                f"The timestamp authority {self.name} answered with {kind}, not a timestamp.",
                f"时间戳机构 {self.name} 返回的是 {kind}，不是时间戳。",
            )
        return body
