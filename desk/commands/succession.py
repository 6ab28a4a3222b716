"""``markseal succession``: a log that cannot go on is followed by another."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.commands.keys import next_steps, parse_start, show
from desk.commands.trust import add_home, home_path, now
from desk.commands.witnesses import ask_witnesses

if TYPE_CHECKING:
    from evidence.home import EvidenceHome


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    parser = commands.add_parser(
        "succession",
        help="后继日志 / a successor log",
        description="日志无法继续时，拟写缺口声明并启用后继日志。 / When a log cannot go on: "
        "state the gap and open a successor.",
        epilog="例 / example: markseal succession prepare --reason backup-older --out gap.json",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser(
        "prepare",
        help="拟写缺口声明 / draw up the statement",
        description="查明前一日志已知的最后检查点（本机、见证人、所给文件），拟写缺口声明，"
        "供恢复密钥签署。 / Find the old log's last known checkpoint (here, at witnesses, in the "
        "files given) and draw up the statement of the gap, for recovery keys to sign.",
        epilog="例 / example: markseal succession prepare --reason backup-older --known "
        "item1.dossier.zip --out gap.json",
    )
    _add_prepare(one)
    two = actions.add_parser(
        "open",
        help="启用后继日志 / open the successor",
        description="按已签署的声明启用后继日志，更新密钥与信任文件夹。 / Open the successor log "
        "by the signed statement; keys and trust folder are updated.",
        epilog="例 / example: markseal succession open --statement gap.json",
    )
    two.add_argument(
        "--statement", required=True, type=Path, metavar="FILE", help="声明 / the statement"
    )
    _add_trust(two)
    add_home(two)
    two.set_defaults(run=_open)


def _add_prepare(one: argparse.ArgumentParser) -> None:
    from evidence.format.statement import FATES, REASONS

    one.add_argument("--reason", required=True, choices=REASONS, help="原因 / why")
    one.add_argument(
        "--signer",
        choices=FATES,
        default="kept",
        help="签名密钥：kept 仍在、lost 丢失、stolen 被盗 / the signing key",
    )
    one.add_argument(
        "--from",
        dest="start",
        metavar="TIME",
        help="签名密钥自何时起无效（ISO 8601，含时区；默认现在） / from when (default: now)",
    )
    one.add_argument(
        "--known",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="含检查点的文件（证据移交包等），可重复 / a dossier or checkpoint (repeatable)",
    )
    _add_trust(one)
    one.add_argument("--out", required=True, type=Path, metavar="FILE", help="新文件 / a new file")
    add_home(one)
    one.set_defaults(run=_prepare)


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="DIR",
        help="前一安装导出的信任文件夹（全部丢失时） / the old trust folder, when all is lost",
    )


def _prepare(arguments: argparse.Namespace) -> int:
    from evidence.home import EvidenceHome, open_home
    from evidence.log.audit import VKEY, read_vkey
    from evidence.succession.gap import Loss, prepare_gap
    from evidence.succession.recovery import write_statement

    path = home_path(arguments)
    home = open_home(path, clock=now) if arguments.trust else EvidenceHome(path)
    loss = Loss(arguments.reason, arguments.signer, parse_start(arguments.start))
    heads = ask_witnesses(home, read_vkey(home.log / VKEY))
    statement = prepare_gap(
        home, loss, now=now(), known=arguments.known, heads=heads, trust=arguments.trust
    )
    write_statement(arguments.out, statement)
    show(statement)
    next_steps(arguments.out, _need(home, arguments.trust), "markseal succession open")
    return 0


def _need(home: EvidenceHome, trust: Path | None) -> int:
    from evidence.verify.trust import load_trust

    return load_trust(trust).policy.recovery if trust is not None else home.ledger().need


def _open(arguments: argparse.Namespace) -> int:
    from evidence.home import EvidenceHome
    from evidence.succession.recovery import read_statement
    from evidence.succession.successor import open_successor

    home = EvidenceHome(home_path(arguments))
    statement = read_statement(arguments.statement)
    opened = open_successor(home, statement, now=now(), trust=arguments.trust)
    print(f"后继日志 / successor log: {opened.origin}")
    if opened.former is not None:
        print(f"前一日志 / former log: {opened.former}")
    print(
        "请导出并交付新的信任文件夹（markseal trust export），并立即备份。 / Export the new trust "
        "folder, hand it over, and back up at once."
    )
    return 0
