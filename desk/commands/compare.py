"""``markseal compare``: two captures of one page held against each other."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Register the parser of this family."""
    parser = commands.add_parser(
        "compare",
        help="比较两次取证 / compare two captures",
        description="比较两次取证的画面与文字，列出不同之处；不作核验。退出码：0 一致，1 有不同，"
        "64 文件不可用。 / Compare pictures and texts of two captures and list what differs; "
        "nothing is verified. Exit: 0 equal, 1 different, 64 a file unusable.",
        epilog="例 / example: markseal compare first.wacz second.wacz",
    )
    parser.add_argument("first", type=Path, metavar="A.wacz", help="前一次取证 / the one capture")
    parser.add_argument("second", type=Path, metavar="B.wacz", help="后一次取证 / the other")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    parser.set_defaults(run=_compare)


def _compare(arguments: argparse.Namespace) -> int:
    from config.environment import setting
    from evidence.home import EvidenceHome
    from evidence.keeping.store import at_rest, in_the_clear
    from evidence.seal.comparison import compare_packages

    home = EvidenceHome(Path(setting("MARKSEAL_HOME")).absolute())
    with ExitStack() as opened:
        first, second = (
            opened.enter_context(in_the_clear(home, at_rest(path) or path))
            for path in (arguments.first, arguments.second)
        )
        found = compare_packages(first, second)
    if arguments.json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines_of(found.to_json())))
    return 0 if found.equal else 1


def lines_of(found: dict[str, Any]) -> list[str]:
    """Return the report: what was compared, then every difference."""
    same = found["verdict"] == "equal"
    lines = ["一致 / equal" if same else "有不同 / different"]
    for name, one in zip("AB", found["captures"], strict=True):
        lines.append(f"{name}: {_plain(one['url'])}  {one['started']}")
    if not found["same_address"]:
        lines.append("注意：两次取证的网址不同 / note: captures of different addresses")
    for item in found["text"]["differences"]:
        lines.append(f"文字 text, 行 line {item['line']}:")
        lines += [f"  A: {_plain(line)}" for line in item["first"]]
        lines += [f"  B: {_plain(line)}" for line in item["second"]]
    picture = found["picture"]
    if picture["regions"]:
        lines.append(f"画面 picture: {picture['differing_permille']} ‰")
    for box in picture["regions"]:
        lines.append(f"  x {box['x']} y {box['y']}, {box['width']} × {box['height']}")
    if picture["regions_not_listed"]:
        lines.append(f"  … {picture['regions_not_listed']}")
    return lines


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
