"""The keys of a recipe file, taken one by one so that what is left over is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from lxml import etree

from crawler.errors import RecipeWrong
from crawler.listing import Listing
from crawler.selecting import compiled

SOURCES = ("css", "xpath", "json", "row", "constant", "address", "structured")
FIELDS = frozenset(item.name for item in fields(Listing)) - {"id", "platform", "attributes"}
_INDEX = r"(\[(\d+|\*|[\w.]+=[^\]]+)\])"
JSON_PATH = re.compile(rf"((\*\*\.)?[\w$@-]+{_INDEX}*|{_INDEX}+)(\.(\*\*\.)?[\w$@-]+{_INDEX}*)*\Z")
UNITS = {"main": 0, "cent": -2, "wan": 4}


@dataclass(frozen=True)
class Rule:
    """One way to read a value: where from, and what is done with what is found there.

    ``kind`` is css, xpath, json (a path), row (a name in the page's table of attributes),
    constant, address (of the page itself) or structured (a field of JSON-LD and the like).
    ``shift`` moves the decimal point (元 0, 分 -2, 万 4), ``decimals`` names the path beside the
    value that holds how far to the left; ``form`` is a text in which ``{}`` is the value.
    """

    kind: str
    what: str
    names: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    join: str | None = None
    unquote: bool = False
    form: str | None = None
    shift: int = 0
    decimals: str | None = None


Rules = tuple[Rule, ...]


@dataclass
class Keys:
    """A table of the file; ``done`` refuses the keys that nobody asked for."""

    file: str
    prefix: str
    data: dict[str, Any]
    seen: set[str] = field(default_factory=set)

    def text(self, key: str, default: str | None = None, *, empty: bool = False) -> str:
        """Return a text; without a default it must be there, and not be empty unless it may."""
        value = self._take(key, default)
        if not isinstance(value, str) or not (value or empty):
            raise self._wrong(key, "a text", "文本")
        return value

    def optional(self, key: str) -> str | None:
        """Return a text or None."""
        return self.text(key) if key in self.data else None

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._take(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise self._wrong(key, "a list of texts", "文本列表")
        return tuple(value)

    def number(self, key: str, default: float) -> float:
        """Return a number that is not negative."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self._wrong(key, "a number, not negative", "非负数")
        return value

    def text_or_texts(self, key: str) -> tuple[str, ...]:
        """Return a text or a list of texts as a list; empty if it is not there."""
        if isinstance(self.data.get(key), str):
            return (self.text(key),)
        return self.texts(key, ())

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", "true 或 false")
        return value

    def one_of(self, key: str, words: tuple[str, ...], default: str) -> str:
        """Return one of a few words."""
        value = self.text(key, default)
        if value not in words:
            raise self._wrong(key, f"one of {', '.join(words)}", f" {'、'.join(words)} 之一")
        return value

    def pattern(self, key: str) -> re.Pattern[str] | None:
        """Return a regular expression or None."""
        text = self.optional(key)
        return None if text is None else read_pattern(self.file, self.prefix + key, text)

    def table(self, key: str) -> Keys | None:
        """Return a table below this one, or None if it is not there."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "a table", "表")
        return Keys(self.file, f"{self.prefix}{key}.", value) if key in self.data else None

    def rows(self, key: str) -> list[Any]:
        """Return a list of whatever."""
        value = self._take(key, [])
        return value if isinstance(value, list) else [value]

    def done(self) -> None:
        """Raise RecipeWrong for the first key that was not asked for."""
        for key in self.data:
            if key not in self.seen:
                near = get_close_matches(key, self.seen, 1)
                hint = (f" ({near[0]}?)", f"（{near[0]}？）") if near else ("", "")
                en, zh = f"a key that is known here{hint[0]}", f"此处可用的键{hint[1]}"
                raise self._wrong(key, en, zh)

    def _take(self, key: str, default: Any) -> Any:
        self.seen.add(key)
        value = self.data.get(key, default)
        if value is None:
            raise self._wrong(key, "a value", "必填值")
        return value

    def _wrong(self, key: str, en: str, zh: str) -> RecipeWrong:
        return RecipeWrong(self.file, self.prefix + key, en, zh)


def read_rules(keys: Keys, key: str, *, field: bool = False) -> Rules:
    """Return the rules of a key, one table or a list of them, tried in order."""
    if field and key not in FIELDS:
        raise RecipeWrong(keys.file, keys.prefix + key, f"one of {sorted(FIELDS)}", "列表字段名")
    rows = keys.rows(key)
    return tuple(read_rule(keys.file, keys.prefix + key, row) for row in rows)


def read_rule(file: str, key: str, row: Any) -> Rule:
    """Return one rule; raise RecipeWrong for what is not one."""
    if not isinstance(row, dict):
        raise RecipeWrong(file, key, 'a table such as { css = "h1::text" }', "规则表")
    keys = Keys(file, f"{key}.", row)
    kinds = [kind for kind in SOURCES if kind in row]
    if len(kinds) != 1:
        raise RecipeWrong(file, key, f"exactly one of {', '.join(SOURCES)}", "恰好一个来源键")
    kind = kinds[0]
    names = tuple(str(v) for v in keys.rows("row")) if kind == "row" else ()
    what = names[0] if names else keys.text(kind)
    keys.seen.add(kind)
    _check(file, f"{key}.{kind}", kind, what)
    mapping = keys.table("map")
    rule = Rule(
        kind=kind,
        what=what,
        names=names,
        pattern=keys.pattern("regex"),
        mapping={k: str(v) for k, v in mapping.data.items()} if mapping else {},
        join=keys.text("join", empty=True) if "join" in row else None,
        unquote=keys.flag("unquote", False),
        form=_form(keys),
        shift=UNITS[keys.one_of("unit", tuple(UNITS), "main")],
        decimals=keys.optional("decimals"),
    )
    if rule.decimals is not None:
        _check(file, f"{key}.decimals", "json", rule.decimals)
    keys.done()
    return rule


def _form(keys: Keys) -> str | None:
    form = keys.optional("form")
    if form is not None and form.count("{}") != 1:
        raise RecipeWrong(keys.file, f"{keys.prefix}form", "a text with one {}", "含一个 {} 的文本")
    return form


def read_pattern(file: str, key: str, text: str) -> re.Pattern[str]:
    """Return a regular expression; raise RecipeWrong if it is none."""
    try:
        return re.compile(text, re.S)
    except re.error as error:
        raise RecipeWrong(file, key, f"a regular expression ({error})", "正则表达式") from error


def _check(file: str, key: str, kind: str, what: str) -> None:
    try:
        if kind in ("css", "xpath"):
            compiled(kind, what)(etree.fromstring("<html/>"))
    except (ValueError, SyntaxError, etree.XPathError) as error:
        raise RecipeWrong(file, key, f"a selector ({error})", "选择器") from error
    if kind == "json" and not JSON_PATH.match(what):
        raise RecipeWrong(
            file, key, "a path such as data.items[*].name or **.items[*]", "如 a.b[*].c 的路径"
        )
