"""What of a capture can be known before its attempt is logged: sandbox, address, and its place."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from desk.commands.saying import interrupting
from egress.address import read_host, refusal
from evidence.browser.launch import NO_SANDBOX_AS_ROOT
from evidence.errors import InputError
from evidence.seal import PreserveOrder

ENDING = (signal.SIGTERM, signal.SIGHUP)
_LOOPBACK = "loopback"


def require_possible(order: PreserveOrder, *, root: bool, allow_loopback: bool) -> None:
    """Raise InputError for what cannot come of the order, each with the setting that decides it.

    ``root`` says that the browser would run as root. Addresses are judged where the order names
    them as such; what a name resolves to is the guard's to judge, at the moment of connecting.
    """
    if root and order.sandbox:
        raise InputError(*NO_SANDBOX_AS_ROOT)
    for url in filter(None, (order.url, order.licence)):
        _require_public(urlsplit(url).hostname or "", allow_loopback=allow_loopback)


def _require_public(host: str, *, allow_loopback: bool) -> None:
    read = read_host(host)
    if read is None:
        raise InputError(
            f"{host} is not a host that can be asked; correct the address.",
            f"{host} 不是可访问的主机名；请更正网址。",
        )
    if isinstance(read, str):
        own = read == "localhost" or read.endswith(".localhost")
        reason = _LOOPBACK if own and not allow_loopback else None
    else:
        reason = refusal(read, allow_loopback=allow_loopback)
    if reason == _LOOPBACK:
        raise InputError(
            f"{host} is this very machine, which is refused; for demo and tests set "
            "MARKSEAL_ALLOW_LOOPBACK=1 (it is then declared in the record).",
            f"{host} 为本机地址，已拒绝访问；演示或测试时可设置 MARKSEAL_ALLOW_LOOPBACK=1"
            "（记录中会如实注明）。",
        )
    if reason is not None:
        raise InputError(
            f"The address {host} is not public and is refused ({reason}); no setting allows it.",
            f"地址 {host} 不是公网地址，已拒绝访问（{reason}）；没有可放行的设置。",
        )


@contextmanager
def ended_like_an_interrupt() -> Iterator[None]:
    """For a ``with`` block, take TERM and HUP for Ctrl+C; who is deaf to one (nohup) stays so."""
    hear, plain = signal.getsignal(signal.SIGINT), (signal.default_int_handler, None)
    hear = interrupting() if hear in (*plain, signal.SIG_IGN, signal.SIG_DFL) else hear
    before = [one for one in ENDING if signal.getsignal(one) == signal.SIG_DFL]
    for number in before:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number in before:
            signal.signal(number, signal.SIG_DFL)
