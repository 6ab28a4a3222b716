"""The parser of ``markseal``, and which family each command is in.

Every command lives in ``desk.commands.<family>`` as a module with one function
``add(commands)`` that registers its parsers; each parser sets ``run``, a function
of the parsed arguments that returns the exit code.
"""

from __future__ import annotations

import argparse
import importlib
from typing import NoReturn

from desk.commands.saying import say

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
    "case": "case",
    "trust": "trust",
    "keys": "keys",
    "backup": "backup",
    "restore": "backup",
    "succession": "succession",
    "renew": "keeping",
    "anchor": "keeping",
    "erase": "erasing",
    "hold": "erasing",
    "retention": "erasing",
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
