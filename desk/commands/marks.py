"""``markseal marks`` and ``markseal sellers``: the register at the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from desk.register.models import Organisation
    from desk.register.services.imports import ImportReport


def add(commands: Any) -> None:
    """Register the commands on marks and authorised sellers."""
    marks = _family(commands, "marks", "商标 / marks", "markseal marks import marks.csv")
    _add_import(marks, "导入商标文件 / import a file of marks", "marks", _import_marks)
    listing = marks.add_parser(
        "list",
        help="列出商标 / list the marks",
        description="列出已登记的商标 / List the registered marks.",
        epilog="例 / example: markseal marks list --json",
    )
    listing.add_argument("--json", action="store_true", help="每行一个 JSON / JSON lines")
    listing.set_defaults(run=_list_marks)
    sellers = _family(
        commands, "sellers", "授权店铺 / authorised sellers", "markseal sellers import sellers.csv"
    )
    _add_import(sellers, "导入授权店铺 / import authorised shops", "sellers", _import_sellers)


def _family(commands: Any, name: str, text: str, example: str) -> Any:
    parser = commands.add_parser(
        name, help=text, description=text, epilog=f"例 / example: {example}"
    )
    return parser.add_subparsers(dest="action", required=True, metavar="ACTION")


def _add_import(actions: Any, text: str, family: str, run: Any) -> None:
    parser = actions.add_parser(
        "import",
        help=text,
        description=f"{text}；全部成功或全部不变 / all or nothing",
        epilog=f"例 / example: markseal {family} import {family}.csv --organisation 某权利人",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV 文件 / CSV file")
    parser.add_argument(
        "--organisation",
        help="权利人，默认按 holder 列 / brand owner (default: by the holder column)",
    )
    parser.set_defaults(run=run)


def _organisation(name: str | None) -> Organisation | None:
    from desk.register.models import OrganisationKind
    from desk.register.services import add_organisation

    if name is None:
        return None
    return add_organisation(name=name, kind=OrganisationKind.BRAND_OWNER)


def _import_marks(arguments: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from django.db import transaction

    from desk.register.models import Organisation
    from desk.register.services.imports import import_marks

    name = (arguments.organisation or "").strip()
    known = not name or Organisation.objects.filter(name=name).exists()
    with transaction.atomic():
        report = import_marks(
            path=arguments.file, organisation=_organisation(arguments.organisation)
        )
    if not known:
        print(f"权利人“{name}”此前没有，现已新建。\n{name} is a new brand owner, made just now.")
    return _say(report, "商标", "marks")


def _import_sellers(arguments: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from django.db import transaction

    from desk.register.services.imports import import_sellers

    with transaction.atomic():
        report = import_sellers(
            path=arguments.file, organisation=_organisation(arguments.organisation)
        )
    return _say(report, "授权店铺", "authorised sellers")


def _say(report: ImportReport, zh: str, en: str) -> int:
    for note_zh, note_en in report.notes:
        print(f"{note_zh}\n{note_en}")
    print(f"{zh}：新增 {report.added}，变更 {report.changed}，未变 {report.unchanged}。")
    print(
        f"{en.capitalize()}: {report.added} added, {report.changed} changed, "
        f"{report.unchanged} unchanged."
    )
    return 0


def _list_marks(arguments: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from desk.register.models import Mark

    for mark in Mark.objects.select_related("organisation"):
        if arguments.json:
            row = {
                "mark_id": mark.mark_id,
                "name": mark.name,
                "classes": mark.classes,
                "kind": mark.kind,
                "holder": mark.holder,
                "well_known": mark.well_known,
                "common_word": mark.common_word,
                "organisation": mark.organisation.name,
            }
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(f"{mark.mark_id}\t{mark.name}\t{mark.classes}\t{mark.kind}\t{mark.holder}")
    return 0
