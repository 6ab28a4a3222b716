"""Which values are secrets: what looks like a token, and what a name says is one.

A short or common value (``1``, ``zh-CN``) is masked only where its name stands: masked wherever
it occurs, it would blot out the page. A long value of several parts is taken as a whole and by
its parts.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

SHORTEST = 6
_LEAST, _LONG, _DISTINCT = 8, 16, 6
_DELIMITERS = re.compile(r"[&=|:;,~!%\"{}\[\]\s.]+")
_TELLING = re.compile(
    r"token|secret|sess|auth|passw|credential|jwt|ticket|signature|apikey|api_key|access_?key"
    r"|refresh|csrf|xsrf|sid$|^sid|login",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+.\d\s]+\Z")
_LETTERS = re.compile(r"[A-Za-z]+(?:[-_.][A-Za-z]+)*\Z")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_LONGEST_WORD, _COMMON_WORD = 20, 4
_FROM_URLS = str.maketrans("-_", "+/")
_ADDRESS = re.compile(r"(?:https?:)?//|\A[\w-]+(?:\.[\w-]+)+\Z")


def is_token(value: str) -> bool:
    """Return whether a value looks random: long enough, mixed, no word, number or address."""
    if len(value) < _LEAST or not value.isascii() or any(c.isspace() for c in value):
        return False
    if _NUMBER.match(value) or _is_words(value):
        return False
    if _ADDRESS.search(value) and not value.startswith("eyJ"):
        return False
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    distinct = len(set(value))
    return distinct >= _DISTINCT and (mixed or len(value) >= _LONG)


def _is_words(value: str) -> bool:
    """Return whether a value is letters that fall into words, as ``freeShippingOverseas``."""
    if not _LETTERS.match(value):
        return False
    words = _WORD.findall(value)
    return max(map(len, words)) <= _LONGEST_WORD and len(value) / len(words) >= _COMMON_WORD


def tokens_of(value: str, *, sure: bool = False, named: bool = False) -> Iterator[str]:
    """Yield what of a value is to be masked wherever it occurs.

    ``named`` says that a person or the protocol calls it a secret (a named field, a password,
    credentials): it needs ``SHORTEST`` characters and no more. ``sure`` says that it most likely
    is one (an HttpOnly cookie, a telling name): it then must not be an ordinary word either.
    Any other value must look random and have ``_LONG`` characters: an item's number has fewer.
    """
    forms = [form.strip().strip('"') for form in dict.fromkeys((value, unquote(value)))]
    likely = named or any(
        (sure and not _is_words(form)) or (len(form) >= _LONG and is_token(form)) for form in forms
    )
    for form in forms:
        if likely and len(form) >= SHORTEST:
            yield form
            yield from _opened(form)
        for part in _DELIMITERS.split(form):
            if part != form and len(part) >= _LONG and is_token(part):
                yield part


def _opened(value: str) -> Iterator[str]:
    """Yield user and password of a value that is ``user:password`` in base64, as Basic has it."""
    data = value.rstrip("=").translate(_FROM_URLS)
    try:
        pair = base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode()
    except ValueError:
        return
    user, colon, password = pair.partition(":")
    if user and colon and len(password) >= SHORTEST and pair.isprintable():
        yield from (pair, password)


def is_telling(name: str) -> bool:
    """Return whether a name says that its value is a secret (``access_token``, ``PHPSESSID``)."""
    return bool(_TELLING.search(name))


def stored_tokens(name: str, value: str) -> Iterator[str]:
    """Yield the secrets in a value that a page keeps: in JSON, each text of it by its own key."""
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        parsed = value
    yield from _within(name, parsed)


def _within(name: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _within(str(key), part)
    elif isinstance(value, list):
        for part in value:
            yield from _within(name, part)
    elif isinstance(value, str):
        yield from tokens_of(value, sure=is_telling(name) and not _NUMBER.match(value))


def credentials(value: str) -> Iterator[str]:
    """Yield the secrets of an Authorization value: what follows the scheme; Basic is opened."""
    scheme, _, rest = value.strip().partition(" ")
    secret = rest.strip() or scheme
    yield from tokens_of(secret, named=True)
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(secret, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return
        password = pair.partition(":")[2]
        for text in (pair, password):
            if len(text) >= SHORTEST:
                yield text
