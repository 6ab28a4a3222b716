"""``markseal recipe``: recipes checked, tried on a page, and begun."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from config.environment import RECIPES, resolvers, setting
from crawler import check_address, fetch_page, named_recipe, unpack
from crawler.errors import RecipeWrong
from crawler.fixtures import read_fixtures, write_case
from crawler.page import Page
from crawler.recipe import GENERAL, Recipe, recipe_names
from crawler.sentences import counted
from crawler.skeleton import skeleton
from crawler.trying import MEANINGS, Trial, try_recipe
from desk.commands.crawl import SourceFailed, read_page_file
from desk.commands.output import whole_file
from egress.process import guard

EXIT_WRONG = 65
CHECK_EXAMPLE = """例 / examples:
  markseal recipe check
  markseal recipe check shop.toml --fixtures fixtures
"""
TRY_EXAMPLE = """例 / examples:
  markseal recipe try taobao saved.html --url "https://s.taobao.com/search?q=a"
  markseal recipe try general https://shop.example/item/1
"""
NEW_EXAMPLE = """例 / example:
  markseal recipe new shop --page saved.html --url https://shop.example/item/1
"""


def add(commands: Any) -> None:
    """Register ``markseal recipe check``, ``try`` and ``new``."""
    parser = commands.add_parser(
        "recipe",
        help="采集配方 / recipes",
        description="检查、试用、新建采集配方 / Check, try and begin recipes.",
        epilog="例 / example: markseal recipe check",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_check(actions)
    _add_try(actions)
    _add_new(actions)


def _parser(actions: Any, name: str, zh: str, en: str, epilog: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=f"{zh} / {en}",
        description=f"{zh}。 / {en}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def _add_check(actions: Any) -> None:
    parser = _parser(
        actions,
        "check",
        "检查配方（格式与样例）",
        "Check recipes, their format and their fixtures",
        CHECK_EXAMPLE,
    )
    parser.add_argument(
        "recipes", nargs="*", metavar="RECIPE", help="配方名或文件，默认全部 / recipe"
    )
    parser.add_argument(
        "--fixtures",
        type=Path,
        metavar="DIR",
        help="样例目录，须有 DIR/配方名/样例 / folder of fixtures, DIR/NAME/CASE",
    )
    parser.set_defaults(run=run_check)


def _add_try(actions: Any) -> None:
    parser = _parser(
        actions,
        "try",
        "在一个页面上试用配方：各字段覆盖率、是否需要浏览器",
        "Try a recipe on a page: coverage of each field, and whether a browser is needed",
        TRY_EXAMPLE,
    )
    parser.add_argument("recipe", metavar="RECIPE", help="配方名或文件，general 为通用 / recipe")
    parser.add_argument("page", metavar="FILE|URL", help="保存的页面或网址 / saved page or address")
    parser.add_argument("--url", help="保存页面的原网址 / where the saved page came from")
    parser.add_argument("--json", action="store_true", help="输出一行 JSON / one JSON line")
    parser.set_defaults(run=run_try)


def _add_new(actions: Any) -> None:
    parser = _parser(
        actions,
        "new",
        "由一个保存的页面新建配方和样例",
        "Begin a recipe and its first fixture from a saved page",
        NEW_EXAMPLE,
    )
    parser.add_argument("name", metavar="NAME", help="配方名 / name of the recipe")
    parser.add_argument("--page", required=True, metavar="FILE", help="保存的页面 / saved page")
    parser.add_argument("--url", required=True, help="页面原网址 / where the page came from")
    parser.add_argument(
        "--into", type=Path, default=Path(), metavar="DIR", help="目录（默认当前）/ folder"
    )
    parser.set_defaults(run=run_new)


def run_check(arguments: argparse.Namespace) -> int:
    """Check recipes and their fixtures; 65 if one is wrong."""
    wrong = 0
    for name in arguments.recipes or recipe_names(RECIPES):
        try:
            recipe = named_recipe(name, RECIPES)
            cases = _cases(recipe, name, arguments.fixtures)
        except RecipeWrong as error:
            wrong += 1
            print(f"{name}: {error.zh}\n{name}: {error.en}", file=sys.stderr)
            continue
        print(f"{recipe.name}: 正确 / right{cases}")
    return EXIT_WRONG if wrong else 0


def _cases(recipe: Recipe, name: str, fixtures: Path | None) -> str:
    beside = Path(name).parent / "fixtures"
    folder = fixtures or (beside if name.endswith(".toml") and beside.is_dir() else None)
    if folder is None:
        return ""
    found = read_fixtures(recipe, folder)
    bad = [one.folder.name for one in found if not one.holds]
    if bad:
        names = ", ".join(bad)
        raise RecipeWrong(
            f"{recipe.name}.toml",
            "fixtures",
            f"what listing.json says, but something else is read in: {names}",
            f" listing.json 所列内容（读出不同的样例：{names}）",
        )
    return f" ({len(found)} 个样例 / fixtures)"


def run_try(arguments: argparse.Namespace) -> int:
    """Print the coverage of each field and what the page asks for; 0 whatever was read."""
    recipe = GENERAL if arguments.recipe == "general" else named_recipe(arguments.recipe, RECIPES)
    trial = try_recipe(_page(arguments, recipe), recipe)
    if arguments.json:
        print(json.dumps(trial.to_json(), ensure_ascii=False))
    else:
        print(_told(trial))
    return 0


def _page(arguments: argparse.Namespace, recipe: Recipe) -> Page:
    if "://" in arguments.page:
        check_address(arguments.page)
        return _fetched(arguments.page, recipe)
    data = read_page_file(arguments.page)
    saved = unpack(data)
    url = arguments.url or saved.url
    if not url:
        raise SourceFailed(
            f"{arguments.page} does not say where it was saved from; give --url ADDRESS.",
            f"{arguments.page} 未注明原网址；请用 --url 网址 指明。",
        )
    check_address(url)
    return Page(saved.data, url, None, saved.content_type, recipe.encoding)


def _fetched(url: str, recipe: Recipe) -> Page:
    if not recipe.crawls:
        raise SourceFailed(
            f"The sites of the recipe {recipe.name} forbid robots; save the page and try that.",
            f"配方 {recipe.name} 的平台不允许自动采集；请保存页面后再试。",
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        guard(
            Path(folder) / "egress.jsonl",
            allow_loopback=bool(setting("MARKSEAL_ALLOW_LOOPBACK")),
            resolvers=resolvers(),
        ) as way,
    ):
        answer = fetch_page(
            url,
            proxy=way.address,
            folder=Path(folder),
            user_agent=setting("MARKSEAL_USER_AGENT"),
        )
    return Page(
        answer.body, url, answer.status, answer.headers.get("content-type"), recipe.encoding
    )


def _told(trial: Trial) -> str:
    total = len(trial.extraction.listings)
    zh, en = MEANINGS[trial.means]
    lines = [
        f"状态 / state: {trial.extraction.state}",
        (
            f"商品 / listings: {total} · 链接 / links: {len(trial.extraction.items)}"
            f" · 下一页 / next: {trial.extraction.next or '-'}"
        ),
    ]
    for name, count in sorted(trial.coverage.items(), key=lambda pair: -pair[1]):
        share = 100 * count // total
        lines.append(f"  {name:<13}{count:>5}/{total} {share:>4} %  {trial.examples[name]}")
    return "\n".join([*lines, zh, en])


def run_new(arguments: argparse.Namespace) -> int:
    """Write NAME.toml and fixtures/NAME/first; nothing that is there is overwritten."""
    check_address(arguments.url)
    data = read_page_file(arguments.page)
    path = arguments.into / f"{arguments.name}.toml"
    if path.exists():
        raise SourceFailed(
            f"{path} is there already; choose another name.", f"{path} 已存在；请换一个名称。"
        )
    with whole_file(str(path)) as out:
        out.write(skeleton(arguments.name, data, arguments.url).encode())
    recipe = named_recipe(str(path), RECIPES)
    case = arguments.into / "fixtures" / arguments.name / "first"
    read = write_case(case, data, arguments.url, recipe)
    count = len(read["listings"])
    print(
        f"已写入 {path} 与 {case}（读出 {count} 条）；请核对 listing.json，再运行："
        f"markseal recipe check {path}\n"
        f"Written: {path} and {case} ({counted(count, 'listing')} read); look at listing.json, "
        f"then: markseal recipe check {path}",
        file=sys.stderr,
    )
    return 0
