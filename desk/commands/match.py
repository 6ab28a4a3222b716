"""``markseal match``: marks and listings in, leads out, without a database."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from desk.commands.output import whole_file
from matcher import load_marks, load_sellers
from matcher.errors import MatchError
from matcher.marks_file import Note
from matcher.stream import open_listings, read_listings, run
from matcher.watchlist import Watchlist

EXAMPLE = """例 / example:
  markseal match --marks marks.csv --listings listings.jsonl.gz --sellers sellers.csv \\
    --out leads.jsonl
"""


def priority(value: str) -> float:
    """Return a priority between 0 and 1 from the command line."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{value!r}: 须为 0 至 1 的数 / a number from 0 to 1")
    return number


def add(commands: Any) -> None:
    """Register ``markseal match``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "match",
        help="比对商标与商品，输出疑似线索 / compare marks with listings, write suspected leads",
        description="比对商标与商品，输出疑似线索（JSON 行）。\n"
        "Compare marks with listings and write suspected leads as JSON lines.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--marks", required=True, help="商标文件 / marks (CSV)")
    parser.add_argument(
        "--listings", required=True, help="商品，JSON 行，可为 gzip，- 为标准输入 / listings"
    )
    parser.add_argument("--sellers", help="授权店铺 / authorised sellers (CSV)")
    parser.add_argument(
        "--min-priority",
        type=priority,
        default=0.0,
        metavar="P",
        help="只输出优先级不低于 P（0 至 1）的线索 / leave out leads below P",
    )
    parser.add_argument("--out", required=True, help="线索文件，- 为标准输出 / leads (JSON lines)")
    parser.set_defaults(run=match)


def match(arguments: argparse.Namespace) -> int:
    """Run the command; return 0 when all listings were compared."""
    _check_output(arguments)
    marks = load_marks(arguments.marks)
    tell(marks.notes)
    authorised: dict[str, tuple[str, ...]] = {}
    if arguments.sellers:
        sellers = load_sellers(arguments.sellers, {mark.mark_id for mark in marks.marks})
        tell(sellers.notes)
        authorised = sellers.shops
    watchlist = Watchlist(marks.marks, authorised)
    with (
        open_listings(arguments.listings) as source,
        whole_file(arguments.out) as out,
        tqdm(unit=" listings", disable=not sys.stderr.isatty()) as bar,
    ):
        tally = run(
            watchlist,
            read_listings(source),
            out,
            least=arguments.min_priority,
            on_listing=partial(_step, bar),
        )
    print(
        f"已比对 {tally.listings} 件商品，得线索 {tally.leads} 条，"
        f"其中提示核查 {tally.flagged} 条。\n"
        f"Compared {tally.listings} listings: {tally.leads} leads, {tally.flagged} flagged.",
        file=sys.stderr,
    )
    return 0


def _check_output(arguments: argparse.Namespace) -> None:
    """Raise MatchError when the output would take the place of one of the inputs."""
    out = Path(arguments.out)
    for given in (arguments.marks, arguments.listings, arguments.sellers):
        if given and out.is_file() and Path(given).is_file() and out.samefile(given):
            raise MatchError(
                f"{given} is read and would be overwritten; choose another --out.",
                f"{given} 是输入文件，会被覆盖；请换一个 --out。",
            )


def _step(bar: tqdm[Any]) -> None:
    bar.update()


def tell(notes: tuple[Note, ...]) -> None:
    """Print what a file's reader noticed."""
    for note in notes:
        print(f"提示：{note.zh}\nNote: {note.en}", file=sys.stderr)
