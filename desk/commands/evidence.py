"""``markseal capture``, ``verify`` and ``log``: evidence from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from config.environment import setting
from desk.commands import monitoring, witnessing
from desk.commands.options import add_options
from evidence.home import EvidenceHome
from evidence.log.kept import read_checkpoints
from evidence.verify.command import add_arguments
from evidence.verify.command import run as run_verify

NO_CASE = "no-case"


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    _add_capture(commands)
    _add_verify(commands)
    _add_log(commands)


def _add_capture(commands: Any) -> None:
    parser = commands.add_parser(
        "capture",
        help="网页固证 / capture and seal a page",
        description="对一个网页取证并固证封装。退出码：0 已封装，1 失败（已记入日志），4 待时间戳，"
        "64 输入不可用（未开始）。 / Capture a page and seal it. Exit: 0 sealed, 1 failed "
        "(logged), 4 awaiting timestamp, 64 input unusable (nothing begun).",
        epilog="例 / example: markseal capture https://shop.example/item/1 --out item1.wacz "
        "--case 甬市监2026-1；有人值守 / attended: markseal capture --attended URL --out a.wacz "
        "--by 张某 --second 李某",
    )
    parser.add_argument("url", metavar="URL", help="网址 / address of the page")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="NAME.wacz", help="封装文件 / the package"
    )
    parser.add_argument("--case", default=NO_CASE, metavar="C", help="案号 / the case")
    parser.add_argument("--by", metavar="WHO", help="经办人 / the person who asks for it")
    parser.add_argument(
        "--strict-tls",
        action="store_true",
        help="网站证书有问题即拒绝 / refuse a bad site certificate",
    )
    add_options(parser)
    _add_home(parser)
    parser.set_defaults(run=_capture)


def _add_verify(commands: Any) -> None:
    parser = commands.add_parser(
        "verify", help="核验证据包或证据移交包 / verify a package or dossier"
    )
    add_arguments(parser)
    parser.set_defaults(run=_verify)


def _add_log(commands: Any) -> None:
    parser = commands.add_parser(
        "log",
        help="证据日志 / the evidence log",
        description="查看、证明或审计证据日志。 / Show, prove or audit the evidence log.",
        epilog="例 / example: markseal log audit",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser(
        "checkpoint",
        help="打印检查点 / print the checkpoint",
        description="打印最新的已签名检查点。 / Print the newest signed checkpoint.",
        epilog="例 / example: markseal log checkpoint",
    )
    _add_home(one)
    one.set_defaults(run=_checkpoint)
    two = actions.add_parser(
        "prove",
        help="打印包含证明 / print an inclusion proof",
        description="标准输出为第 N 条的包含证明（tlog-proof），标准错误为该条内容。"
        " / Print the tlog-proof of entry N; the entry itself goes to standard error.",
        epilog="例 / example: markseal log prove 0 > 0.tlog-proof",
    )
    two.add_argument("index", type=int, metavar="N", help="条目序号，从 0 起 / index, from 0")
    _add_home(two)
    two.set_defaults(run=_prove)
    three = actions.add_parser(
        "audit",
        help="审计 / audit",
        description="由条目重算整个日志，并与见证人所见核对；--follow 则从外部跟踪他人的日志，"
        "与上次所见核对。退出码：0 未发现问题，1 有发现（逐条说明并给出序号）或没有可读的日志，"
        "3 未发现问题但有未核查项（没有恢复密钥可核的吊销或承接），或所跟踪的日志"
        "暂时无法读取（并非分叉）。"
        " / Recompute the whole log from its entries, and compare it with what its witnesses have "
        "seen; with --follow somebody's log from outside, with what was seen of it last time. "
        "Exit: 0 no findings, 1 findings (each named with its entry) or no log to read, 3 no "
        "findings, but not all could be checked (a revocation or succession without a known "
        "recovery key), or the followed log cannot be read now (which is no fork).",
        epilog="例 / example: markseal log audit --checkpoint a.dossier.zip；从外部 / outside: "
        "markseal log audit --follow https://desk.example/log --vkey log.vkey",
    )
    three.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="另行保存的检查点、证明或证据移交包，可多次给出 / a checkpoint, proof or dossier kept "
        "elsewhere, with which the log is compared; may be repeated",
    )
    three.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    three.add_argument(
        "--offline", action="store_true", help="不询问见证人 / do not ask the witnesses"
    )
    monitoring.add_options(three)
    _add_home(three)
    three.set_defaults(run=_audit)
    four = actions.add_parser(
        "index",
        help="重建案件索引 / rebuild the case index",
        description="丢弃案件索引并由日志条目重建；条目与瓦片不变。 / Throw the case index away "
        "and build it from the log's entries, which stay as they are.",
        epilog="例 / example: markseal log index",
    )
    _add_home(four)
    four.set_defaults(run=_index)
    witnessing.add(actions)


def _add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )


def _home(arguments: argparse.Namespace) -> Path:
    return Path(arguments.home or setting("MARKSEAL_HOME")).absolute()


def _capture(arguments: argparse.Namespace) -> int:
    from desk.commands.preserving import capture

    return capture(arguments, home=_home(arguments))


def _verify(arguments: argparse.Namespace) -> int:
    from evidence.keeping.store import at_rest

    path = at_rest(arguments.file)
    if path is None:
        return run_verify(arguments.file, arguments.trust, as_json=arguments.json)
    return _verify_at_rest(path, arguments)


def _verify_at_rest(path: Path, arguments: argparse.Namespace) -> int:
    """Verify content that is encrypted at rest, opened in the clear with this home's key."""
    from evidence.keeping.exhibit import find
    from evidence.keeping.store import FolderStore
    from evidence.verify.command import tell
    from evidence.verify.steps import verify_opened

    kept = next(iter(find(path)))
    home = EvidenceHome(Path(setting("MARKSEAL_HOME")).absolute())
    with FolderStore(home).open(kept, path.name) as source:
        verdict = verify_opened(source, path, trust=arguments.trust)
    return tell(verdict, as_json=arguments.json)


