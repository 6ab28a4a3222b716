"""``markseal listings`` and ``markseal tip``: listings without a crawl, into a file or the desk."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import setting
from crawler.errors import OrderWrong
from crawler.handed import FIELDS, ColumnMemory, guess_columns, headings_of, read_rows
from crawler.listing import Listing
from crawler.sentences import counted
from crawler.sheet import read_table
from crawler.tip import read_tip
from desk.commands.crawl import read_bytes
from desk.commands.output import whole_file
from desk.commands.watch import bureau_named, finish_run
from desk.leads.handover import TIPS

LISTINGS_EXAMPLE = """例 / examples:
  markseal listings 清单.xlsx --platform taobao --out listings.jsonl
  markseal listings 清单.csv --platform jd --column title=品名 --column price=单价 --leads

列名对应关系会被记住，同样表头的清单下次无需再写。/ The mapping is remembered by its headings.
"""
TIP_EXAMPLE = """例 / examples:
  markseal tip "【淘宝】https://m.tb.cn/h.abc?tk=def 「甬舟保温杯」点击链接直接打开"
  pbpaste | markseal tip - --leads
"""


def add(commands: Any) -> None:
    """Register ``markseal listings`` and ``markseal tip``."""
    _add_listings(commands)
    _add_tip(commands)


def _add_listings(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "listings",
        help="读取移交的商品清单 / read a list that was handed over",
        description="读取平台移交的商品清单（CSV、XLSX、JSON），输出商品 JSON 行；列名自动识别，"
        "可指定并记住。\nRead a list handed over by a platform (CSV, XLSX, JSON) and write "
        "listings as JSON lines; columns are recognised, or named once and remembered.",
        epilog=LISTINGS_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="清单文件，- 为标准输入 / the list")
    parser.add_argument(
        "--platform", required=True, metavar="P", help="来源平台 / the platform it is from"
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        type=_column,
        metavar="FIELD=HEADING",
        help="字段对应的列名，可多次 / heading of a field, may be repeated",
    )
    parser.add_argument("--sheet", metavar="NAME", help="XLSX 工作表 / sheet (default: the first)")
    parser.add_argument(
        "--price-unit",
        choices=("main", "cent"),
        default="main",
        help="价格单位：元或分 / prices in yuan or fen",
    )
    parser.add_argument(
        "--out", metavar="L.jsonl", help="输出，- 为标准输出（或 --leads）/ output (or --leads)"
    )
    _add_leads(parser)
    parser.set_defaults(run=run_listings)


def _add_tip(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "tip",
        help="读取粘贴的链接或分享文本 / read a pasted link or share text",
        description="从粘贴的链接、分享文本或口令读出一条商品（不联网），输出一行 JSON。\n"
        "Read one listing from a pasted link, share text or code (no network); one JSON line.",
        epilog=TIP_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "text",
        metavar="TEXT",
        nargs="+",
        help="文本，可不加引号，- 为标准输入 / the text, quoted or not",
    )
    parser.add_argument(
        "--out", metavar="L.jsonl", help="输出（默认标准输出）/ output (default: -)"
    )
    _add_leads(parser)
    parser.set_defaults(run=run_tip)


def _add_leads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--leads",
        action="store_true",
        help="与全部商标比对并归入线索 / compare with every mark and file the leads",
    )
    parser.add_argument(
        "--organisation", help="线索所属监管部门，仅有一个时可省略 / bureau (default: the only one)"
    )


def run_listings(arguments: argparse.Namespace) -> int:
    """Write the listings of a list, say what was left out, and remember the columns."""
    if arguments.out is None and not arguments.leads:
        raise OrderWrong(
            "Say where the listings go: --out L.jsonl, or --leads into the service.",
            "请指明输出：--out 文件，或 --leads 归入线索。",
        )
    data = read_bytes(arguments.file)
    rows = read_table(data, arguments.file, sheet=arguments.sheet)
    headings = headings_of(rows)
    memory = ColumnMemory(Path(setting("MARKSEAL_HOME")) / "columns.json")
    columns = guess_columns(headings) | memory.recall(headings) | dict(arguments.column)
    handed = read_rows(
        rows,
        name=arguments.file,
        platform=arguments.platform,
        columns=columns,
        unit=arguments.price_unit,
    )
    if arguments.out is not None:
        _write(handed.listings, arguments.out)
    if arguments.column:
        memory.keep(headings, columns)
    print(_told(len(handed.listings), handed.left_out, columns), file=sys.stderr)
    if not arguments.leads:
        return 0
    return _file(handed.listings, f"移交清单 · {arguments.platform}", arguments.organisation)


def run_tip(arguments: argparse.Namespace) -> int:
    """Print the listing a pasted text names; 65 if it names none."""
    text = " ".join(arguments.text)
    text = sys.stdin.read() if text == "-" else text
    listing = read_tip(text).listing()
    if arguments.out is not None or not arguments.leads:
        _write([listing], arguments.out or "-")
    return _file([listing], TIPS, arguments.organisation) if arguments.leads else 0


def _write(listings: Sequence[Listing], name: str) -> None:
    with whole_file(name) as out:
        for listing in listings:
            out.write(json.dumps(listing.to_json(), ensure_ascii=False).encode() + b"\n")


def _file(listings: Sequence[Listing], name: str, organisation: str | None) -> int:
    """Compare the listings with every mark, file the leads and say so; 1 if it did not end."""
    from desk.commands.opening import open_desk

    open_desk()
    from desk.leads.services import hand_in

    bureau = bureau_named(organisation)
    return finish_run(
        hand_in(organisation=bureau, name=name, listings=listings, now=datetime.now(UTC))
    )


def _told(count: int, left_out: tuple[int, ...], columns: dict[str, str]) -> str:
    used = ", ".join(f"{name}={heading}" for name, heading in columns.items())
    zh, en = f"读出 {count} 条商品（{used}）", f"{counted(count, 'listing')} read ({used})"
    if left_out:
        rows = ", ".join(map(str, left_out[:10])) + (" …" if len(left_out) > 10 else "")
        zh += f"；{len(left_out)} 行没有标题，未读（第 {rows} 行）"
        en += f"; left out, having no title: {counted(len(left_out), 'row')} ({rows})"
    return f"{zh}。\n{en}."


def _column(value: str) -> tuple[str, str]:
    name, sign, heading = value.partition("=")
    if not sign or name not in FIELDS or not heading:
        raise argparse.ArgumentTypeError(
            f"{value!r}: 写作 字段=列名，字段为 / FIELD=HEADING with one of {', '.join(FIELDS)}"
        )
    return name, heading
