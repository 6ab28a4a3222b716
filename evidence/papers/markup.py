"""HTML that needs nothing else: every text escaped, no script, no address fetched.

What a package says is the captured page's word, and hostile: it reaches the paper as visible
text only, control characters and those that turn the direction of writing shown as ``\\u202e``.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

NUMERALS = "一二三四五六七八九十"
LANGUAGES = ("both", "zh", "en")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
MOST = 2_000
"""Characters of one quoted text; what is cut off is said."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def plain(value: object, most: int = MOST) -> str:
    """Return ``value`` as visible text, cut at ``most`` characters."""
    shown = str(value)
    cut = shown[:most] + ("…（截短 cut）" if len(shown) > most else "")
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in cut)


def escaped(value: object, most: int = MOST) -> Markup:
    """Return ``value`` as HTML text; Markup stays as it is."""
    return value if isinstance(value, Markup) else Markup(html.escape(plain(value, most)))


def tag(name: str, /, *inside: object, **attributes: str) -> Markup:
    """Return one element; ``cls`` is its class, ``data_x`` the attribute ``data-x``."""
    names = {"cls": "class"}
    listed = "".join(
        f' {names.get(key, key.replace("_", "-"))}="{html.escape(plain(value, 1 << 20))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{listed}>{''.join(map(escaped, inside))}</{name}>")


def joined(parts: Iterable[object], between: str = "") -> Markup:
    """Return the parts one after another."""
    return Markup(html.escape(between).join(map(escaped, parts)))


def grouped(digest: str) -> str:
    """Return a digest in groups of four, as it is read aloud and compared."""
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


@dataclass(frozen=True)
class Tongue:
    """The language of a paper: ``zh``, ``en`` or ``both`` (Chinese first)."""

    lang: str = "both"

    def say(self, zh: object, en: object) -> Markup:
        """Return a sentence; in both languages the English stands in a line of its own."""
        if self.lang == "zh":
            return escaped(zh)
        if self.lang == "en":
            return tag("span", en, lang="en")
        return joined([zh, tag("span", en, cls="en", lang="en")])

    def label(self, zh: str, en: str) -> Markup:
        """Return a short label; in both languages on one line."""
        if self.lang == "zh":
            return escaped(zh)
        return escaped(en) if self.lang == "en" else joined([zh, " ", tag("small", en, lang="en")])

    def title(self, number: int, zh: str, en: str) -> Markup:
        """Return the heading of a part of the paper."""
        sign = f"{number}. " if self.lang == "en" else f"{NUMERALS[number - 1]}、"
        return tag("h2", sign, self.label(zh, en))

    def word(self, zh: str, en: str) -> str:
        """Return plain text: both with a blank between."""
        return {"zh": zh, "en": en}.get(self.lang, f"{zh} {en}")


def document(title: str, style: str, body: Markup, *, lang: str, head: str = "") -> str:
    """Return the whole page; ``style`` is ours, never a package's."""
    code = "en" if lang == "en" else "zh-CN"
    return (
        f'<!DOCTYPE html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{head}<title>{escaped(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
