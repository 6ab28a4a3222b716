"""``markseal keys``: signing keys and recovery keys of this installation."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from desk.commands.trust import add_home, existing_home, home_path, now
from evidence.errors import InputError

ROLES = {"signer": "签名密钥", "log": "日志密钥", "recovery": "恢复密钥"}
MOST_AHEAD = timedelta(minutes=5)
"""How far ahead of our clock a key may be revoked from: clocks differ."""
STATES = {"current": "现用", "missing": "私钥缺失", "former": "曾用", "revoked": "已吊销"}


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    parser = commands.add_parser(
        "keys",
        help="签名密钥与恢复密钥 / signing and recovery keys",
        description="列出、更换、吊销密钥；生成与使用恢复密钥。 / List, change and revoke keys; "
        "make and use recovery keys.",
        epilog="例 / example: markseal keys list",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_list(actions)
    _add_rotate(actions)
    _add_recovery(actions)
    _add_statement(actions)
    _add_sign(actions)
    _add_revoke(actions)


def _add_list(actions: Any) -> None:
    one = actions.add_parser(
        "list",
        help="列出密钥 / list the keys",
        description="列出现用、曾用、已吊销的密钥与恢复公钥。 / List the keys in use, former and "
        "revoked ones, and the recovery keys' public halves.",
        epilog="例 / example: markseal keys list",
    )
    add_home(one)
    one.set_defaults(run=_list)


def _add_rotate(actions: Any) -> None:
    one = actions.add_parser(
        "rotate",
        help="更换签名密钥 / change the signing key",
        description="生成新的签名密钥，由新旧两把共同签名的移交记入日志，并更新信任文件夹。 / "
        "Make a new signing key; the log gets a hand-over signed by both, the trust folder is "
        "updated.",
        epilog="例 / example: markseal keys rotate signer",
    )
    one.add_argument("role", choices=["signer"], help="签名密钥 / the key that signs manifests")
    add_home(one)
    one.set_defaults(run=_rotate)


def _add_recovery(actions: Any) -> None:
    one = actions.add_parser(
        "recovery",
        help="生成恢复密钥 / make recovery keys",
        description="生成 N 把恢复密钥，每把一张纸；系统只留公钥。打印后分交各人保管，并删除文件。"
        " / Make N recovery keys, one sheet each; only the public halves stay. Print them, give "
        "each to another person, delete the files.",
        epilog="例 / example: markseal keys recovery --of 5 --need 3 --out sheets",
    )
    one.add_argument("--of", required=True, type=int, metavar="N", help="把数 / how many")
    one.add_argument(
        "--need", required=True, type=int, metavar="K", help="需几把共同签署 / how many sign"
    )
    one.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="新文件夹 / a new folder"
    )
    one.add_argument(
        "--statement",
        type=Path,
        metavar="FILE",
        help="更换已有恢复密钥：把待原密钥签署的声明写入此新文件 / renew: write the statement that "
        "the present recovery keys sign into this new file",
    )
    add_home(one)
    one.set_defaults(run=_recovery)
    two = actions.add_parser(
        "renew-recovery",
        help="启用新的恢复密钥 / let new recovery keys count",
        description="按原恢复密钥签署的声明启用新的恢复密钥：记入日志，更新信任文件夹；原密钥单随之作废。"
        " / Let new recovery keys take the place of the old, as these have signed: it is logged, "
        "the trust folder is updated, the old sheets are void.",
        epilog="例 / example: markseal keys renew-recovery --statement renew.json",
    )
    two.add_argument(
        "--statement", required=True, type=Path, metavar="FILE", help="声明 / the statement"
    )
    add_home(two)
    two.set_defaults(run=_renew_recovery)


def _add_statement(actions: Any) -> None:
    one = actions.add_parser(
        "statement",
        help="拟写吊销声明 / draw up a revocation",
        description="拟写吊销签名密钥的声明，供恢复密钥签署；同时生成其后的密钥。 / Draw up the "
        "statement that revokes the signing key, for recovery keys to sign; the key that follows "
        "is made with it.",
        epilog="例 / example: markseal keys statement signer --from 2026-03-01T08:00:00+08:00 "
        "--out revoke.json",
    )
    one.add_argument("role", choices=["signer"], help="签名密钥 / the key that signs manifests")
    one.add_argument(
        "--from",
        dest="start",
        metavar="TIME",
        help="自何时起无效（ISO 8601，含时区；默认现在） / from when (default: now)",
    )
    one.add_argument("--out", required=True, type=Path, metavar="FILE", help="新文件 / a new file")
    add_home(one)
    one.set_defaults(run=_statement)


def _add_sign(actions: Any) -> None:
    one = actions.add_parser(
        "sign-statement",
        help="用纸上的恢复密钥签署声明 / sign with a recovery key",
        description="显示声明内容，读入一把恢复密钥（16 组，标准输入），签署。可在另一台机器上做。"
        " / Show what is stated, read one recovery key (16 groups, standard input), sign. Any "
        "machine will do.",
        epilog="例 / example: markseal keys sign-statement revoke.json",
    )
    one.add_argument("file", type=Path, metavar="FILE", help="声明 / the statement")
    one.set_defaults(run=_sign)


def _add_revoke(actions: Any) -> None:
    one = actions.add_parser(
        "revoke",
        help="吊销签名密钥 / revoke the signing key",
        description="按已签署的声明吊销签名密钥：记入日志，启用新密钥，更新信任文件夹。 / "
        "Revoke the signing key by a signed statement: it is logged, the new key is used, the "
        "trust folder is updated.",
        epilog="例 / example: markseal keys revoke signer --statement revoke.json",
    )
    one.add_argument("role", choices=["signer"], help="签名密钥 / the key that signs manifests")
    one.add_argument(
        "--statement", required=True, type=Path, metavar="FILE", help="声明 / the statement"
    )
    add_home(one)
    one.set_defaults(run=_revoke)


def _list(arguments: argparse.Namespace) -> int:
    from evidence.succession.keys import list_keys

    home = existing_home(arguments)
    for row in list_keys(home):
        digits = " ".join(row.sha256[at : at + 4] for at in range(0, 64, 4))
        start, end = _moment(row.start), _moment(row.end)
        term = "" if row.start is row.end is None else f"  {start} – {end}"
        print(f"{ROLES[row.role]} {row.role}  {STATES[row.state]} {row.state}{term}\n    {digits}")
    ledger = home.ledger()
    if ledger.need:
        print(
            f"恢复密钥共 {len(ledger.recovery)} 把，须 {ledger.need} 把共同签署 / "
            f"{ledger.need} of the {len(ledger.recovery)} recovery keys sign together"
        )
    else:
        print("没有恢复密钥：markseal keys recovery / there are no recovery keys")
    return 0


def _moment(moment: datetime | None) -> str:
    return "…" if moment is None else moment.isoformat(sep=" ", timespec="seconds")


def _rotate(arguments: argparse.Namespace) -> int:
    from evidence.succession.keys import rotate_signer

    changed = rotate_signer(existing_home(arguments), now=now())
    _tell_change(changed.index, changed.trust)
    return 0


def _tell_change(index: int, trust: list[str]) -> None:
    print(f"已记入日志 / logged as entry: {index}")
    print(f"信任文件夹已更新 / trust folder updated: {', '.join(trust) or '–'}")
    print(
        "请重新导出信任文件夹并交给核验人（markseal trust export）。 / Export the trust folder "
        "and hand it to those who verify."
    )


def _recovery(arguments: argparse.Namespace) -> int:
    from evidence.home import open_home
    from evidence.succession.recovery import (
        make_recovery_keys,
        renew_recovery_keys,
        write_statement,
    )

    home = open_home(home_path(arguments), clock=now)
    numbers = {"of": arguments.of, "need": arguments.need}
    if arguments.statement is None:
        sheets = make_recovery_keys(home, arguments.out, **numbers, now=now()).sheets
    else:
        before = home.ledger().need
        sheets, statement = renew_recovery_keys(home, arguments.out, **numbers, now=now())
        try:
            write_statement(arguments.statement, statement)
        except InputError:
            for path in sheets:
                path.unlink()
            raise
        show(statement)
        next_steps(arguments.statement, before, "markseal keys renew-recovery")
    print("\n".join(f"密钥单 / sheet: {path}" for path in sheets))
    print("打印后逐张交给不同的人，并删除这些文件。")
    print("Print them, give each to another person, and delete these files.")
    return 0


def _renew_recovery(arguments: argparse.Namespace) -> int:
    from evidence.succession.recovery import read_statement, replace_recovery_keys

    home = existing_home(arguments)
    changed = replace_recovery_keys(home, read_statement(arguments.statement), now=now())
    _tell_change(changed.index, changed.trust)
    print("原恢复密钥单已作废，请收回并销毁。 / The old sheets are void; collect and destroy them.")
    return 0


def _statement(arguments: argparse.Namespace) -> int:
    from evidence.succession.keys import prepare_revocation
    from evidence.succession.recovery import write_statement

    start, home = parse_start(arguments.start), existing_home(arguments)
    statement = prepare_revocation(home, effective=start)
    write_statement(arguments.out, statement)
    show(statement)
    next_steps(arguments.out, home.ledger().need, "markseal keys revoke signer")
    return 0


def next_steps(path: Path, need: int, command: str) -> None:
    """Print what is done with a statement that was drawn up."""
    print(f"待签署 / to be signed: {path}")
    print(
        f"请由 {need} 把恢复密钥各签署一次：markseal keys sign-statement {path}；"
        f"然后：{command} --statement {path}"
    )
    print(
        f"Have {need} recovery keys sign it, one after the other: markseal keys sign-statement "
        f"{path}; then: {command} --statement {path}"
    )


def parse_start(text: str | None) -> datetime:
    """Return the moment that was given, this very second without one; raises InputError.

    Authorities state whole seconds: a later part of one would let a seal of the same second pass.
    """
    try:
        moment = now().replace(microsecond=0) if text is None else datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - refused below, as every time without a zone
    if moment.tzinfo is None:
        raise InputError(
            "--from is a time with its zone, such as 2026-03-01T08:00:00+08:00.",
            "--from 须为带时区的时间，如 2026-03-01T08:00:00+08:00。",
        )
    if moment > now() + MOST_AHEAD:
        raise InputError(
            "--from lies in the future: until then the key would count. Give a past moment.",
            "--from 在未来：在此之前该密钥仍算有效。请给出已过去的时刻。",
        )
    return moment


def show(statement: Any) -> None:
    """Print what a statement says, and how many signatures it has."""
    from evidence.succession.telling import told

    for zh, en in told(statement):
        print(f"{zh}\n{en}")
    print(f"签名 / signatures: {len(statement.signatures)}")


def _sign(arguments: argparse.Namespace) -> int:
    from evidence.succession.recovery import read_statement, sign_statement

    show(read_statement(arguments.file))
    prompt = "请输入恢复密钥（16 组） / type the recovery key (16 groups): "
    typed = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.read(4096)
    signed = sign_statement(arguments.file, typed)
    print(f"已签署 / signed: {len(signed.signatures)}")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    from evidence.succession.keys import revoke_signer
    from evidence.succession.recovery import read_statement

    home = existing_home(arguments)
    changed = revoke_signer(home, read_statement(arguments.statement), now=now())
    _tell_change(changed.index, changed.trust)
    return 0
