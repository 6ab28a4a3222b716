"""``markseal backup`` and ``restore``: everything that counts, in one encrypted file."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.environment import setting
from desk.commands.dumping import POSTGRES
from desk.commands.trust import add_home, existing_home, now
from desk.commands.witnesses import ask_witnesses
from evidence.errors import InputError

if TYPE_CHECKING:
    from evidence.succession.restore import Restored

LEAST = 12


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    _add_backup(commands)
    _add_restore(commands)


def _add_backup(commands: Any) -> None:
    one = commands.add_parser(
        "backup",
        help="加密备份 / an encrypted backup",
        description="把日志、密钥、在办取证、证据与数据库写成一个加密文件；服务不必停止。磁盘写满或中断"
        "都不会留下看似完整的文件。 / Write log, keys, work, exhibits and database into one "
        "encrypted file; the service may go on. A full disk or a kill leaves nothing that looks "
        "whole.",
        epilog="例 / example: markseal backup --out 2026-03-01.backup --to backup-public.pem",
    )
    one.add_argument("--out", required=True, type=Path, metavar="FILE", help="新文件 / a new file")
    one.add_argument(
        "--to",
        type=Path,
        metavar="PEM",
        help="为此 X25519 公钥加密 / encrypt for this X25519 public key",
    )
    _add_passphrase(one)
    add_home(one)
    one.set_defaults(run=_backup)


def _add_restore(commands: Any) -> None:
    one = commands.add_parser(
        "restore",
        help="恢复备份 / restore a backup",
        description="解密到新的数据目录，核对每个摘要，核验每件证据，审计日志，并向见证人询问最新检查点。"
        "退出码：0 一切相符，1 有问题或日志落后。 / Decrypt into a new data folder, check every "
        "digest, verify every exhibit, audit the log, ask the witnesses for their newest "
        "checkpoint. Exit: 0 all is well, 1 something is wrong or the log is behind.",
        epilog="例 / example: markseal restore 2026-03-01.backup --home new --key backup.pem "
        "--known item1.dossier.zip",
    )
    one.add_argument("file", type=Path, metavar="FILE", help="备份 / the backup")
    one.add_argument(
        "--home", required=True, type=Path, metavar="NEW", help="新的数据目录 / a new data folder"
    )
    one.add_argument("--key", type=Path, metavar="PEM", help="X25519 私钥 / the X25519 private key")
    _add_passphrase(one)
    one.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="各件证据的密钥（默认取旁边的 FILE.keys） / the exhibits' keys (default: FILE.keys)",
    )
    one.add_argument(
        "--known",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="含检查点的文件（证据移交包等），可重复 / a dossier or checkpoint (repeatable)",
    )
    one.set_defaults(run=_restore)


def _add_passphrase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="口令取自文件首行（默认从终端或标准输入读取） / passphrase: first line of a file",
    )


def _passphrase(arguments: argparse.Namespace) -> str:
    if arguments.passphrase_file is not None:
        text = _read(arguments.passphrase_file).decode("utf-8", "replace")
    elif sys.stdin.isatty():
        text = getpass.getpass("口令 / passphrase: ")
    else:
        text = sys.stdin.readline()
    found = text.split("\n", 1)[0].removesuffix("\r")
    if len(found) < LEAST:
        raise InputError(
            f"The passphrase has at least {LEAST} characters.", f"口令至少 {LEAST} 个字符。"
        )
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error


def _not_x25519(path: Path) -> InputError:
    return InputError(
        f"{path} holds no X25519 key in PEM (openssl genpkey -algorithm X25519).",
        f"{path} 中没有 PEM 格式的 X25519 密钥（openssl genpkey -algorithm X25519）。",
    )


def _backup(arguments: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from desk.commands.dumping import database_dump
    from evidence.format.backupfile import by_passphrase, by_public_key
    from evidence.succession.backup import back_up

    home = existing_home(arguments)
    if arguments.to is None:
        wrap = by_passphrase(_passphrase(arguments))
    else:
        try:
            public = load_pem_public_key(_read(arguments.to))
        except ValueError as error:
            raise _not_x25519(arguments.to) from error
        if not isinstance(public, X25519PublicKey):
            raise _not_x25519(arguments.to)
        wrap = by_public_key(public)
    dump = database_dump(home.path, setting("MARKSEAL_DATABASE_URL"))
    made = back_up(home, arguments.out, wrap, now=now(), dump=dump)
    print(f"备份 / backup: {made.path}")
    if made.keys is not None:
        print(f"各件证据的密钥另存于 / keys of single exhibits: {made.keys}")
    print(f"{made.files} 个文件，{made.size} 字节 / files, bytes")
    print(f"日志 / log: {made.log_size} {made.root}")
    for name in made.unfinished:
        print(f"仍在进行，仅备份其命令 / still running, only its order is in it: {name}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from evidence.format.backupfile import with_passphrase, with_private_key
    from evidence.succession.restore import restore

    if arguments.key is None:
        unwrap = with_passphrase(_passphrase(arguments))
    else:
        try:
            private = load_pem_private_key(_read(arguments.key), None)
        except (ValueError, TypeError) as error:
            raise _not_x25519(arguments.key) from error
        if not isinstance(private, X25519PrivateKey):
            raise _not_x25519(arguments.key)
        unwrap = with_private_key(private)
    found = restore(
        arguments.file,
        arguments.home,
        unwrap,
        keys=arguments.keys,
        known=arguments.known,
        ask=ask_witnesses,
    )
    _tell(found)
    return 0 if found.sound else 1


def _tell(found: Restored) -> None:
    valid = [item for item in found.exhibits if item.exit_code == 0]
    print(f"已恢复 / restored: {found.home.path} ({found.files}; {found.created})")
    print(f"证据核验通过 / exhibits valid: {len(valid)} / {len(found.exhibits)}")
    for item in found.exhibits:
        if item.exit_code:
            print(f"  {item.path}: {item.zh} / {item.en}")
    if (found.home.path / POSTGRES).is_file():
        print(
            f"PostgreSQL 记录 / records of PostgreSQL: {found.home.path / POSTGRES}；"
            "请用 pg_restore 恢复到新数据库 / put them into a new database with pg_restore"
        )
    if found.erased:
        print(f"内容已删除 / content erased: {len(found.erased)}")
    if found.unfinished:
        print(f"待继续的取证（再次运行其命令） / to be finished: {len(found.unfinished)}")
    if found.absent:
        listed = ", ".join(map(str, found.absent[:20]))
        print(
            f"日志所记而不在备份中的证据 / logged, not in this set: {len(found.absent)} ({listed})"
        )
    print(f"日志 / log: {found.audit.size}")
    for finding in found.audit.findings:
        print(f"  [{finding.code}] {finding.zh} / {finding.en}")
    if found.ahead is not None:
        size = found.ahead.head.size
        print(
            f"日志落后：{found.ahead.where} 已知 {size} 条。此日志不得继续；请启用后继日志"
            "（markseal succession prepare）。"
        )
        print(
            f"The log is behind: {found.ahead.where} knows {size} entries. It must not go on; "
            "open a successor log (markseal succession prepare)."
        )
