"""``markseal renew`` and ``anchor``: what sealed exhibits need later, from the command line."""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import resolvers, setting
from desk.commands.trust import add_home, existing_home, home_path
from evidence.authority import Authority
from evidence.authority.revocation import fetching
from evidence.errors import EvidenceError
from evidence.home import EvidenceHome
from evidence.keeping.due import Due, Survey, survey
from evidence.keeping.exhibit import find
from evidence.keeping.renewing import REVOCATION, Renewed, Revocation, asked_once, renew
from evidence.keeping.store import FolderStore
from evidence.verify.trust import Trust, load_trust

EXHIBITS = "exhibits"
AWAITING = 4


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    _add_renew(commands)
    _add_anchor(commands)


def _add_renew(commands: Any) -> None:
    parser = commands.add_parser(
        "renew",
        help="时间戳续期 / renew timestamps",
        description="在时间戳机构证书到期（前 180 天起）或摘要算法失信之前，为到期在即的证据续期。"
        "退出码：0 无待续期或已续期，1 有证据未能续期（--due 时：有待续期）。 / Renew what is due: "
        "from 180 days before an authority's certificate ends or a digest algorithm is declared "
        "weak. Exit: 0 nothing left to renew, 1 something could not be renewed (with --due: "
        "something is due).",
        epilog="例 / example: markseal renew --due；markseal renew exhibits/item1.wacz",
    )
    parser.add_argument(
        "place",
        nargs="?",
        type=Path,
        metavar="NAME.wacz|DIR",
        help="证据或其所在目录，默认本机全部证据 / an exhibit or a folder of them (default: all "
        "exhibits of this installation)",
    )
    parser.add_argument("--due", action="store_true", help="只列出，不续期 / list only")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    add_home(parser)
    parser.set_defaults(run=_renew)


def _add_anchor(commands: Any) -> None:
    parser = commands.add_parser(
        "anchor",
        help="存证平台存证 / anchor a digest elsewhere",
        description="把清单摘要写成请求文件，由法院或公证处存证平台的对接程序取走；回执文件到达后"
        "封入证据。回执只作为事实展示，不作为证明。退出码：0 已有回执，4 等待回执。 / Write the "
        "manifest's digest as a request file for a program that serves a court's or notary "
        "office's chain; enclose the receipt file once it is there. A receipt is shown, never "
        "taken as proof. Exit: 0 there is a receipt, 4 awaited.",
        epilog="例 / example: markseal anchor item1.wacz --name court --drop /srv/anchor "
        "--algorithm sm3",
    )
    parser.add_argument("file", type=Path, metavar="NAME.wacz", help="证据 / the exhibit")
    parser.add_argument("--name", required=True, metavar="NAME", help="平台短名 / short name")
    parser.add_argument(
        "--drop", required=True, type=Path, metavar="DIR", help="交换目录 / folder of the exchange"
    )
    parser.add_argument(
        "--algorithm", choices=("sha256", "sm3"), default="sha256", help="摘要算法 / the digest"
    )
    add_home(parser)
    parser.set_defaults(run=_anchor)


def _anchor(arguments: argparse.Namespace) -> int:
    from evidence.format.names import check_authority_name
    from evidence.keeping.anchoring import FileDrop, anchor

    kept = next(iter(find(arguments.file)))
    drop = FileDrop(check_authority_name(arguments.name), arguments.drop, arguments.algorithm)
    store = FolderStore(EvidenceHome(home_path(arguments)))
    made = anchor(kept, drop, clock=utc_now, rewrite=store.renewed)
    if made is None:
        print("已提出请求，等待回执；稍后再次运行同一命令。")
        print("Asked; no receipt yet. Run the same command again later.")
        return AWAITING
    print(f"回执已封入 / receipt enclosed: {kept.sidecars.anchor(made.name)}")
    print("回执未经核查，不作证明 / the receipt is not verified and proves nothing here")
    return 0


def utc_now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


