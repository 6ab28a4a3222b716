"""``markseal private``: the encrypted part of an exhibit that was captured with a login."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from config.environment import setting
from evidence.errors import InputError
from evidence.home import EvidenceHome

UNKNOWN = (
    "此证据不在本机案件库中，未记入保管链。 / "
    "The desk does not know this exhibit; no custody event."
)


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    parser = commands.add_parser(
        "private",
        help="加密部分 / the encrypted part",
        description="列出密钥，打开或销毁证据的加密部分。 / "
        "List the keys, open the encrypted part, or end it.",
        epilog="例 / example: markseal private open item1.wacz --out private --by 张三",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_list(actions)
    _add_open(actions)
    _add_erase(actions)


def _add_list(actions: Any) -> None:
    listing = actions.add_parser(
        "list",
        help="列出持有的密钥 / list the keys held",
        description="列出本机持有哪些加密部分的密钥：取证编号、时间、状态、案号、网页；不显示密钥。"
        " / "
        "List the encrypted parts that this installation can open: capture id, time, state, case, "
        "page; never a key.",
        epilog="例 / example: markseal private list",
    )
    listing.add_argument("--json", action="store_true", help="每行一个 JSON / JSON lines")
    _add_home(listing)
    listing.set_defaults(run=_list)


def _add_open(actions: Any) -> None:
    one = actions.add_parser(
        "open",
        help="打开加密部分 / open it",
        description="用本机密钥解开证据的加密部分。其中有登录凭据：只应由经办人员在必要时打开，"
        "不得随证据移交。每次打开均记入保管链。 / Decrypt the encrypted part with this "
        "installation's key. It holds login secrets: for the officers of the case only, when it "
        "must be; never hand it out. Each opening is recorded in the chain of custody.",
        epilog="例 / example: markseal private open item1.wacz --out private --by 张三",
    )
    one.add_argument("file", type=Path, metavar="NAME.wacz", help="证据包 / the package")
    _add_common(one)
    one.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="新目录或空目录 / a new folder"
    )
    one.set_defaults(run=_open)


def _add_erase(actions: Any) -> None:
    two = actions.add_parser(
        "erase",
        help="销毁密钥 / erase its key",
        description="销毁该证据加密部分的密钥；此后任何人都无法再打开，证据其余部分仍可核验。 / "
        "Delete the key of the encrypted part; nobody can open it again. The rest of the exhibit "
        "still verifies. Copies in back-ups are yours to delete. Without the package, give the "
        "capture id, as markseal private list shows it.",
        epilog="例 / example: markseal private erase item1.wacz --by 张三 --yes",
    )
    two.add_argument(
        "of", metavar="NAME.wacz|ID", help="证据包或取证编号 / the package, or the capture id"
    )
    _add_common(two)
    two.add_argument("--yes", action="store_true", help="确认销毁 / yes, erase it")
    two.set_defaults(run=_erase)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", required=True, metavar="WHO", help="经办人 / who does it")
    _add_home(parser)


def _add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )


def _list(arguments: argparse.Namespace) -> int:
    from evidence.seal.heldkeys import held_keys

    held = held_keys(EvidenceHome(_home(arguments)))
    if not held:
        print("没有持有任何密钥 / no key is held", file=sys.stderr)
    for item in held:
        if arguments.json:
            print(json.dumps(item.to_json(), ensure_ascii=False))
        else:
            made = item.made.astimezone()
            told = (item.capture_id, f"{made:%Y-%m-%d %H:%M}", item.state, item.case, item.url)
            print("\t".join(text or "-" for text in told))
    return 0


def _open(arguments: argparse.Namespace) -> int:
    from evidence.keeping.store import in_the_clear

    home = EvidenceHome(_home(arguments))
    with in_the_clear(home, arguments.file) as file:
        return _open_file(arguments, home, file)


def _open_file(arguments: argparse.Namespace, home: EvidenceHome, file: Path) -> int:
    from evidence.seal.private import read_key
    from evidence.seal.unlock import find_part, open_part, refuse_folder

    part = find_part(file)
    key = read_key(home, part.capture_id)
    refuse_folder(arguments.out)
    noted = _note(arguments, part.capture_id, part.sha256, kind="opened")
    files = open_part(part, key, arguments.out)
    print("已打开；以下文件含登录凭据，用毕请删除：")
    print("Opened; these files hold login secrets, delete them after use:")
    print("\n".join(f"  {path}" for path in files))
    print(noted)
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    from evidence.seal.private import drop_key, key_path, read_key

    home = EvidenceHome(_home(arguments))
    capture_id, sha256 = _part_of(arguments.of)
    if not key_path(home, capture_id).exists():
        read_key(home, capture_id)  # says what can be done
    if not arguments.yes:
        raise InputError(
            "Nothing was erased: this cannot be undone. Give --yes to erase the key.",
            "尚未销毁：此操作不可撤销。确认销毁请加 --yes。",
        )
    noted = _note(arguments, capture_id, sha256, kind="erased")
    drop_key(home, capture_id)
    print("密钥已销毁；请另行删除备份中的副本。")
    print("The key is erased; delete copies in back-ups too.")
    print(noted)
    return 0


def _part_of(named: str) -> tuple[str, str]:
    """Return capture id and digest of the part of a package; of a bare id the digest is empty."""
    from evidence.seal.heldkeys import is_capture_id
    from evidence.seal.unlock import find_part

    if is_capture_id(named) and not Path(named).exists():
        return named, ""
    part = find_part(Path(named))
    return part.capture_id, part.sha256


def _home(arguments: argparse.Namespace) -> Path:
    return Path(arguments.home or setting("MARKSEAL_HOME")).absolute()


def _note(arguments: argparse.Namespace, capture_id: str, sha256: str, *, kind: str) -> str:
    """Record the event with the exhibit, before anything is done; return what is told of it."""
    by = arguments.by.strip()
    if not by or len(by) > 200 or not by.isprintable():
        raise InputError(
            "--by is 1 to 200 printable characters.", "--by 须为 1 至 200 个可见字符。"
        )
    home = _home(arguments)
    if not setting("MARKSEAL_DATABASE_URL") and not (home / "markseal.sqlite3").exists():
        return UNKNOWN
    os.environ["MARKSEAL_HOME"] = str(home)
    from desk.commands.opening import open_desk

    open_desk()
    from desk.cases.models import Exhibit
    from desk.cases.services.custody import add_event
    from desk.cases.states import CustodyKind

    exhibit = Exhibit.objects.filter(capture_id=capture_id).first()
    if exhibit is None:
        return UNKNOWN
    add_event(exhibit=exhibit, kind=CustodyKind(kind), actor=None, sha256=sha256, note=by)
    return f"已记入保管链 / recorded in the chain of custody: {exhibit.number}"
