"""What argparse says of a mistaken command line, in two languages; and options that are near."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

_CHINESE = (
    (r"the following arguments are required: (.+)", r"缺少 \1"),
    (r"unrecognized arguments: (.+)", r"多出 \1"),
    (r"argument (.+): expected one argument", r"\1 后面缺少一个值"),
    (r"argument (.+): expected at least one argument", r"\1 后面至少要有一个值"),
    (r"argument (.+): invalid \w+ value: (.+)", r"\1 的值 \2 无效"),
    (r"argument (.+): invalid choice: (.+?) \(choose from (.+)\)", r"\1 不能是 \2，可选 \3"),
    (r"argument (.+): not allowed with argument (.+)", r"\1 不能与 \2 同用"),
    (r"one of the arguments (.+) is required", r"须给出 \1 之一"),
    (r"ambiguous option: (.+) could match (.+)", r"\1 不明确，可能是 \2"),
)


def in_chinese(message: str) -> str:
    """Return a message of argparse in Chinese; as it is when it is none of the usual ones."""
    for pattern, chinese in _CHINESE:
        if found := re.fullmatch(pattern, message):
            return found.expand(chinese)
    return message


def unknown_option(arguments: Sequence[str], known: Collection[str]) -> str | None:
    """Return the first option that is none, None when all are known.

    A beginning of a known option is known: argparse decides on those.
    """
    for argument in arguments:
        name = argument.partition("=")[0]
        if name == "--":
            return None
        if name.startswith("--") and not any(option.startswith(name) for option in known):
            return name
    return None


def or_meant(word: str, known: Iterable[str], *, most: int) -> tuple[str, str]:
    """Return the part of a sentence (Chinese, English) that names near words, empty for none."""
    near = ", ".join(get_close_matches(word, list(known), n=most))
    return (f"，是否指 {near}", f"; did you mean {near}") if near else ("", "")
