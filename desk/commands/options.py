"""The options of ``markseal capture``; light, so that the parser loads no browser."""

from __future__ import annotations

import argparse
from pathlib import Path

MINUTES = 60


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of one capture."""
    parser.add_argument(
        "--attended",
        action="store_true",
        help="有人值守：由人员在浏览器窗口中登录、浏览并标记，须有 --by / a person signs in, "
        "visits pages and marks moments in a browser window; needs --by",
    )
    parser.add_argument(
        "--second", metavar="WHO", help="在场的第二名人员 / the second person present"
    )
    parser.add_argument(
        "--minutes",
        type=int,
        metavar="N",
        help=f"有人值守的时限（默认 {MINUTES} 分钟） / time limit of an attended capture",
    )
    parser.add_argument(
        "--mobile", action="store_true", help="以手机页面取证 / capture as a telephone"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="录制屏幕（有人值守时总是录制） / film the screen (always when attended)",
    )
    parser.add_argument(
        "--licence", metavar="URL", help="卖家亮照页面 / the seller's licence page, kept as well"
    )
    parser.add_argument(
        "--session",
        type=Path,
        metavar="FILE",
        help="登录状态（storage state），不进入证据 / a login (storage state), never in evidence",
    )
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME",
        help="另须遮盖的参数名，可重复 / name of a parameter to be masked too (repeatable)",
    )
    parser.add_argument(
        "--http2",
        choices=["avoid", "decode"],
        help="不用 HTTP/2 或解码记录（MARKSEAL_HTTP2） / avoid HTTP/2, or decode it",
    )
