"""What of a capture is refused before anything is logged, and what ends one in order."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from desk.commands.beforehand import ENDING, ended_like_an_interrupt, require_possible
from evidence.errors import InputError
from evidence.seal import PreserveOrder


def order(url: str, *, sandbox: bool = False, licence: str | None = None) -> PreserveOrder:
    return PreserveOrder(url, "1", Path("a.wacz"), "0" * 32, sandbox=sandbox, licence=licence)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:8000/", "MARKSEAL_ALLOW_LOOPBACK=1"),
        ("http://[::1]/", "MARKSEAL_ALLOW_LOOPBACK=1"),
        ("http://LOCALHOST/", "MARKSEAL_ALLOW_LOOPBACK=1"),
        ("http://0x7f.1/", "MARKSEAL_ALLOW_LOOPBACK=1"),
        ("http://[::ffff:127.0.0.1]/", "MARKSEAL_ALLOW_LOOPBACK=1"),
        ("http://10.0.0.1/", "private_address"),
        ("http://169.254.169.254/", "not public"),
        ("http://1.2.3.256/", "not a host"),
    ],
)
def test_an_address_that_is_no_public_one_is_refused_at_once(url: str, said: str) -> None:
    for wanted in (order(url), order("http://shop.example/", licence=url)):
        with pytest.raises(InputError) as refused:
            require_possible(wanted, root=False, allow_loopback=False)
        assert said in refused.value.en


def test_what_a_name_resolves_to_is_not_judged_here() -> None:
    require_possible(order("http://shop.example/"), root=False, allow_loopback=False)
    require_possible(order("http://127.0.0.1/"), root=False, allow_loopback=True)


def test_root_with_the_sandbox_is_told_what_to_set() -> None:
    with pytest.raises(InputError, match="MARKSEAL_NO_SANDBOX=1"):
        require_possible(
            order("http://shop.example/", sandbox=True), root=True, allow_loopback=False
        )
    require_possible(order("http://shop.example/", sandbox=True), root=False, allow_loopback=False)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_to_end_is_heard_as_an_interrupt_once(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)  # as a command begins
    try:
        with ended_like_an_interrupt():
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
        assert signal.getsignal(number) == signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN)
        with ended_like_an_interrupt():
            assert signal.getsignal(number) == signal.SIG_IGN
    finally:
        signal.signal(number, before)
        signal.signal(signal.SIGINT, interrupt)
