"""``markseal resume``: captures that await their timestamps are sealed, now that they may come."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import resolvers, setting
from desk.commands.trust import existing_home
from egress.process import guard
from evidence.errors import EvidenceError
from evidence.seal import Status
from evidence.seal.waiting import resume_all, waiting

EXIT_FAILED, EXIT_AWAITING = 1, 4


def add(commands: Any) -> None:
    """Register the parser of this family."""
    parser = commands.add_parser(
        "resume",
        help="完成待时间戳的封装 / seal what awaits timestamps",
        description="再次向时间戳机构请求时间戳，完成所有待时间戳的封装；不打开浏览器。可每日运行。"
        "退出码：0 均已封装，1 有失败，4 仍有等待。 / Ask the timestamp authorities again and seal "
        "every capture that awaits its timestamps; no browser is opened. Run it daily. Exit: 0 all "
        "sealed, 1 some failed, 4 some still wait.",
        epilog="例 / example: markseal resume",
    )
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )
    parser.set_defaults(run=_resume)


def _now() -> datetime:
    return datetime.now(UTC)


def _resume(arguments: argparse.Namespace) -> int:
    home = existing_home(arguments)
    if not waiting(home):
        print("没有等待时间戳的取证。 / Nothing awaits a timestamp.")
        return 0
    journal = home.path / "evidence" / "egress" / f"resume-{_now():%Y%m%dT%H%M%S}.jsonl"
    loopback = bool(setting("MARKSEAL_ALLOW_LOOPBACK"))
    with guard(journal, allow_loopback=loopback, resolvers=resolvers()) as running:
        done = resume_all(home, proxy=running.address, clock=_now)
    codes = {0}
    for order, result in done:
        if isinstance(result, EvidenceError):
            codes.add(EXIT_FAILED)
            print(f"失败 / failed: {order.out}: {result.zh} / {result.en}")
        elif result.status is Status.SEALED:
            print(f"已封装 / sealed: {result.dossier}")
        else:
            codes.add(EXIT_AWAITING)
            print(f"待时间戳 / awaiting timestamp: {order.out}")
            print("\n".join(f"  {reason}" for reason in result.waiting_for))
    return EXIT_FAILED if EXIT_FAILED in codes else max(codes)
