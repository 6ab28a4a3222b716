"""The parser of ``markseal``, and which family each command is in.

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

from desk.commands.mistakes import in_chinese, or_meant, unknown_option
from desk.commands.saying import say

# Which family a command is in; only that one is loaded, so that each command starts quickly.
FAMILIES = {
    "run": "service",
    "work": "service",
    "user": "service",
    "organisation": "organisations",
    "settings": "service",
    "marks": "marks",
    "sellers": "marks",
    "watch": "watch",
    "sources": "sources",
    "crawl": "crawl",
    "extract": "crawl",
    "listings": "doors",
    "tip": "doors",
    "recipe": "recipes",
    "match": "match",
    "capture": "evidence",
    "verify": "evidence",
    "report": "papers",
    "certificate": "papers",
    "compare": "compare",
    "private": "private",
    "selftest": "selftest",
    "log": "evidence",
    "case": "case",
    "resume": "resume",
    "trust": "trust",
    "keys": "keys",
    "backup": "backup",
    "restore": "backup",
    "succession": "succession",
    "renew": "keeping",
    "anchor": "keeping",
    "ots": "ots",
    "erase": "erasing",
    "hold": "erasing",
    "retention": "erasing",
}
EXIT_USAGE = 64


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence in two languages."""

    def error(self, message: str) -> NoReturn:
        say(
            f"命令行有误（{in_chinese(message)}）；请用 {self.prog} --help 查看用法。",
            f"The command line is not understood ({message}); see {self.prog} --help.",
        )
        raise SystemExit(EXIT_USAGE)


class Version(argparse.Action):
    """``--version``: looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("markseal")
        except PackageNotFoundError:
            number = "(?)"
        sys.stdout.write(f"markseal {number}\n")
        parser.exit()


def require_known(command: str) -> None:
    """End with one sentence when there is no such command, naming those that are near."""
    if command.startswith("-") or command in FAMILIES:
        return
    zh, en = or_meant(command, FAMILIES, most=3)
    say(
        f"没有命令 {command!r}{zh}；请用 markseal --help 查看全部命令。",
        f"There is no command {command!r}{en}; see markseal --help.",
    )
    raise SystemExit(EXIT_USAGE)


def require_options(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """End with one sentence at an option that there is none of, naming the one that is near.

    argparse would first ask for what is missing, which is the option that was mistyped.
    """
    while below := [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]:
        choices = below[0].choices
        at = next((n for n, word in enumerate(words) if word in choices), None)
        if at is None:
            return
        parser, words = choices[words[at]], words[at + 1 :]
    known = [option for option in parser._option_string_actions if option.startswith("--")]
    if name := unknown_option(words, known):
        zh, en = or_meant(name, known, most=1)
        say(
            f"没有选项 {name}{zh}；请用 {parser.prog} --help 查看用法。",
            f"There is no option {name}{en}; see {parser.prog} --help.",
        )
        raise SystemExit(EXIT_USAGE)


def build_parser(command: str | None = None) -> Parser:
    """Return the command line of markseal: all of it, or only the family of ``command``."""
    parser = Parser(
        prog="markseal",
        description="商标侵权线索发现与固证 / Find suspected trademark infringement and seal it.",
    )
    parser.add_argument("--version", action=Version, nargs=0, help="版本 / the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = [FAMILIES[command]] if command in FAMILIES else dict.fromkeys(FAMILIES.values())
    for family in wanted:
        importlib.import_module(f"desk.commands.{family}").add(commands)
    return parser
