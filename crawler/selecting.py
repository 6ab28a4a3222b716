"""Selectors of recipes, compiled once: XPath by lxml, plain CSS by an index of the page's classes.

Plain CSS is compounds of tag, ``#id``, ``.class``, ``[attr]`` and ``[attr=value]`` beside or
below one another, ending in ``::text`` or ``::attr(name)`` or in neither. Everything else is
translated to XPath as parsel does. Both give the same nodes in the order of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree
from parsel.csstranslator import HTMLTranslator

Node = etree._Element
_PART = re.compile(
    r"(?P<tag>[A-Za-z][A-Za-z0-9]*|\*)|#(?P<id>[\w-]+)|\.(?P<class>[\w-]+)"
    r"|\[\s*(?P<attr>[\w-]+)\s*(?:=\s*(?:\"(?P<d>[^\"]*)\"|'(?P<s>[^']*)'|(?P<u>[\w-]+))\s*)?\]"
)
_END = re.compile(r"::(?:(?P<text>text)|attr\((?P<name>[\w-]+)\))\s*\Z")
_SPACES = {
    "re": "http://exslt.org/regular-expressions",
    "set": "http://exslt.org/sets",
}


@dataclass(frozen=True)
class Compound:
    """What one element must be: tag, id, classes and attributes."""

    tag: str | None
    id: str | None
    classes: tuple[str, ...]
    attributes: tuple[tuple[str, str | None], ...]
    child: bool = False

    def fits(self, node: Node) -> bool:
        """Return whether an element is so."""
        if self.tag is not None and node.tag != self.tag:
            return False
        if self.id is not None and node.get("id") != self.id:
            return False
        if self.classes:
            own = (node.get("class") or "").split()
            if any(name not in own for name in self.classes):
                return False
        for name, value in self.attributes:
            given = node.get(name)
            if given is None or (value is not None and given != value):
                return False
        return True


@dataclass(frozen=True)
class Plain:
    """A plain CSS selector: compounds from the outside in, and what is taken of the last."""

    compounds: tuple[Compound, ...]
    text: bool
    attribute: str | None

    def select(self, root: Node, index: ClassIndex | None) -> list[Any]:
        """Return elements, texts or values below ``root`` (itself among them), in order."""
        found = self._elements(root, index)
        if self.attribute is not None:
            return [value for node in found if (value := node.get(self.attribute)) is not None]
        return [text for node in found for text in _texts(node)] if self.text else list(found)

    def _elements(self, root: Node, index: ClassIndex | None) -> list[Node]:
        last = len(self.compounds) - 1
        start = last
        if index is not None and not any(one.child for one in self.compounds):
            named = (at for at, one in enumerate(self.compounds) if one.classes or one.id)
            start = next(named, last)
        first = self.compounds[start]
        candidates = index.candidates(first) if index is not None else root.iter(first.tag or "*")
        found = [node for node in candidates if first.fits(node) and self._below(node, root, start)]
        for compound in self.compounds[start + 1 :]:
            below = (inner for node in found for inner in node.iterdescendants(compound.tag or "*"))
            found = list(dict.fromkeys(inner for inner in below if compound.fits(inner)))
        return found

    def _below(self, node: Node, root: Node, at: int) -> bool:
        """Return whether the compounds before ``at`` are found around a node, up to the root."""
        if at == 0:
            return True
        above = node
        while above is not root:
            parent = above.getparent()
            if parent is None:
                return False
            above = parent
            if self.compounds[at - 1].fits(above) and self._below(above, root, at - 1):
                return True
            if self.compounds[at].child:
                return False
        return False


@dataclass
class ClassIndex:
    """Where the classes and ids of a page stand, in the order of the document."""

    root: Node
    classes: dict[str, list[Node]] = field(default_factory=dict)
    ids: dict[str, list[Node]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names: dict[str, list[list[Node]]] = {}
        for node in self.root.iter("*"):
            given = node.get("class")
            if given is not None:
                if given not in names:
                    own = dict.fromkeys(given.split())
                    names[given] = [self.classes.setdefault(one, []) for one in own]
                for nodes in names[given]:
                    nodes.append(node)
            given = node.get("id")
            if given is not None:
                self.ids.setdefault(given, []).append(node)

    def candidates(self, compound: Compound) -> Iterator[Node]:
        """Return the elements among which a compound's are."""
        if compound.id is not None:
            return iter(self.ids.get(compound.id, []))
        if compound.classes:
            named: list[list[Node]] = [self.classes.get(one, []) for one in compound.classes]
            rarest = min(named, key=len)
            return iter(rarest)
        return self.root.iter(compound.tag or "*")


def select(kind: str, what: str, root: Node, index: ClassIndex | None) -> list[Any]:
    """Return what a ``css`` or ``xpath`` rule finds: elements, or texts.

    ``index`` is the page's, if ``root`` is the whole page.
    """
    plain = plain_css(what) if kind == "css" else None
    if plain is not None:
        return plain.select(root, index)
    found = compiled(kind, what)(root)
    return found if isinstance(found, list) else [_word(found)]


@lru_cache(maxsize=4096)
def compiled(kind: str, what: str) -> etree.XPath:
    """Return a selector as compiled XPath; raise ValueError or SyntaxError if it is none."""
    path = HTMLTranslator().css_to_xpath(what) if kind == "css" else what
    try:
        return etree.XPath(path, namespaces=_SPACES, smart_strings=False)
    except etree.XPathError as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=4096)
def plain_css(text: str) -> Plain | None:
    """Return a selector as plain CSS, or None where it is more than that."""
    end = _END.search(text)
    rest = text[: end.start()] if end else text
    compounds: list[Compound] = []
    for piece in re.sub(r"\s*>\s*", " >", rest.strip()).split():
        child = piece.startswith(">")
        compound = _compound(piece.lstrip(">"), child=child)
        if compound is None or (child and not compounds):
            return None
        compounds.append(compound)
    if not compounds:
        return None
    return Plain(tuple(compounds), bool(end and end["text"]), end["name"] if end else None)


def _compound(text: str, *, child: bool) -> Compound | None:
    tag: str | None = None
    ids: list[str] = []
    classes: list[str] = []
    attributes: list[tuple[str, str | None]] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or (found["tag"] and at):
            return None
        if found["tag"]:
            tag = None if found["tag"] == "*" else found["tag"].lower()
        elif found["id"]:
            ids.append(found["id"])
        elif found["class"]:
            classes.append(found["class"])
        else:
            values = (found["d"], found["s"], found["u"])
            value = next((one for one in values if one is not None), None)
            attributes.append((found["attr"].lower(), value))
        at = found.end()
    if not text or len(ids) > 1:
        return None
    return Compound(tag, ids[0] if ids else None, tuple(classes), tuple(attributes), child)


def _texts(node: Node) -> list[str]:
    texts = [node.text, *(child.tail for child in node)]
    return [text for text in texts if text]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return format(value, "g") if isinstance(value, float) else str(value)
