"""Commands of the organisations: which bureau lies under which."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Register ``organisation``."""
    parser = commands.add_parser(
        "organisation",
        help="机构的上下级 / organisations and their tree",
        description="机构及其上下级 / Organisations and which lies under which.",
        epilog="例 / example: markseal organisation list",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = actions.add_parser(
        "list",
        help="列出 / list them",
        description="按上下级列出各机构 / List the organisations as a tree.",
        epilog="例 / example: markseal organisation list",
    )
    shown.set_defaults(run=_list)
    placed = actions.add_parser(
        "place",
        help="设定上级 / place one under another",
        description="把一个市场监管部门列为另一个的下级；上级单位的审计人员可查看下级的全部内容，"
        "但不能改动；不给 --under 则列为顶层 / Place a bureau under another one: auditors of the "
        "upper one see what it sees and change nothing; without --under it is at the top.",
        epilog="例 / example: markseal organisation place 某区市场监管局 --under 某市市场监管局",
    )
    placed.add_argument("name", metavar="NAME", help="机构名称 / name of the bureau")
    placed.add_argument("--under", metavar="NAME", help="上级机构名称 / name of the bureau above")
    placed.set_defaults(run=_place)


def _list(_: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from desk.register.models import Organisation

    rows = list(Organisation.objects.all())

    def told(parent: int | None, depth: int) -> None:
        for row in rows:
            if row.parent_id == parent:
                print(f"{'  ' * depth}{row.name} · {row.kind}")
                told(row.pk, depth + 1)

    told(None, 0)
    return 0


def _place(arguments: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from desk.errors import NotFound
    from desk.register.models import Organisation
    from desk.register.services import place_organisation

    def named(name: str) -> Organisation:
        found = Organisation.objects.filter(name=name).first()
        if found is None:
            raise NotFound(f"There is no organisation {name}.", f"没有名为“{name}”的机构。")
        return found

    organisation = named(arguments.name)
    under = named(arguments.under) if arguments.under else None
    place_organisation(organisation=organisation, under=under)
    if under is None:
        print(f"“{organisation}”列为顶层 / {organisation} is at the top")
    else:
        print(f"“{organisation}”列于“{under}”之下 / {organisation} lies under {under}")
    return 0
