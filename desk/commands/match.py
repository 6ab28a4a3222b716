"""``markseal match``: marks and listings in, leads out, without a database."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from desk.commands.output import OutputError, is_stream, whole_file
from matcher import load_marks, load_sellers
from matcher.bulk import match_all
from matcher.errors import MatchError
from matcher.marks_file import Note
from matcher.resume import Progress, digest_of
from matcher.saved import kept_watchlist
from matcher.stream import open_listings
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


def cores() -> int:
    """Return the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(value: str) -> int:
    """Return a number of processes from the command line."""
    if not value.isdecimal() or not 1 <= int(value) <= 1024:
        raise argparse.ArgumentTypeError(f"{value!r}: 须为 1 至 1024 / a number from 1 to 1024")
    return int(value)


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
    parser.add_argument(
        "--processes",
        type=processes,
        default=cores(),
        metavar="N",
        help="进程数，默认为全部核心 / processes (default: all cores)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="在输出旁保存进度，中断后同一命令接着做 / keep progress beside the output; "
        "the same command goes on after a crash",
    )
    parser.add_argument(
        "--index",
        metavar="FILE",
        help="保存商标索引的文件：没有就生成，商标有增减时只补改动部分 / keep the index of the "
        "marks here: made if missing, and only changed marks are indexed again",
    )
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
    watchlist = (
        kept_watchlist(arguments.index, marks.marks, authorised)
        if arguments.index
        else Watchlist(marks.marks, authorised)
    )
    with (
        open_listings(arguments.listings) as source,
        _output(arguments) as (out, progress),
        tqdm(unit=" listings", disable=not sys.stderr.isatty()) as bar,
    ):
        bar.update(progress.tally.listings if progress else 0)
        tally = match_all(
            watchlist,
            source,
            out,
            least=arguments.min_priority,
            processes=arguments.processes,
            keeper=progress,
            on_part=bar.update,
        )
    print(
        f"已比对 {tally.listings} 件商品，得线索 {tally.leads} 条，"
        f"其中提示核查 {tally.flagged} 条。\n"
        f"Compared {tally.listings} listings: {tally.leads} leads, {tally.flagged} flagged.",
        file=sys.stderr,
    )
    return 0


def _check_output(arguments: argparse.Namespace) -> None:
    """Raise MatchError when a file that is written would take the place of another."""
    inputs = (arguments.marks, arguments.listings, arguments.sellers)
    _check_place(arguments.out, "--out", (*inputs, arguments.index))
    _check_place(arguments.index, "--index", inputs)


def _check_place(written: str | None, option: str, inputs: Sequence[str | None]) -> None:
    for given in inputs:
        if not given or not written or not Path(written).is_file():
            continue
        if Path(given).is_file() and Path(written).samefile(given):
            raise MatchError(
                f"{given} is read and would be overwritten; choose another {option}.",
                f"{given} 是输入文件，会被覆盖；请换一个 {option}。",
            )


@contextmanager
def _output(arguments: argparse.Namespace) -> Iterator[tuple[IO[bytes], Progress | None]]:
    """Yield where the leads go, and with --resume the progress that is kept beside it."""
    if not arguments.resume:
        with whole_file(arguments.out) as out:
            yield out, None
        return
    if is_stream(arguments.out) or is_stream(arguments.listings):
        raise MatchError(
            "--resume needs files: give --listings and --out as file names.",
            "--resume 需要文件：请用文件名给出 --listings 与 --out。",
        )
    inputs = digest_of((arguments.marks, arguments.sellers), arguments.min_priority)
    try:
        progress = Progress(Path(arguments.out), inputs)
        with progress.out:
            yield progress.out, progress
            progress.finish()
    except OSError as error:
        raise OutputError(arguments.out, error) from error


def tell(notes: tuple[Note, ...]) -> None:
    """Print what a file's reader noticed."""
    for note in notes:
        print(f"提示：{note.zh}\nNote: {note.en}", file=sys.stderr)
