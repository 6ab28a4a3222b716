"""What a person sees of a page: its heading, the words of a node, what is hidden or foreign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree
from parsel import Selector

SKIP = {"script", "style", "noscript", "template", "head", "option", "nav", "footer"}
_HIDDEN = re.compile(r"(?:^|[\s_-])(?:hidden|hide|d-none|invisible|visually-?hidden)(?:$|\s)", re.I)
_CENTS = re.compile(r"cent|decimal|fraction|penny|pence", re.I)
_FOREIGN = re.compile(
    r"related|recommend|upsell|cross-?sell|similar|carousel|also[-_]?(?:bought|like|view)"
    r"|recent(?:ly)?|review|footer|breadcrumb|mini-?cart|mega-?menu|suggest|accessor|bundle",
    re.I,
)


def words_of(node: etree._Element) -> str:
    """Return the words of a node, single-spaced, scripts and all."""
    return " ".join("".join(str(part) for part in node.itertext()).split())


def name_of(node: etree._Element) -> str:
    """Return what a node is called: class, id, itemprop and the names given for tests."""
    keys = ("class", "id", "itemprop", "data-testid", "data-qa", "data-qa-qualifier", "data-hook")
    return " ".join(value for key in keys if (value := node.get(key)))


def is_hidden(node: etree._Element) -> bool:
    """Return whether a node is kept from sight by its own style, attribute or class."""
    style = (node.get("style") or "").replace(" ", "").lower()
    if "display:none" in style or "visibility:hidden" in style or node.get("hidden") is not None:
        return True
    return bool(_HIDDEN.search(node.get("class") or ""))


def is_foreign(node: etree._Element) -> bool:
    """Return whether a node by its name belongs to other goods or to the site's frame."""
    if not isinstance(node.tag, str) or node.tag in SKIP:
        return True
    return node.tag not in ("body", "html") and bool(_FOREIGN.search(name_of(node)))


@dataclass
class Seen:
    """A node that is seen: what it is called, and where its words and its inner nodes stand.

    ``first`` and ``last`` are places in the page's list of nodes, ``begin`` and ``end`` in
    its list of words; ``struck`` is true inside what is crossed out.
    """

    node: etree._Element
    name: str
    parent: Seen | None
    struck: bool
    first: int
    begin: int
    last: int = 0
    end: int = 0


@dataclass
class Sight:
    """A page as a person sees it: nodes and words in the order of the document.

    ``words`` holds each run of text with the node it stands in.
    """

    nodes: list[Seen] = field(default_factory=list)
    words: list[tuple[str, Seen]] = field(default_factory=list)
    heading: Seen | None = None

    def blocks(self, steps: int) -> Iterator[Seen]:
        """Yield the heading and what it stands in, from the inside out, body excepted.

        ``steps`` is the number of times the block may gain words: wrappers do not count.
        """
        block, taken, size = self.heading, 0, -1
        while block is not None and block.node.tag not in ("body", "html") and taken <= steps:
            if block.end - block.begin != size:
                taken, size = taken + 1, block.end - block.begin
                yield block
            block = block.parent

    def text(self, seen: Seen, *, struck: bool = True) -> str:
        """Return the words of a node; without those crossed out in it if so asked."""
        run = self.words[seen.begin : seen.end]
        kept = [text for text, owner in run if struck or not owner.struck or seen.struck]
        return " ".join("".join(kept).split())


def sight_of(tree: Selector) -> Sight:
    """Return what is seen of a page, once for all readers, without hidden and foreign parts."""
    sight = Sight()
    heading = heading_of(tree)
    body = tree.xpath("//body")
    if not body:
        return sight
    kept = set() if heading is None else {heading, *heading.iterancestors()}
    stack: list[tuple[etree._Element, Seen | None, bool]] = [(body[0].root, None, False)]
    while stack:
        node, parent, leaving = stack.pop()
        if leaving and parent is not None:
            parent.last, parent.end = len(sight.nodes), len(sight.words)
            if node.tail and parent.parent is not None:
                sight.words.append((node.tail, parent.parent))
            continue
        if not isinstance(node.tag, str) or (
            node not in kept and (is_foreign(node) or is_hidden(node))
        ):
            if node.tail and parent is not None:
                sight.words.append((node.tail, parent))
            continue
        seen = _seen(node, parent, sight)
        if node is heading:
            sight.heading = seen
        stack.append((node, seen, True))
        stack.extend((child, seen, False) for child in reversed(node))
    return sight


def _seen(node: etree._Element, parent: Seen | None, sight: Sight) -> Seen:
    struck = node.tag in ("del", "s", "strike") or "line-through" in (node.get("style") or "")
    struck = struck or (parent is not None and parent.struck)
    seen = Seen(node, name_of(node), parent, struck, len(sight.nodes), len(sight.words))
    sight.nodes.append(seen)
    if node.text:
        cents = parent is not None and node.text.strip().isdigit() and len(node.text.strip()) == 2
        raised = cents and (node.tag == "sup" or _CENTS.search(seen.name))
        before = sight.words[-1][0].rstrip() if sight.words else ""
        point = "." if raised and before[-1:].isdigit() else ""
        sight.words.append((point + node.text, seen))
    elif node.tag in ("br", "td", "li", "p", "div", "dd", "dt", "tr"):
        sight.words.append((" ", seen))
    return seen


def heading_of(tree: Selector) -> etree._Element | None:
    """Return the node that holds the page's subject: the h1 its title repeats, or what does.

    On a page whose h1 is another's (a banner), a smaller heading that the title begins with
    is taken instead.
    """
    title = " ".join(" ".join(tree.xpath("//title[1]//text()").getall()).split())
    graph = " ".join((tree.xpath('//meta[@property="og:title"]/@content').get() or "").split())
    first: etree._Element | None = None
    named = '//*[self::div or self::p or self::span or self::strong][contains(@class,"title")]'
    for path in ("//h1", "//h2 | //h3", named):
        for node in islice_roots(tree, path):
            words = words_of(node)
            if first is None and path == "//h1" and words:
                first = node
            if _is_title(words, title) or _is_title(words, graph):
                return node
    return first


def islice_roots(tree: Selector, path: str) -> Iterator[etree._Element]:
    """Yield the first elements of a path, at most 200."""
    for found in tree.xpath(path)[:200]:
        if isinstance(found.root, etree._Element):
            yield found.root


def _is_title(words: str, title: str) -> bool:
    if len(words) < 4 or not title:
        return False
    return words in title or (len(title) > 8 and title in words and len(words) < 3 * len(title))
