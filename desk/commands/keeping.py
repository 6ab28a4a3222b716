"""``markseal renew``: what sealed exhibits need over the years, from the command line."""

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
from evidence.authority import Authority
from evidence.errors import EvidenceError
from evidence.home import EvidenceHome
from evidence.keeping.due import Due, Survey, survey
from evidence.keeping.renewing import Renewed, renew
from evidence.verify.trust import Trust, load_trust

EXHIBITS = "exhibits"


def add(commands: Any) -> None:
    """Register the parsers of this family."""
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


def add_home(parser: argparse.ArgumentParser) -> None:
    """Give a parser the option ``--home``."""
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )


def home_of(arguments: argparse.Namespace) -> EvidenceHome:
    """Return the evidence of the installation that was named."""
    return EvidenceHome(Path(arguments.home or setting("MARKSEAL_HOME")))


def utc_now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


@contextmanager
def asking(home: EvidenceHome) -> Iterator[list[Authority]]:
    """Give the configured authorities, asked through the egress guard."""
    from egress.process import guard

    journal = home.path / "evidence" / "egress" / f"renew-{secrets.token_hex(8)}.jsonl"
    loopback = bool(setting("MARKSEAL_ALLOW_LOOPBACK"))
    try:
        with guard(journal, allow_loopback=loopback, resolvers=resolvers()) as way:
            yield [item.authority for item in home.authorities(proxy=way.address)]
    finally:
        journal.unlink(missing_ok=True)


def _renew(arguments: argparse.Namespace) -> int:
    home = home_of(arguments)
    trust = load_trust(home.trust)
    place = arguments.place or home.path / EXHIBITS
    found = Survey(0, (), ())
    if arguments.place or place.is_dir():
        found = survey(place, trust, now=utc_now())
    done: list[Renewed] = []
    faults = list(found.faults)
    if not arguments.due and found.alarms:
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
    with asking(home) as authorities:
        for one in found.alarms:
            try:
                made = renew(one.kept, trust=trust, authorities=authorities, clock=utc_now)
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
    for error in faults:
        print(f"  未能续期 / not renewed: {error.zh} / {error.en}")


def _line(one: Due) -> str:
    if one.until is None:
        return f"{one.kept.name}: 已失效，不能续期 / ended, can no longer be renewed"
    why = "需重新计算摘要 hash again" if one.again else "时间戳 timestamp"
    return (
        f"{one.kept.name}: {one.until:%Y-%m-%d}（{one.alarm} 天内 within {one.alarm} days；{why}）"
    )