@contextmanager
def asking(home: EvidenceHome) -> Iterator[tuple[list[Authority], Revocation]]:
    """Give the configured authorities and what fetches their revocation data, by the guard."""
    from egress.process import guard

    journal = home.path / "evidence" / "egress" / f"renew-{secrets.token_hex(8)}.jsonl"
    loopback = bool(setting("MARKSEAL_ALLOW_LOOPBACK"))
    try:
        with guard(journal, allow_loopback=loopback, resolvers=resolvers()) as way:
            named = home.authorities(proxy=way.address)
            roots = {item.name: item.roots for item in named}
            yield [item.authority for item in named], fetching(roots, proxy=way.address)
    finally:
        journal.unlink(missing_ok=True)


def _renew(arguments: argparse.Namespace) -> int:
    home = existing_home(arguments)
    trust = load_trust(home.trust)
    place = arguments.place or home.path / EXHIBITS
    found = Survey(0, (), ())
    if arguments.place or place.is_dir():
        found = survey(place, trust, now=utc_now())
    done: list[Renewed] = []
    faults = list(found.faults)
    if not arguments.due and (found.alarms or found.lacking):
        more, renewed = _renew_all(home, trust, found)
        faults, done = [*faults, *more], renewed
    if arguments.json:
        print(json.dumps(_json(found, done, faults), ensure_ascii=False, indent=1))
    else:
        _tell(found, done, faults)
    return 1 if faults or (arguments.due and found.alarms) else 0


def _renew_all(
    home: EvidenceHome, trust: Trust, found: Survey
) -> tuple[list[EvidenceError], list[Renewed]]:
    faults: list[EvidenceError] = []
    done: list[Renewed] = []
    with asking(home) as (authorities, revocation):
        again = asked_once(revocation)
        for one in (*found.alarms, *found.lacking):
            try:
                made = renew(
                    one.kept,
                    trust=trust,
                    authorities=authorities,
                    clock=utc_now,
                    content=FolderStore(home).open,
                    rewrite=FolderStore(home).renewed,
                    revocation=revocation if one.alarm is not None else again,
                )
            except EvidenceError as error:
                faults.append(error)
                continue
            done += [made] if made else []
    return faults, done


def _json(found: Survey, done: list[Renewed], faults: list[EvidenceError]) -> dict[str, Any]:
    return {
        "count": found.count,
        "due": [one.to_json() for one in found.alarms],
        "renewed": [
            {**made.after.to_json(), "kind": made.kind, "by": list(made.authorities)}
            for made in done
        ],
        "faults": [{"zh": error.zh, "en": error.en} for error in faults],
    }


def _tell(found: Survey, done: list[Renewed], faults: list[EvidenceError]) -> None:
    renewed = {made.before.kept: made for made in done}
    print(
        f"证据 {found.count} 件，待续期 {len(found.alarms)} 件 / "
        f"{found.count} exhibits, {len(found.alarms)} due"
    )
    for one in found.alarms:
        print(f"  {_line(one)}")
        if made := renewed.get(one.kept):
            until = f"{made.after.until:%Y-%m-%d}" if made.after.until else "?"
            by = ", ".join(made.authorities)
            print(f"    已续期至 {until} / renewed until {until} ({made.kind}, {by})")
    for made in done:
        if made.kind == REVOCATION:
            print(f"  {made.before.kept.name}: 吊销数据已补取 / revocation data had at last")
    if left := len({one.kept for one in found.lacking} - set(renewed)):
        print(f"  {left} 件待补取吊销数据 / revocation data of {left} is still to be had")
    for error in faults:
        print(f"  未能续期 / not renewed: {error.zh} / {error.en}")


def _line(one: Due) -> str:
    if one.until is None:
        return f"{one.kept.name}: 已失效，不能续期 / ended, can no longer be renewed"
    why = "需重新计算摘要 hash again" if one.again else "时间戳 timestamp"
    return (
        f"{one.kept.name}: {one.until:%Y-%m-%d}（{one.alarm} 天内 within {one.alarm} days；{why}）"
    )
