"""``markseal erase``, ``hold`` and ``retention``: the end of an exhibit's content."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

from config.environment import setting
from desk.commands.keeping import utc_now
from desk.commands.trust import add_home, existing_home, home_path
from evidence.errors import InputError
from evidence.home import EvidenceHome
from evidence.keeping.dated import SURE, grounds, retentions
from evidence.keeping.erasing import EraseOrder, erase
from evidence.keeping.erasures import Erased, backups_ended, open_backups
from evidence.keeping.exhibit import Kept, find
from evidence.keeping.holds import all_held, hold, release


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    _add_erase(commands)
    _add_hold(commands)
    _add_retention(commands)


def _add_erase(commands: Any) -> None:
    parser = commands.add_parser(
        "erase",
        help="依法删除证据内容 / erase an exhibit's content",
        description="依据、两名批准人齐备且未被保全时，在日志中记入经签名的删除条目，随后销毁该证据的"
        "密钥与内容。附属文件保留，仍可核验。系统不判断删除是否合法。 / With a legal basis, two "
        "approvers and no hold: log a signed erasure, then end the exhibit's keys and content. Its "
        "sidecars stay and still verify. Whether the law allows it is not judged here, and names "
        "are taken as given.",
        epilog="例 / example: markseal erase exhibits/item1.wacz --basis pipl-purpose-ended "
        "--approve 张三 --approve 李四 --reason 案件已结 --yes",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="NAME.wacz", help="证据 / exhibit")
    parser.add_argument("--basis", metavar="CODE", help="依据代码 / code of the legal basis")
    parser.add_argument(
        "--approve", action="append", metavar="WHO", help="批准人，须两人 / approver, twice"
    )
    parser.add_argument("--reason", metavar="TEXT", help="事由，仅留存本机 / kept here only")
    parser.add_argument(
        "--document", type=Path, metavar="FILE", help="所依据的文书 / the paper it rests on"
    )
    parser.add_argument(
        "--class", dest="kind", metavar="CLASS", help="保存期限的类别 / class of the retention"
    )
    parser.add_argument("--yes", action="store_true", help="确认删除 / yes, erase it")
    parser.add_argument(
        "--list-bases", action="store_true", help="列出依据及其来源 / list the bases and sources"
    )
    parser.add_argument(
        "--open-backups",
        action="store_true",
        help="列出可能仍存于备份中的密钥 / list erased keys that a back-up may still hold",
    )
    parser.add_argument(
        "--backups-ended",
        metavar="WHO",
        help="声明此前的备份均已销毁或重做 / state that all back-ups made before are destroyed or "
        "made anew",
    )
    add_home(parser)
    parser.set_defaults(run=_erase)


def _erase(arguments: argparse.Namespace) -> int:
    if arguments.list_bases:
        return _list_bases()
    home = existing_home(arguments)
    if arguments.open_backups:
        return _tell_open(open_backups(home))
    if arguments.backups_ended:
        closed = backups_ended(home, by=arguments.backups_ended, now=utc_now())
        print(f"已记录 {len(closed)} 项 / {len(closed)} noted")
        return 0
    kept = one_exhibit(arguments.file)
    order = _order(arguments)
    if not arguments.yes:
        raise InputError(
            "Nothing was erased: this cannot be undone. Give --yes to erase the content.",
            "尚未删除：此操作不可撤销。确认删除请加 --yes。",
        )
    erased = erase(kept, order, home=_writing(home), clock=utc_now)
    _note(home, kept, erased, order)
    print(
        f"内容已删除，日志第 {erased.index} 条，依据 {erased.basis}。\n"
        f"The content is erased; log entry {erased.index}, basis {erased.basis}.\n"
        "此前所做的备份可能仍含该密钥：请销毁或重做备份，再用 --backups-ended 声明。\n"
        "Back-ups made before may still hold the key: destroy them or make them anew, then state "
        "so with --backups-ended."
    )
    return 0


def _writing(home: EvidenceHome) -> EvidenceHome:
    """Return the home whose log is held in the desk's database too, where there is one."""
    if not setting("MARKSEAL_DATABASE_URL"):
        return home
    os.environ["MARKSEAL_HOME"] = str(home.path)
    from desk.commands.opening import open_desk

    open_desk()
    from desk.cases.writerlock import evidence_home

    return evidence_home()


def _note(home: EvidenceHome, kept: Kept, erased: Erased, order: EraseOrder) -> None:
    """Record the erasure in the chain of custody, if the desk has this exhibit; drop its caches."""
    for folder in ("pictures", "comparisons"):
        shutil.rmtree(home.path / "cache" / folder, ignore_errors=True)
    if not setting("MARKSEAL_DATABASE_URL") and not (home.path / "markseal.sqlite3").exists():
        return
    os.environ["MARKSEAL_HOME"] = str(home.path)
    from desk.commands.opening import open_desk

    open_desk()
    from desk.cases.services.keeping import note_erased

    note_erased(
        capture_id=erased.capture_id,
        sha256=kept.outcome.package.sha256,
        note=f"{erased.basis}，{'、'.join(order.approvers)}",
    )


def _order(arguments: argparse.Namespace) -> EraseOrder:
    people = arguments.approve or []
    if len(people) != 2 or not arguments.basis or not arguments.reason:
        raise InputError(
            "An erasure needs --basis, --reason and --approve twice, by two people.",
            "删除须给出 --basis、--reason，以及两名不同人员的 --approve。",
        )
    return EraseOrder(
        arguments.basis,
        (people[0], people[1]),
        arguments.reason,
        document_sha256=None if arguments.document is None else _digest(arguments.document),
        retention_class=arguments.kind,
    )


