"""The command ``markseal``: one parser, one place where errors become sentences.

Every command lives in ``desk.commands.<family>`` as a module with one function
``add(commands)`` that registers its parsers; each parser sets ``run``, a function
of the parsed arguments that returns the exit code.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

# Which family a command is in; only that one is loaded, so that each command starts quickly.
FAMILIES = {
    "run": "service",
    "work": "service",
    "user": "service",
    "settings": "service",
    "marks": "marks",
    "sellers": "marks",
    "watch": "watch",
    "crawl": "crawl",
    "extract": "crawl",
    "match": "match",
    "capture": "evidence",
    "verify": "evidence",
    "compare": "compare",
    "private": "private",
    "selftest": "selftest",
    "log": "evidence",
}
EXIT_USAGE = 64


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence in two languages."""

    def error(self, message: str) -> NoReturn:
        say(
            f"命令行有误（{message}）；请用 {self.prog} --help 查看用法。",
            f"The command line is not understood ({message}); see {self.prog} --help.",
        )
        raise SystemExit(EXIT_USAGE)


def say(zh: str, en: str) -> None:
    """Print one error, Chinese first, to standard error."""
    print(f"错误：{zh}\nError: {en}", file=sys.stderr)


def build_parser(command: str | None = None) -> Parser:
    """Return the command line of markseal: all of it, or only the family of ``command``."""
    parser = Parser(
        prog="markseal",
        description="商标侵权线索发现与固证 / Find suspected trademark infringement and seal it.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = [FAMILIES[command]] if command in FAMILIES else dict.fromkeys(FAMILIES.values())
    for family in wanted:
        importlib.import_module(f"desk.commands.{family}").add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors become one sentence."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        arguments = build_parser(words[0] if words else None).parse_args(words)
        return int(arguments.run(arguments))
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        say("已中断。", "Interrupted.")
        return 130
    except Exception as error:
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if zh is None or en is None:
            raise
        say(zh, en)
        return int(getattr(error, "exit_code", 1))


if __name__ == "__main__":
    sys.exit(main())
