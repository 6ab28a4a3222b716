"""What ``markseal capture`` asks of one capture, and the person at the browser."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from config.environment import http2, resolvers, setting, time_servers
from desk.commands.options import MINUTES
from desk.commands.screen import require_screen
from desk.commands.terminal import terminal
from evidence.browser.order import Attended, CaptureOrder, Http2, Login, Profile
from evidence.browser.steps import Clock
from evidence.capture import Limits, Snapshot
from evidence.capture.login import read_login
from evidence.errors import InputError
from evidence.seal import PreserveOrder
from evidence.seal.apart import Take

_MOST_MINUTES = 600


def order_of(arguments: argparse.Namespace, *, url: str, out: Path) -> PreserveOrder:
    """Return the checked order that a command line asks for; raises InputError."""
    login = None
    if arguments.session is not None:
        login = _login(arguments.session.absolute(), tuple(arguments.secret))
    elif arguments.secret:
        raise InputError(
            "--secret names what is masked of a login; give the login with --session.",
            "--secret 用于遮盖登录凭据，须与 --session 一并使用。",
        )
    alone = not arguments.attended
    if alone and (arguments.second is not None or arguments.minutes is not None):
        raise InputError(
            "--second and --minutes are of an attended capture; give --attended too.",
            "--second 与 --minutes 仅用于有人值守取证，须与 --attended 一并使用。",
        )
    order = PreserveOrder(
        url=url,
        case=arguments.case,
        out=out,
        capture_id=secrets.token_hex(16),
        requested_by=arguments.by,
        sandbox=not setting("MARKSEAL_NO_SANDBOX"),
        strict_tls=arguments.strict_tls,
        profile=Profile.MOBILE if arguments.mobile else Profile.DESKTOP,
        http2=Http2(arguments.http2) if arguments.http2 else http2(),
        login=login,
        licence=arguments.licence,
        recording=arguments.record or arguments.attended,
        time_servers=time_servers(),
        resolvers=resolvers(),
        attended=arguments.attended,
        second_person=arguments.second,
        limits=_limits(arguments),
    ).checked()
    if order.attended:
        require_screen(os.environ)
    return order


def _login(path: Path, secrets: tuple[str, ...]) -> Login:
    """Return the login of a session file that can be used; InputError names the file."""
    login = Login(path, secrets)
    try:
        read_login(login)
    except InputError as error:
        raise InputError(f"{path}: {error.en}", f"{path}：{error.zh}") from error
    return login


def _limits(arguments: argparse.Namespace) -> Limits:
    """Return the bounds: a person needs longer than a page does."""
    if not arguments.attended:
        return Limits()
    minutes = MINUTES if arguments.minutes is None else arguments.minutes
    if not 1 <= minutes <= _MOST_MINUTES:
        raise InputError(
            f"--minutes is 1 to {_MOST_MINUTES}.", f"--minutes 应为 1 至 {_MOST_MINUTES}。"
        )
    return Limits(seconds=60.0 * minutes, grace_seconds=120.0, bytes=1 << 30, requests=20_000)


@contextmanager
def seated(take: Take, order: PreserveOrder) -> Iterator[Take]:
    """Yield ``take``, with the person of an attended order at the browser and at this terminal."""
    if not order.attended:
        yield take
        return
    with terminal(0) as lines:
        yield attended_by(take, order, lines=lines, words=2)


def attended_by(take: Take, order: PreserveOrder, *, lines: int, words: int) -> Take:
    """Return ``take`` with the order's person at the browser.

    ``lines`` and ``words`` are the open files that their lines are read from and that they are
    spoken to on.
    """
    person = Attended(order.requested_by or "", order.second_person, lines, words)

    def attended(order: CaptureOrder, folder: Path, *, software: str, clock: Clock) -> Snapshot:
        return take(replace(order, attended=person), folder, software=software, clock=clock)

    return attended