def _checkpoint(arguments: argparse.Namespace) -> int:
    log = EvidenceHome(_home(arguments)).open_log()
    sys.stdout.buffer.write(log.store.newest().note)
    return 0


def _prove(arguments: argparse.Namespace) -> int:
    log = EvidenceHome(_home(arguments)).open_log()
    entry, proof = log.proof(arguments.index)
    print(entry.decode("utf-8"), file=sys.stderr)
    sys.stdout.buffer.write(proof)
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    if arguments.follow is not None:
        return monitoring.follow(arguments, home=_home(arguments))
    monitoring.require_no_following(arguments)
    home = EvidenceHome(_home(arguments))
    report = home.audit_log([k for path in arguments.checkpoint for k in read_checkpoints(path)])
    if not arguments.offline:
        witnessing.hear_witnesses(home, report)
    if arguments.json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
        return report.exit_code
    print(
        f"日志共 {report.size} 条：尝试 {report.attempts}，已封装 {report.sealed}，失败 "
        f"{report.failed}，无页面 {report.nothing_found}，未结 {len(report.open_attempts)}；"
        f"已结案 {report.closed} 件。\n"
        f"The log has {report.size} entries: {report.attempts} attempts, {report.sealed} sealed, "
        f"{report.failed} failed, {report.nothing_found} without a page, "
        f"{len(report.open_attempts)} open; {report.closed} cases closed."
    )
    monitoring.tell_report(report)
    return report.exit_code


def _index(arguments: argparse.Namespace) -> int:
    count = EvidenceHome(_home(arguments)).open_log().rebuild_index()
    print(f"已由 {count} 条日志重建索引。\nThe index was built from {count} entries.")
    return 0
