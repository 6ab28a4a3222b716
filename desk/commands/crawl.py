"""``markseal crawl`` and ``markseal extract``: listings without a database."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from config.environment import RECIPES, resolvers, setting
from crawler import (
    CrawlError,
    CrawlOrder,
    CrawlReport,
    Listing,
    Progress,
    Recipe,
    check_address,
    check_order,
    crawl,
    extract,
    find_recipe,
    named_recipe,
    unpack,
)
from crawler.errors import OrderWrong
from crawler.override import load_override
from desk.commands.output import is_stream, whole_file
from egress.process import guard

CRAWL_EXAMPLE = """例 / examples:
  markseal crawl http://127.0.0.1:8000/ --recipe oscar --out listings.jsonl
  markseal crawl oscar --start http://127.0.0.1:8000/ --query 保温杯 --limit 50 --out -

中断后用同一命令再次运行即可继续。/ After an interruption the same command goes on.
"""
EXTRACT_EXAMPLE = """例 / examples:
  markseal extract page.html --url https://shop.example/item/1 --recipe oscar
  markseal extract saved.mhtml
"""


def add(commands: Any) -> None:
    """Register ``markseal crawl`` and ``markseal extract``."""
    _add_crawl(commands)
    _add_extract(commands)


def _add_crawl(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "crawl",
        help="采集商品，输出 JSON 行 / read a shop's listings, write JSON lines",
        description="按配方采集一个来源的商品（遵守 robots.txt），输出 JSON 行。\n"
        "Read the listings of a source (robots.txt is obeyed) and write JSON lines.",
        epilog=CRAWL_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE|URL", help="配方名或网址 / recipe or address")
    parser.add_argument("--recipe", metavar="R", help="用于该网址的配方 / recipe for the address")
    parser.add_argument("--start", metavar="URL", help="配方的起始网址 / where the recipe starts")
    parser.add_argument("--query", metavar="Q", help="搜索关键词 / keyword to search for")
    parser.add_argument(
        "--override",
        type=Path,
        metavar="O.toml",
        help="例外批准：禁止自动采集的来源据此采集 / permits a crawl where robots are forbidden",
    )
    parser.add_argument("--limit", type=_count, metavar="N", help="最多条数 / at most N listings")
    parser.add_argument(
        "--workdir",
        type=Path,
        metavar="DIR",
        help="进度目录（默认在输出文件旁）/ folder of the frontier (default: beside the output)",
    )
    parser.add_argument(
        "--out", required=True, metavar="L.jsonl", help="输出，- 为标准输出 / output"
    )
    parser.set_defaults(run=run_crawl)


def _add_extract(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "extract",
        help="从保存的页面读出商品 / read the listings of one saved page",
        description="从一个保存的页面（HTML、MHTML、SingleFile）或接口应答（JSON、JSONP）读出商品，"
        "输出一行 JSON。\nRead one saved page (HTML, MHTML, SingleFile) or API answer (JSON, "
        "JSONP) and print one JSON line.",
        epilog=EXTRACT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="保存的文件，- 为标准输入 / saved file")
    parser.add_argument(
        "--url",
        help="页面原网址（MHTML、SingleFile 自带时可省）/ where the page came from "
        "(MHTML and SingleFile may say it themselves)",
    )
    parser.add_argument(
        "--recipe",
        metavar="R",
        help="配方名或文件（默认按网址选，否则通用读取）/ recipe (default: by address, or general)",
    )
    parser.set_defaults(run=run_extract)


def run_crawl(arguments: argparse.Namespace) -> int:
    """Crawl, write the listings and say how it ended; 0 if it was read, 1 if it could not be."""
    is_url = "://" in arguments.source
    with _folder(arguments) as folder, whole_file(arguments.out) as out, _bar() as bar:
        order = CrawlOrder(
            source=arguments.recipe if is_url else arguments.source,
            start_url=arguments.source if is_url else arguments.start,
            query=arguments.query,
            limit=arguments.limit,
            user_agent=setting("MARKSEAL_USER_AGENT"),
            recipes=RECIPES,
            workdir=folder,
            budgets=Path(setting("MARKSEAL_HOME")) / "budgets.sqlite3",
            override=None if arguments.override is None else load_override(arguments.override),
        )
        check_order(order)
        report = _crawl(order, out, bar)
        if not report.succeeded:
            failed = SourceFailed(report.en, report.zh)
            failed.worth_keeping = report.listings > 0
            raise failed
    print(f"{report.zh}\n{report.en}", file=sys.stderr)
    return 0


def run_extract(arguments: argparse.Namespace) -> int:
    """Print the state and the listings of one saved page; 0 whatever the state is."""
    if arguments.url is not None:
        check_address(arguments.url)
    data = read_page_file(arguments.file)
    url = arguments.url if arguments.url is not None else _own_address(data, arguments.file)
    recipe: Recipe | None
    if arguments.recipe:
        recipe = named_recipe(arguments.recipe, RECIPES)
    else:
        recipe = find_recipe(url, RECIPES)
    extraction = extract(data, url, recipe=recipe)
    print(json.dumps(extraction.to_json(), ensure_ascii=False))
    return 0


class SourceFailed(CrawlError):
    """The source could not be read; the sentence says why."""

    worth_keeping = False


def _crawl(order: CrawlOrder, out: IO[bytes], bar: Any) -> CrawlReport:
    def keep(listing: Listing) -> None:
        out.write(json.dumps(listing.to_json(), ensure_ascii=False).encode() + b"\n")

    def show(progress: Progress) -> None:
        bar.total = progress.pages + progress.waiting
        bar.n = progress.pages
        bar.set_postfix(listings=progress.listings, refresh=False)
        bar.refresh()

    journal = order.workdir / "egress.jsonl"
    with guard(
        journal, allow_loopback=bool(setting("MARKSEAL_ALLOW_LOOPBACK")), resolvers=resolvers()
    ) as way:
        guarded = replace(order, proxy=way.address)
        return crawl(guarded, on_listing=keep, on_progress=show)


def _bar() -> Any:
    return tqdm(unit=" pages", disable=not sys.stderr.isatty(), dynamic_ncols=True)


@contextmanager
def _folder(arguments: argparse.Namespace) -> Iterator[Path]:
    """Yield the work folder; one of our own making is removed when there is nothing to go on."""
    if arguments.workdir is not None:
        yield arguments.workdir
    elif is_stream(arguments.out):
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
    else:
        asked = (arguments.source, arguments.recipe, arguments.start, arguments.query)
        mark = hashlib.sha256(repr((*asked, arguments.limit)).encode()).hexdigest()[:12]
        out = Path(arguments.out)
        folder = out.with_name(f".{out.name}.{mark}.crawl")
        try:
            yield folder
        except SourceFailed as error:
            if not error.worth_keeping:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _own_address(data: bytes, name: str) -> str:
    url = unpack(data).url
    if url is None:
        raise OrderWrong(
            f"{name} does not say where it was saved from; give --url ADDRESS.",
            f"{name} 未注明原网址；请用 --url 网址 指明。",
        )
    return url


def read_page_file(name: str) -> bytes:
    """Return the bytes of a saved page, ``-`` for standard input; raise SourceFailed if none."""
    data = read_bytes(name)
    _check_page(data, name)
    return data


def read_bytes(name: str) -> bytes:
    """Return the bytes of a file, ``-`` for standard input; raise SourceFailed if none."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise SourceFailed(
            f"The file {name} cannot be read ({error.strerror}); give another.",
            f"文件 {name} 无法读取（{error.strerror}）；请换一个文件。",
        ) from error


def _check_page(data: bytes, name: str) -> None:
    """Raise SourceFailed for an empty file or one that is no text (a picture, an archive)."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not data.strip(b"\x00 \t\r\n") or (b"\x00" in data[:4096] and not wide):
        raise SourceFailed(
            f"{name} is empty or not a page; give a saved page or answer (HTML, JSON, JSONP).",
            f"{name} 为空或不是网页；请给出保存的页面或应答（HTML、JSON、JSONP）。",
        )


def _count(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value!r}: 须为正整数 / a whole number above 0")
    return number
