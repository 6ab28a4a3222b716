"""Rules applied to a page: selectors, JSON paths, the table of attributes, the address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from html import unescape
from typing import Any
from urllib.parse import unquote

from lxml import etree

from crawler.json_text import read_json
from crawler.page import Page
from crawler.recipe_keys import Rule, Rules
from crawler.recipe_parts import Recipe
from crawler.selecting import select

_STEP = re.compile(r"\[(\d+|\*|[\w.]+=[^\]]+)\]|(\*\*)|([\w$@-]+)")
_TAG = re.compile(r"</?([a-z][a-z0-9]*)\b[^<>]*>|<!--.*?-->", re.I | re.S)
_INLINE = frozenset(
    [
        "a",
        "b",
        "bdi",
        "em",
        "font",
        "i",
        "ins",
        "mark",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
    ]
)
DEEPEST = 16
MOST_NODES = 50_000


def follow_path(document: Any, path: str) -> list[Any]:
    """Return what a path such as ``data.items[*].name`` finds; nothing is no error.

    ``[key=value]`` keeps the objects of a list that say so; ``**.name`` finds the name at any
    depth, the shallowest first. A text that holds JSON is read where a path goes on into it.
    """
    found = [document]
    anywhere = False
    for step in _STEP.finditer(path):
        index, name = step[1], step[3]
        if step[2]:
            anywhere = True
            continue
        if name is not None:
            nodes = [inner for node in found for inner in _below(node)] if anywhere else found
            opened = [_opened(node) for node in nodes]
            found = [node[name] for node in opened if isinstance(node, dict) and name in node]
        elif index == "*":
            lists = [node for node in found if isinstance(node, list | dict)]
            found = [
                child
                for node in lists
                for child in (node.values() if isinstance(node, dict) else node)
            ]
        elif "=" in index:
            key, _, value = index.partition("=")
            rows = [child for node in found if isinstance(node, list) for child in node]
            found = [row for row in rows if value in map(str, follow_path(row, key))]
        else:
            at = int(index)
            found = [node[at] for node in found if isinstance(node, list) and at < len(node)]
        anywhere = False
    return found


def _below(root: Any) -> list[dict[str, Any]]:
    """Return the objects in a document, itself among them, the shallowest first."""
    found: list[dict[str, Any]] = []
    level, depth = [root] if isinstance(root, dict | list) else [], 0
    while level and depth < DEEPEST and len(found) < MOST_NODES:
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                found.append(node)
            inner = node.values() if isinstance(node, dict) else node
            opened = (_opened(child) for child in inner)
            below += [child for child in opened if isinstance(child, dict | list)]
        level, depth = below, depth + 1
    return found


def _opened(node: Any) -> Any:
    if isinstance(node, str) and len(node) > 8 and node[0] in "{[" and node[-1] in "}]":
        return read_json(node)
    return node


@dataclass(frozen=True)
class Scope:
    """A page, or one row of it, as the rules see it."""

    page: Page
    recipe: Recipe
    node: etree._Element | None = None
    document: Any = None

    @cached_property
    def documents(self) -> list[Any]:
        """The JSON the paths are followed in: the row's, the answer's, then each inline state."""
        if self.document is not None:
            return [self.document]
        if self.node is not None:
            return []
        states = (self.page.inline(name) for name in self.recipe.inline)
        return [one for one in (self.page.json, *states) if one is not None]

    def follow(self, path: str) -> list[Any]:
        """Return what a path finds in the first document in which it finds anything."""
        found = (follow_path(document, path) for document in self.documents)
        return next((values for values in found if values), [])

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """The page's table of attributes, by the recipe's rules."""
        items = self.recipe.items
        pairs: dict[str, str] = {}
        for row in self.nodes(items.rows):
            name, value = row.first(items.name), row.first(items.value)
            if isinstance(row.document, dict) and len(row.document) == 1 and not name:
                name, value = next((k, _scalar(v, flags=True)) for k, v in row.document.items())
            if name and value:
                pairs.setdefault(name.rstrip(":： "), value)
        return pairs

    def nodes(self, rules: Rules) -> list[Scope]:
        """Return the rows the first fruitful rule finds."""
        for rule in rules:
            if rule.kind == "json":
                rows = [v for v in self.follow(rule.what) if isinstance(v, dict)]
                if rows:
                    return [Scope(self.page, self.recipe, document=row) for row in rows]
            elif rule.kind in ("css", "xpath"):
                nodes = [one for one in self._select(rule) if isinstance(one, etree._Element)]
                if nodes:
                    return [Scope(self.page, self.recipe, node=node) for node in nodes]
        return []

    def all(self, rules: Rules) -> list[str]:
        """Return every value of the first rule that finds one."""
        for rule in rules:
            values = [value for raw in self._raw(rule) if (value := self._finish(rule, raw))]
            if values and rule.join is not None:
                return [rule.join.join(values)]
            if values:
                return values
        return []

    def first(self, rules: Rules) -> str | None:
        """Return the first value, or None."""
        values = self.all(rules)
        return values[0] if values else None

    def _raw(self, rule: Rule) -> list[str]:
        if rule.kind == "constant":
            return [rule.what]
        if rule.kind == "address":
            return [self.page.url]
        if rule.kind == "row":
            return [self.attributes[name] for name in rule.names if name in self.attributes]
        if rule.kind == "structured":
            value = self.page.structured.get(rule.what)
            return [value] if isinstance(value, str) else list(value or [])
        if rule.kind == "json":
            scalars = (_scalar(v, flags=bool(rule.mapping)) for v in self.follow(rule.what))
            return [text for text in scalars if text]
        return [_text(node) for node in self._select(rule)]

    def _select(self, rule: Rule) -> list[Any]:
        if self.document is not None or self.page.json is not None:
            return []
        if self.node is not None:
            return select(rule.kind, rule.what, self.node, None)
        return select(rule.kind, rule.what, self.page.index.root, self.page.index)

    def _finish(self, rule: Rule, raw: str) -> str | None:
        value = " ".join(raw.replace("\u00a0", " ").split())
        if rule.pattern is not None:
            found = rule.pattern.search(value)
            if found is None:
                return None
            value = (found[1] if found.re.groups else found[0]) or ""
        if rule.unquote:
            value = unquote(value)
        if rule.mapping:
            value = next((to for key, to in rule.mapping.items() if key in value), "")
        if rule.shift or rule.decimals:
            value = self._shifted(rule, value)
        value = value.strip()
        return rule.form.replace("{}", value) if rule.form and value else value or None

    def _shifted(self, rule: Rule, value: str) -> str:
        shift = rule.shift
        if rule.decimals:
            places = [str(found) for found in self.follow(rule.decimals)]
            if not places or not places[0].isdigit():
                return ""
            shift -= int(places[0])
        try:
            return format(Decimal(value).scaleb(shift), "f")
        except InvalidOperation:
            return ""


def _text(root: Any) -> str:
    """Return the words of a node: inner marks as <em> divide no word, blocks do."""
    if not isinstance(root, etree._Element):
        return str(root)
    if not len(root):  # most nodes hold words alone
        return root.text or ""
    words: list[str] = []
    for event, inner in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        shown = inner.tag not in ("script", "style") and event not in ("comment", "pi")
        if inner.tag not in _INLINE:
            words.append(" ")
        if event == "start" and shown:
            words.append(inner.text or "")
        if event != "start" and inner is not root:
            words.append(inner.tail or "")
    return "".join(words)


def _scalar(value: Any, *, flags: bool) -> str | None:
    """Return a JSON value as text, the marks of highlighting taken out; a flag if it is mapped."""
    if isinstance(value, bool):
        return str(value).lower() if flags else None
    if value is None or isinstance(value, dict | list):
        return None
    text = str(value)
    if "<" not in text and "&" not in text:
        return text
    plain = _TAG.sub(lambda tag: "" if (tag[1] or "").lower() in _INLINE else " ", text)
    return unescape(plain)
