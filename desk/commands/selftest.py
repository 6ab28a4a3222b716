"""``markseal selftest``: the technical review of this installation's own capture."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import setting


def add(commands: Any) -> None:
    """Register the parser of this family."""
    parser = commands.add_parser(
        "selftest",
        help="取证工具自检 / review the capture tool",
        description="对本机内置的基准服务器取证，逐字节比对，签名保存技术核查记录，随后 48 小时内的"
        "证据均附上。退出码：0 通过，1 未通过（已记录）。 / Capture a server that knows what it "
        "sent, compare byte for byte, sign and keep the technical review; exhibits of the next 48 "
        "hours enclose it. Exit: 0 passed, 1 failed (recorded).",
        epilog="例 / example: markseal selftest --json",
    )
    parser.add_argument("--json", action="store_true", help="输出核查记录 / print the record")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )
    parser.set_defaults(run=_selftest)


def _selftest(arguments: argparse.Namespace) -> int:
    from egress.process import guard
    from evidence.capture import find_browser
    from evidence.seal import open_home
    from evidence.seal.apart import apart_from, further_users, require_reach
    from evidence.seal.review import review

    user = setting("MARKSEAL_CAPTURE_USER")
    browser = find_browser(setting("MARKSEAL_BROWSER"))
    require_reach(user, browser)
    place = Path(arguments.home or setting("MARKSEAL_HOME")).absolute()
    home = open_home(place, clock=lambda: datetime.now(UTC))
    print(
        "正在对基准服务器取证并比对…… / Capturing the ground-truth server, comparing …",
        file=sys.stderr,
    )
    journal = home.path / "evidence" / "egress" / f"selftest-{secrets.token_hex(8)}.jsonl"
    try:
        with guard(journal, allow_loopback=True, users=further_users(user)) as way:
            made = review(
                home,
                proxy=way.address,
                journal=way.journal,
                browser=browser,
                sandbox=not setting("MARKSEAL_NO_SANDBOX"),
                take=apart_from(home, user=user),
            )
    finally:
        journal.unlink(missing_ok=True)
    if arguments.json:
        print(json.dumps(made.value, ensure_ascii=False, indent=1))
    else:
        _tell(made.value)
    return 0 if made.passed else 1


def _tell(value: dict[str, Any]) -> None:
    checks, subject = value["checks"], value["subject"]
    failed = [check for check in checks if check["result"] != "passed"]
    word = "通过 passed" if not failed else "未通过 FAILED"
    lines = [f"技术核查 / technical review: {word}"]
    lines.append(
        f"比对 {len(checks)} 项，不符 {len(failed)} 项；{len(value['exchanges'])} 次交换 / "
        f"{len(checks)} checks, {len(failed)} failed; {len(value['exchanges'])} exchanges"
    )
    for check in failed:
        lines.append(f"  {check['id']}: {check['zh']} / {check['en']}")
        lines.append(f"    应为 expected {check['expected']}；实为 found {check['found']}")
    lines += [
        f"程序 / code: {subject['software']} {subject['code_sha256'][:16]}…",
        f"浏览器 / browser: {subject['browser']} {str(subject['browser_sha256'])[:16]}…",
    ]
    print("\n".join(lines))
