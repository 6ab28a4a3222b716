"""Literals as scripts write them (ECMA-262, the part that holds data), read as JSON.

Keys without quotes, single quotes, comments, trailing commas, ``!0``, ``void 0``, hexadecimal
numbers. Nothing is run: a call or a function counts as null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"\s+|//[^\n]*|/\*.*?\*/"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"
    r"|(?P<number>[-+]?(?:0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?))"
    r"|(?P<word>[^\W\d][\w$.]*|\$[\w$.]*)|(?P<mark>[\[\]{}:,])|(?P<other>.)",
    re.S | re.I,
)
_ESCAPE = re.compile(r"\\(u\{[\da-f]+\}|u[\da-f]{4}|x[\da-f]{2}|\r?\n|.)", re.S | re.I)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
MOST_TOKENS = 400_000


def read_literal(text: str) -> Any | None:
    """Return the object, list or text a script's source begins with, or None if there is none."""
    begin = text.lstrip()[:1]
    if begin in ("'", '"', "`"):
        found = _TOKEN.match(text.lstrip())
        return unescape(found["text"]) if found and found["text"] else None
    if begin not in ("{", "["):
        return None
    try:
        return json.loads("".join(_Writer(_TOKEN.finditer(text)).write()), strict=False)
    except (json.JSONDecodeError, RecursionError):
        return None


def unescape(literal: str) -> str:
    """Return the text of a quoted literal, its escapes resolved."""

    def one(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] in "uUxX" and len(code) > 1:
            return chr(min(int(code[1:].strip("{}"), 16), 0x10FFFF))
        return "" if code in ("\n", "\r\n") else _SIGNS.get(code, code)

    text = _ESCAPE.sub(one, literal[1:-1])
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass
class _Writer:
    """Turns tokens into the pieces of a JSON text, until the first bracket is closed."""

    tokens: Iterator[re.Match[str]]
    out: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def write(self) -> list[str]:
        for count, found in enumerate(self.tokens):
            if count > MOST_TOKENS:
                return []
            if found["mark"]:
                self._mark(found["mark"])
                if not self.open:
                    break
            elif found["text"]:
                self._text(found["text"])
            elif found["number"]:
                self._number(found["number"])
            elif found["word"]:
                self._word(found["word"])
            elif found["other"]:
                self._other(found["other"])
        return self.out

    def _mark(self, mark: str) -> None:
        if mark in "}]" and self.out and self.out[-1] == ",":
            self.out.pop()
        if mark == ":" and self.out and not self.out[-1].startswith('"'):
            self.out[-1] = json.dumps(self.out[-1])
        if mark in "{[":
            self.open.append(mark)
        elif mark in "}]" and self.open:
            self.open.pop()
        self.out.append(mark)

    def _value(self, value: str) -> None:
        if self.out and self.out[-1] in ("{", "[", ":", ",", "!"):
            self.out.append(value)

    def _text(self, literal: str) -> None:
        text = unescape(literal)
        if self.out and self.out[-1] == "+":
            self.out.pop()
            text = json.loads(self.out.pop()) + text
            self.out.append(json.dumps(text))
        else:
            self._value(json.dumps(text))

    def _number(self, number: str) -> None:
        if self.out and self.out[-1] == "!":
            self.out[-1] = "false" if float(number) else "true"
        elif "x" in number.lower():
            self._value(str(int(number, 16)))
        else:
            plain = number.lstrip("+")
            sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
            digits = digits.lstrip("0") if re.match(r"0\d", digits) else digits
            digits = "0" + digits if digits.startswith(".") else digits
            self._value(sign + (digits.rstrip(".") or "0"))

    def _word(self, word: str) -> None:
        if self.open and self.open[-1] == "{" and self.out[-1] in ("{", ","):
            self.out.append(json.dumps(word))
        elif word in ("true", "false", "null"):
            self._value(word)
        else:
            self._value("null")
            if word == "function":
                self._skip("{", "}")

    def _other(self, sign: str) -> None:
        if sign == "(":
            self._skip("(", ")")
        elif sign == "!" and self.out and self.out[-1] in ("{", "[", ":", ","):
            self.out.append("!")
        elif sign == "+" and self.out and self.out[-1].startswith('"'):
            self.out.append("+")

    def _skip(self, opening: str, closing: str) -> None:
        depth = 1 if opening == "(" else 0
        for found in self.tokens:
            sign = found["other"] or found["mark"]
            depth += (sign == opening) - (sign == closing)
            if depth == 0 and sign == closing:
                return
