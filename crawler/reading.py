"""Rules applied to a page: selectors, JSON paths, the table of attributes, the address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from parsel import Selector

from crawler.page import Page
from crawler.recipe import Recipe
from crawler.recipe_keys import Rule, Rules

_STEP = re.compile(r"\[(\d+|\*)\]|([\w$@-]+)")


def follow_path(document: Any, path: str) -> list[Any]:
    """Return what a path such as ``data.items[*].name`` finds; nothing is no error."""
    found = [document]
    for step in _STEP.finditer(path):
        index, name = step[1], step[2]
        if name is not None:
            found = [node[name] for node in found if isinstance(node, dict) and name in node]
        elif index == "*":
            lists = [node for node in found if isinstance(node, list | dict)]
            found = [
                child
                for node in lists
                for child in (node.values() if isinstance(node, dict) else node)
            ]
        else:
            at = int(index)
            found = [node[at] for node in found if isinstance(node, list) and at < len(node)]
    return found


@dataclass(frozen=True)
class Scope:
    """A page, or one row of it, as the rules see it."""

    page: Page
    recipe: Recipe
    node: Selector | None = None
    document: Any = None

    @cached_property
    def _document(self) -> Any:
        if self.document is not None:
            return self.document
        if self.recipe.inline:
            return self.page.inline(self.recipe.inline)
        return self.page.json

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """The page's table of attributes, by the recipe's rules."""
        items = self.recipe.items
        pairs: dict[str, str] = {}
        for row in self.nodes(items.rows):
            name, value = row.first(items.name), row.first(items.value)
            if name and value:
                pairs.setdefault(name.rstrip(":： "), value)
        return pairs

    def nodes(self, rules: Rules) -> list[Scope]:
        """Return the rows the first fruitful rule finds."""
        for rule in rules:
            if rule.kind == "json":
                rows = [v for v in follow_path(self._document, rule.what) if isinstance(v, dict)]
                if rows:
                    return [Scope(self.page, self.recipe, document=row) for row in rows]
            elif rule.kind in ("css", "xpath"):
                selectors = self._select(rule)
                if selectors:
                    return [Scope(self.page, self.recipe, node=node) for node in selectors]
        return []

    def all(self, rules: Rules) -> list[str]:
        """Return every value of the first rule that finds one."""
        for rule in rules:
            values = [value for raw in self._raw(rule) if (value := _finish(rule, raw))]
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
            return [t for v in follow_path(self._document, rule.what) if (t := _scalar(v))]
        return [_text(node) for node in self._select(rule)]

    def _select(self, rule: Rule) -> list[Selector]:
        if self.document is not None:
            return []
        root = self.node if self.node is not None else self.page.tree
        found = root.css(rule.what) if rule.kind == "css" else root.xpath(rule.what)
        return list(found)


def _text(node: Selector) -> str:
    if isinstance(node.root, str):
        return node.root
    return " ".join(node.xpath(".//text()[not(parent::script or parent::style)]").getall())


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    return str(value)


def _finish(rule: Rule, raw: str) -> str | None:
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
    return value.strip() or None
