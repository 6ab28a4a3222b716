"""``markseal sources``: what is read, what was permitted, and which sites have changed."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from desk.leads.models import Source


def add(commands: Any) -> None:
    """Register the commands on sources."""
    parser = commands.add_parser(
        "sources",
        help="来源 / sources",
        description="采集来源 / Sources.",
        epilog="例 / example: markseal sources list",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser(
        "list",
        help="列出来源、报警与例外批准 / list the sources, their alarms and overrides",
        description="列出来源，并说明报警、暂停与例外批准；有报警时退出码为 1。 / List the sources "
        "with alarms, pauses and overrides; exit 1 where there is an alarm.",
        epilog="例 / example: markseal sources list",
    )
    listing.set_defaults(run=_list)
    _add_override(actions)
    for name, zh, en, run in (
        ("withdraw", "撤回例外批准", "withdraw the override of a source", _withdraw),
        ("resume", "处理报警后恢复采集", "let a source with an alarm go on", _resume),
    ):
        one = actions.add_parser(
            name,
            help=f"{zh} / {en}",
            description=f"{zh} / {en[0].upper()}{en[1:]}.",
            epilog=f"例 / example: markseal sources {name} 1",
        )
        _add_source(one)
        one.set_defaults(run=run)
    one.add_argument(
        "--accept",
        action="store_true",
        help="以报警的那次读取为今后的基准 / measure later runs by the one that raised the alarm",
    )


def _add_override(actions: Any) -> None:
    parser = actions.add_parser(
        "override",
        help="登记例外批准 / record an override",
        description="登记例外批准：禁止自动采集的来源据此采集，到期自动停止。 / "
        "Record an override: a source that forbids robots is crawled under it until it expires.",
        epilog="例 / example: markseal sources override 1 --number 甬市监网〔2026〕1号 "
        "--basis 《电子商务法》第二十五条 --approved-by 李某 --until 2026-12-31T18:00+08:00",
    )
    _add_source(parser)
    for option, metavar, words in (
        ("--number", "N", "文号 / number of the approval"),
        ("--basis", "TEXT", "法律依据 / legal basis"),
        ("--approved-by", "NAME", "批准人 / approving officer"),
    ):
        parser.add_argument(option, required=True, metavar=metavar, help=words)
    parser.add_argument(
        "--until",
        required=True,
        type=_moment,
        metavar="TIME",
        help="到期时间（含时区），一年以内 / expiry with time zone, within a year",
    )
    parser.set_defaults(run=_override)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="ID", type=int, help="来源编号 / number of the source")


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - refused below for want of a time zone
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{value!r}: 写作 / write 2026-12-31T18:00+08:00")
    return moment


def _list(_: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from desk.leads.models import Source

    alarmed = False
    for source in Source.objects.select_related("alarm").order_by("pk"):
        standing = "启用 / active" if source.active else "已暂停 / paused"
        print(f"{source.pk}\t{source.name}\t{source.start_url}\t{standing}")
        for zh, en in _told(source):
            print(f"\t{zh}\n\t{en}")
        alarmed = alarmed or source.alarm is not None
    return 1 if alarmed else 0


def _told(source: Source) -> list[tuple[str, str]]:
    from django.utils import timezone

    from desk.leads.services.overrides import override_of

    told = []
    if source.alarm is not None:
        told.append((f"报警：{source.alarm.alarm_zh}", f"Alarm: {source.alarm.alarm_en}"))
    override = override_of(source)
    if override is not None:
        until = f"{timezone.localtime(override.expires_at):%Y-%m-%d %H:%M}"
        over = override.expires_at <= timezone.now()
        number, by, basis = override.number, override.approved_by, override.basis
        zh, en = ("已到期", "expired") if over else ("有效期至", "until")
        zh = f"例外批准 {number}，{by} 批准，{zh} {until}；依据：{basis}"
        told.append((zh, f"Override {number}, approved by {by}, {en} {until}; basis: {basis}"))
    return told


def _source(arguments: argparse.Namespace) -> Source:
    from desk.commands.opening import open_desk

    open_desk()
    from desk.errors import NotFound
    from desk.leads.models import Source

    source = Source.objects.select_related("alarm").filter(pk=arguments.source).first()
    if source is None:
        raise NotFound(
            f"There is no source {arguments.source}; see markseal sources list.",
            f"没有编号为 {arguments.source} 的来源，请用 markseal sources list 查看。",
        )
    return source


def _override(arguments: argparse.Namespace) -> int:
    source = _source(arguments)
    from desk.leads.services import add_override

    made = add_override(
        source=source,
        number=arguments.number,
        basis=arguments.basis,
        approved_by=arguments.approved_by,
        expires_at=arguments.until,
        now=datetime.now(UTC),
    )
    print(f"例外批准 {made.number} 已登记。\nOverride {made.number} recorded.")
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    source = _source(arguments)
    from desk.leads.services import withdraw_override

    count = withdraw_override(source=source, now=datetime.now(UTC))
    print(f"已撤回 {count} 项例外批准。\nOverrides withdrawn: {count}.")
    return 0


def _resume(arguments: argparse.Namespace) -> int:
    source = _source(arguments)
    from desk.leads.services import end_alarm

    if source.alarm is None:
        print("该来源没有报警。\nThis source has no alarm.")
        return 0
    end_alarm(source=source, accept=arguments.accept)
    print("报警已处理，来源恢复采集。\nThe alarm is settled; the source goes on.")
    return 0
