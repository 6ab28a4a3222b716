"""What is turned away before a body is read: too much at once, or too often without sign-in."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

SLACK = 1 << 20
"""A form has this many bytes beside its files at most."""
OFTEN = 10
WITHIN = 600.0
MOST_ADDRESSES = 10_000
AT_ONCE = 2


@dataclass
class Throttle:
    """At most ``times`` in ``seconds`` for each address; the addresses are kept hashed, in memory.

    The count is this process's own and is gone with it.
    """

    times: int = OFTEN
    seconds: float = WITHIN
    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[bytes, deque[float]] = field(default_factory=OrderedDict, repr=False)
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def wait(self, address: str) -> float:
        """Count one attempt; return 0, or how many seconds until another one is let through."""
        now, key = self.clock(), hashlib.sha256(self._salt + _network(address)).digest()
        with self._turn:
            times = self._seen.pop(key, deque())
            while times and now - times[0] >= self.seconds:
                times.popleft()
            refused = len(times) >= self.times
            if not refused:
                times.append(now)
            self._seen[key] = times
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
            return max(1.0, times[0] + self.seconds - now) if refused else 0.0

    def forget(self) -> None:
        """Begin anew."""
        with self._turn:
            self._seen.clear()


PUBLIC = Throttle()
BUSY = threading.BoundedSemaphore(AT_ONCE)
"""So many are verified without sign-in at once; people who signed in keep the other threads."""


def _network(address: str) -> bytes:
    """Return what counts as one address: an IPv4 address, the /64 of an IPv6 one."""
    try:
        packed = ipaddress.ip_address(address).packed
    except ValueError:
        return address.encode()
    return packed if len(packed) == 4 else packed[:8]


def address_of(request: HttpRequest) -> str:
    """Return from where a request comes.

    Only a proxy on this very machine is believed, and only what it added itself (the last address
    of X-Forwarded-For).
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    if forwarded and _is_local(peer):
        return forwarded.rpartition(",")[2].strip()
    return peer


def _is_local(peer: str) -> bool:
    try:
        return peer == "" or ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False


class Limits:
    """Answers 413 to a body that is too long, 429 to who verifies too often without sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the refusal, or what the page answers."""
        if request.method != "POST":
            return self.get_response(request)
        public = request.path == reverse("public-verify")
        most = settings.MARKSEAL_PUBLIC_LIMIT if public else settings.MARKSEAL_UPLOAD_LIMIT
        if _length(request) > most + SLACK:
            return refused(
                request,
                413,
                _("上传的内容超过 %(n)s MB；请用离线核验文件或 markseal verify 在本机核验。")
                % {"n": most >> 20},
            )
        if public and settings.MARKSEAL_PUBLIC_VERIFY:
            wait = PUBLIC.wait(address_of(request))
            if wait:
                return too_often(request, wait)
        return self.get_response(request)


def too_often(request: HttpRequest, wait: float) -> HttpResponse:
    """Return 429 with how long to wait."""
    minutes = int(wait // 60) + 1
    answer = refused(
        request,
        429,
        _("核验过于频繁，请 %(n)s 分钟后再试，或用离线核验文件在本机核验。") % {"n": minutes},
    )
    answer["Retry-After"] = str(int(wait) + 1)
    return answer


def refused(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """Return a page that says in one sentence why nothing was done."""
    context = {"sentence": sentence}
    return render(request, "console/refused.html", context, status=status)


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