def _digest(path: Path) -> str:
    import hashlib

    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error


def one_exhibit(path: Path | None) -> Kept:
    """Return the exhibit that a file names; InputError when it names none, or several."""
    if path is None or path.is_dir():
        raise InputError("Give the .wacz of one exhibit.", "请给出一件证据的 .wacz 文件。")
    return next(iter(find(path)))


def _list_bases() -> int:
    for one in grounds():
        basis = one.basis
        use = "可用 usable" if basis.status in SURE else "待核实，不可用 unsure, not used"
        print(f"{basis.code}: {one.zh} / {one.en}")
        print(f"    《{basis.title}》{basis.article}，自 {basis.since} 起 from {basis.since}")
        print(f"    {use}（{basis.status}）；来源 source: {one.source}")
    return 0


def _tell_open(found: list[Erased]) -> int:
    for one in found:
        print(f"{one.name} {one.capture_id} {one.time}")
    print(f"{len(found)} 项未了 / {len(found)} open")
    return 1 if found else 0


def _add_hold(commands: Any) -> None:
    parser = commands.add_parser(
        "hold",
        help="禁止删除 / hold an exhibit",
        description="保全期间不得删除证据内容。 / While a hold stands nothing is erased.",
        epilog="例 / example: markseal hold set exhibits/item1.wacz --reason 诉讼中 --by 张三",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    texts = {
        "set": ("设定 / set", "为一件证据设定保全。 / Put a hold on an exhibit."),
        "release": ("解除 / release", "解除保全；设定与解除均留有记录。 / End a hold."),
    }
    for action, (short, long) in texts.items():
        one = actions.add_parser(
            action,
            help=short,
            description=long,
            epilog=f"例 / example: markseal hold {action} item1.wacz --reason 诉讼 --by 张三",
        )
        one.add_argument("file", type=Path, metavar="NAME.wacz", help="证据 / the exhibit")
        one.add_argument("--reason", required=True, metavar="TEXT", help="事由 / why")
        one.add_argument("--by", required=True, metavar="WHO", help="经办人 / who does it")
        add_home(one)
        one.set_defaults(run=_set if action == "set" else _release)
    listed = actions.add_parser(
        "list",
        help="列出 / list",
        description="列出现有保全。 / List the holds.",
        epilog="例 / example: markseal hold list",
    )
    add_home(listed)
    listed.set_defaults(run=_holds)


def _set(arguments: argparse.Namespace) -> int:
    kept, home = one_exhibit(arguments.file), existing_home(arguments)
    made = hold(home, kept, reason=arguments.reason, by=arguments.by, now=utc_now())
    print(f"已保全 / held: {made.name}（{made.reason}，{made.by}，{made.time}）")
    return 0


def _release(arguments: argparse.Namespace) -> int:
    kept, home = one_exhibit(arguments.file), existing_home(arguments)
    ended = release(home, kept, reason=arguments.reason, by=arguments.by, now=utc_now())
    print(f"已解除 / released: {ended.name}")
    return 0


def _holds(arguments: argparse.Namespace) -> int:
    for one in all_held(existing_home(arguments)):
        print(f"{one.name} {one.capture_id}: {one.reason}（{one.by}，{one.time}）")
    return 0


def _add_retention(commands: Any) -> None:
    parser = commands.add_parser(
        "retention",
        help="保存期限表 / the retention timetable",
        description="列出各类证据的保存期限、依据与来源；待核实的从不自动适用。给出证据时，按 "
        "--class 计算其保存至何日。 / List how long exhibits of each class are kept, with sources; "
        "what is unsure is never applied. With an exhibit and --class: the day until which it is "
        "kept.",
        epilog="例 / example: markseal retention exhibits/item1.wacz --class unfiled_lead",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="NAME.wacz", help="证据 / exhibit")
    parser.add_argument("--class", dest="kind", metavar="CLASS", help="类别 / the class")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    add_home(parser)
    parser.set_defaults(run=_retention)


def _retention(arguments: argparse.Namespace) -> int:
    home = EvidenceHome(home_path(arguments))
    if arguments.file is not None:
        return _until(home, arguments)
    rows = retentions(home.path)
    if arguments.json:
        print(json.dumps([vars(one) for one in rows], ensure_ascii=False, default=str, indent=1))
        return 0
    for one in rows:
        years = "年数未定 no number of years" if one.years is None else f"{one.years} 年 years"
        use = "可用 usable" if one.usable else "待核实，不适用 unsure, not applied"
        print(f"{one.name}: {one.zh} / {one.en}")
        print(f"    {years}，自 {one.counted_from} 起算 counted from; {use}（{one.status}）")
        print(f"    《{one.title}》{one.article}，{one.since}；来源 source: {one.source}")
    return 0


def _until(home: EvidenceHome, arguments: argparse.Namespace) -> int:
    from evidence.keeping.dated import retention

    if arguments.kind is None:
        raise InputError("Give the exhibit's class with --class.", "请用 --class 给出证据类别。")
    kept = one_exhibit(arguments.file)
    until = retention(arguments.kind, home=home.path).until(kept.outcome.time)
    over = utc_now().date() > until
    if arguments.json:
        print(json.dumps({"name": kept.name, "until": until.isoformat(), "over": over}))
    else:
        word = "已届满 over" if over else "未届满 not over"
        print(f"{kept.name}: 保存至 kept until {until}（{word}）")
    return 0
