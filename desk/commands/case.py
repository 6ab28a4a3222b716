"""``markseal case``: closing a case with a signed count, exporting and verifying its entries."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import setting
from desk.commands.witnessing import AWAITING, show_log
from evidence.errors import InputError
from evidence.format.policy import POLICY
from evidence.format.policytext import parse_policy
from evidence.home import EvidenceHome
from evidence.seal.closing import close_case, export_case
from evidence.verify.case import verify_case_file
from evidence.verify.report import print_report
from evidence.verify.verdict import Status
from evidence.witness.asked import load_asked
from evidence.witness.gather import IN_PASSING, WAITING


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    parser = commands.add_parser(
        "case",
        help="案件的完整性 / completeness of a case",
        description="结案、导出或核验一个案件在证据日志中的全部条目。 / "
        "Close a case, export all its log entries, or verify an export.",
        epilog="例 / example: markseal case close 甬市监2026-1",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_close(actions)
    _add_export(actions)
    _add_verify(actions)


def _add_close(actions: Any) -> None:
    one = actions.add_parser(
        "close",
        help="结案 / close a case",
        description="在日志中写入一条签名的结案条目，写明尝试、封装、失败与无页面各几次；此后该案号"
        "不再接受取证。有未结的尝试时不能结案。 / Log a signed entry that states how many "
        "attempts, sealed, failed and without a page there were; no capture of that case is "
        "accepted afterwards. Refused while an attempt is open.",
        epilog="例 / example: markseal case close 甬市监2026-1",
    )
    _add_case(one)
    one.set_defaults(run=_close)


def _add_export(actions: Any) -> None:
    two = actions.add_parser(
        "export",
        help="导出案件各条目 / export its entries",
        description="把案件的全部日志条目及其证明写入一个文件，可单独核验；编号重复或缺号等当即列出"
        "（退出码 1）。先请见证人签署；所须见证人未签足时退出码为 4，请再次导出。 / Write every "
        "log entry of the case with its proof into one file that can be verified by itself; "
        "numbers that are doubled or missing are named at once (exit 1). The witnesses are asked "
        "first; exit 4 when fewer cosigned than the trust folder requires: export again.",
        epilog="例 / example: markseal case export 甬市监2026-1 --out case1.case.json",
    )
    _add_case(two)
    two.add_argument(
        "--out", required=True, type=Path, metavar="NAME.case.json", help="新文件 / a new file"
    )
    two.set_defaults(run=_export)


def _add_verify(actions: Any) -> None:
    three = actions.add_parser(
        "verify",
        help="核验导出文件 / verify an export",
        description="离线核验案件条目是否齐全。退出码：0 齐全，1 不符，3 未全部核查（未结案、无信任"
        "文件夹或所须见证人未签足），64 输入不可用。 / Verify offline that every entry is there. "
        "Exit: 0 complete, 1 not, 3 not all checked (not closed, no trust folder, or too few of "
        "the witnesses that it requires), 64 input unusable.",
        epilog="例 / example: markseal case verify case1.case.json --trust trust/",
    )
    three.add_argument("file", type=Path, metavar="NAME.case.json", help="导出文件 / the export")
    three.add_argument(
        "--trust", type=Path, metavar="DIR", help="信任文件夹 / the trust folder, received apart"
    )
    three.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    three.set_defaults(run=_verify)


def _add_case(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar="CASE", help="案号 / the case")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )


def _home(arguments: argparse.Namespace) -> EvidenceHome:
    return EvidenceHome(Path(arguments.home or setting("MARKSEAL_HOME")))


def _close(arguments: argparse.Namespace) -> int:
    closed = close_case(_home(arguments), arguments.case, clock=lambda: datetime.now(UTC))
    entry = closed.entry
    before = "" if closed.anew else "（此前已结案 / closed before）"
    print(
        f"案件已结案，日志序号 {closed.index}{before}：尝试 {entry.attempts}，封装 {entry.sealed}，"
        f"失败 {entry.failed}，无页面 {entry.nothing_found}。\n"
        f"The case is closed, log index {closed.index}: {entry.attempts} attempts, "
        f"{entry.sealed} sealed, {entry.failed} failed, {entry.nothing_found} without a page."
    )
    return 0


def _export(arguments: argparse.Namespace) -> int:
    home = _home(arguments)
    data = export_case(home, arguments.case)
    asked = load_asked(home.path)
    if asked:
        policy = parse_policy((home.trust / POLICY).read_text(encoding="utf-8"))
        patience = WAITING if "witness" in policy.require else IN_PASSING
        data = export_case(home, arguments.case, head=show_log(home, asked, patience).head)
    try:
        with arguments.out.open("xb") as target:
            target.write(data)
    except FileExistsError as error:
        raise InputError(
            f"{arguments.out} exists already; choose another name.",
            f"{arguments.out} 已存在；请换一个文件名。",
        ) from error
    except OSError as error:
        raise InputError(
            f"{arguments.out} cannot be written ({error.strerror}).",
            f"无法写入 {arguments.out}（{error.strerror}）。",
        ) from error
    print(f"已导出 / exported: {arguments.out}")
    verdict = verify_case_file(arguments.out, trust=home.trust)
    wrong = [claim for claim in verdict.claims if claim.status is Status.INVALID]
    for claim in wrong:
        print(f"不符：{claim.zh}\nWrong: {claim.en}")
    late = [c for c in verdict.claims if c.id == "witness" and c.status is Status.NOT_CHECKED]
    for claim in late if not wrong else ():
        print(f"待见证：{claim.zh}\nAwaiting witnesses: {claim.en}")
    if not wrong and any(claim.required for claim in late):
        return AWAITING
    return 1 if wrong else 0


def _verify(arguments: argparse.Namespace) -> int:
    verdict = verify_case_file(arguments.file, trust=arguments.trust)
    if arguments.json:
        print(json.dumps(verdict.to_json(), ensure_ascii=False, indent=2))
    else:
        sys.stdout.write(print_report(verdict))
    return verdict.exit_code
