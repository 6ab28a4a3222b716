"""The work of ``markseal capture``: the guard, the capture, the seal, and what is told of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from config.environment import resolvers, setting
from desk.commands.beforehand import ended_like_an_interrupt, require_possible
from desk.commands.capturing import order_of, seated
from desk.commands.trust import warn_stale
from egress.process import guard
from evidence.capture import check_url, find_browser
from evidence.errors import EvidenceError
from evidence.home import EvidenceHome
from evidence.seal import (
    Preserved,
    PreserveOrder,
    Status,
    open_home,
    preserve,
    unfinished,
)
from evidence.seal.apart import apart_from, further_users, require_reach
from evidence.seal.publish import refuse_taken, require_writable
from evidence.seal.workfolder import CAPTURED, DONE, FAILED, how_far

EXIT_AWAITING = 4


def _now() -> datetime:
    return datetime.now(UTC)


def capture(
    arguments: argparse.Namespace, *, home: Path, clock: Callable[[], datetime] = _now
) -> int:
    """Capture and seal one page; return 0 when sealed, 4 while a timestamp is awaited."""
    out = arguments.out.absolute()
    url = check_url(arguments.url)
    order = order_of(arguments, url=url, out=out)
    user = setting("MARKSEAL_CAPTURE_USER")
    require_possible(
        order,
        root=os.geteuid() == 0 and not user,
        allow_loopback=bool(setting("MARKSEAL_ALLOW_LOOPBACK")),
    )
    browser = find_browser(setting("MARKSEAL_BROWSER"))
    require_reach(user, browser)
    require_writable(out.parent)
    begun = unfinished(EvidenceHome(home), url=url, case=arguments.case, out=out)
    if begun is None:
        refuse_taken(out.parent, order.name)
    else:
        order = order.with_id(begun)
    house = open_home(home, clock=clock)
    warn_stale(house)
    with ended_like_an_interrupt():
        try:
            result = _preserved(order, house, browser=browser, user=user, clock=clock)
        except KeyboardInterrupt as error:
            raise _interrupted(house, order.capture_id) from error
    _tell(result)
    return 0 if result.status is Status.SEALED else EXIT_AWAITING


def _preserved(
    order: PreserveOrder,
    house: EvidenceHome,
    *,
    browser: Path,
    user: str,
    clock: Callable[[], datetime],
) -> Preserved:
    """Preserve the page behind a guard of its own, with the person of an attended order."""
    with (
        guard(
            house.path / "evidence" / "egress" / f"{order.capture_id}.jsonl",
            allow_loopback=bool(setting("MARKSEAL_ALLOW_LOOPBACK")),
            resolvers=resolvers(),
            users=further_users(user),
        ) as running,
        seated(apart_from(house, user=user), order) as taking,
    ):
        return preserve(
            order,
            home=house,
            proxy=running.address,
            journal=running.journal,
            browser=browser,
            clock=clock,
            take=taking,
        )


class Interrupted(EvidenceError):
    """Somebody pressed Ctrl+C; the sentence says what became of the capture."""

    exit_code = 130


def _interrupted(home: EvidenceHome, capture_id: str) -> Interrupted:
    """Return what is told of a capture that was interrupted, by how far it had come."""
    reached = how_far(home, capture_id)
    if reached == DONE:
        return Interrupted("Interrupted; the page is sealed.", "已中断；网页已封装。")
    if reached == FAILED:
        return Interrupted(
            "Interrupted; the attempt is in the log as failed.",
            "已中断；本次尝试已作为失败记入日志。",
        )
    if reached == CAPTURED:
        return Interrupted(
            "Interrupted; the page is captured but not sealed yet: run the same command again.",
            "已中断；网页已取证但尚未封装，请再次运行同一命令。",
        )
    return Interrupted("Interrupted; nothing was captured.", "已中断；尚未取证。")


def _tell(result: Preserved) -> None:
    """Print what was preserved; what a reader must be warned of comes first."""
    told = [f"声明 / declared: {zh} / {en}" for zh, en in result.declared]
    first = 1 if result.certificate == "bad" else 0
    lines = told[:first]
    if result.trial:
        lines += [
            "试用：时间戳来自本机试用机构，不具对外证明力。",
            "TRIAL: this machine's own timestamp authority; it proves nothing to others.",
        ]
    lines += told[first:]
    sealed = result.status is Status.SEALED
    lines.append("状态 / status: " + ("已封装 sealed" if sealed else "待时间戳 awaiting timestamp"))
    lines += [f"  {reason}" for reason in result.waiting_for]
    if not sealed:
        lines.append(
            "  再次运行同一命令即可完成封装 / Run the same command again to finish sealing."
        )
    title = _plain(result.title).strip() or "（无标题 / no title）"
    lines += [f"另有 / also: {zh} / {en}" for zh, en in result.beside]
    lines += [
        f"网页 / page: {title} ({result.http_status}) {_plain(result.final_url)}",
        f"证据包 / package: {result.wacz}",
        f"交互记录保真度 / fidelity: {result.fidelity}",
    ]
    if result.page_note:
        lines.append(f"页面状态 / page state: {result.page_note}")
    if result.dossier is not None:
        lines.append(f"证据移交包 / dossier: {result.dossier}")
    lines.append(f"清单 SHA-256 / manifest SHA-256: {result.manifest_sha256}")
    if result.index is not None:
        lines.append(f"日志序号 / log index: {result.index}")
    if result.checkpoint:
        lines += ["检查点 / checkpoint:", *(f"  {row}" for row in result.checkpoint.splitlines())]
    print("\n".join(lines))


def _plain(text: str) -> str:
    """Return a page's own words with control characters shown: they may not steer a terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
