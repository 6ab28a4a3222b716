"""A declared login state: the storage-state file (JSON) that browsers' drivers write.

It is read once, handed to the browser, and its values are masked in everything that is written.
Neither its path nor any value is ever told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.browser.order import Login
from evidence.errors import InputError

SIZE_LIMIT = 16 << 20
_TEXT = ("name", "value", "domain", "path", "sameSite", "partitionKey", "url")
_FLAGS = ("httpOnly", "secure", "_crHasCrossSiteAncestor")
_COOKIE = {*_TEXT, *_FLAGS, "expires"}
_SAME_SITE = ("Strict", "Lax", "None")


@dataclass(frozen=True)
class Cookie:
    """A cookie of the session; ``hidden`` when scripts cannot read it (HttpOnly)."""

    name: str
    value: str = field(repr=False)
    hidden: bool


@dataclass(frozen=True)
class LoginState:
    """What a session file holds: ``for_browser`` is the driver's ``storage_state``.

    ``stored`` are names and values kept by pages (local storage, and texts of IndexedDB).
    """

    for_browser: Mapping[str, Any] = field(repr=False)
    cookies: tuple[Cookie, ...]
    stored: tuple[tuple[str, str], ...] = field(repr=False)


def read_login(login: Login) -> LoginState:
    """Return what the session file holds; InputError names the place that is wrong.

    Not checked: whether any site still honours the session.
    """
    try:
        with login.session.open("rb") as source:
            data = source.read(SIZE_LIMIT + 1)
    except FileNotFoundError as error:
        raise _wrong("does not exist", "不存在") from error
    except OSError as error:
        raise _wrong("cannot be read", "无法读取") from error
    if len(data) > SIZE_LIMIT:
        raise _wrong(f"is larger than {SIZE_LIMIT >> 20} MB", f"超过 {SIZE_LIMIT >> 20} MB")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _wrong("is not JSON", "不是 JSON") from error
    if not isinstance(value, dict) or not isinstance(value.get("cookies"), list):
        raise _wrong("has no list of cookies", "没有 cookies 列表")
    extra = set(value) - {"cookies", "origins"}
    if extra:
        raise _place(sorted(extra)[0], "is not known", "不是已知的字段")
    cookies = [_cookie(item, f"cookies[{n}]") for n, item in enumerate(value["cookies"])]
    origins = value.get("origins", [])
    if not isinstance(origins, list):
        raise _place("origins", "is not a list", "不是列表")
    stored = [pair for n, item in enumerate(origins) for pair in _origin(item, f"origins[{n}]")]
    return LoginState(value, tuple(cookies), tuple(stored))


def _cookie(item: object, place: str) -> Cookie:
    if not isinstance(item, dict):
        raise _place(place, "is not an object", "不是对象")
    for key in item:
        if key not in _COOKIE:
            raise _place(f"{place}.{key}", "is not known", "不是已知的字段")
    for key in ("name", "value"):
        if not isinstance(item.get(key), str):
            raise _place(f"{place}.{key}", "is not a text", "不是文本")
    for key in _TEXT:
        if key in item and not isinstance(item[key], str):
            raise _place(f"{place}.{key}", "is not a text", "不是文本")
    for key in _FLAGS:
        if key in item and not isinstance(item[key], bool):
            raise _place(f"{place}.{key}", "is neither true nor false", "不是 true 或 false")
    expires = item.get("expires", -1)
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise _place(f"{place}.expires", "is not a number", "不是数字")
    if item.get("sameSite", "Lax") not in _SAME_SITE:
        raise _place(f"{place}.sameSite", "is not Strict, Lax or None", "不是 Strict、Lax 或 None")
    if not item["name"] or not (item.get("url") or (item.get("domain") and item.get("path"))):
        raise _place(place, "names no domain and path", "没有域名和路径")
    return Cookie(item["name"], item["value"], item.get("httpOnly") is True)


def _origin(item: object, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(item, dict) or not isinstance(item.get("origin"), str):
        raise _place(f"{place}.origin", "is not a text", "不是文本")
    pairs = item.get("localStorage", [])
    if not isinstance(pairs, list):
        raise _place(f"{place}.localStorage", "is not a list", "不是列表")
    for number, pair in enumerate(pairs):
        named = f"{place}.localStorage[{number}]"
        if not isinstance(pair, dict) or set(pair) != {"name", "value"}:
            raise _place(named, "is not a name and a value", "不是名称和值")
        if not all(isinstance(text, str) for text in pair.values()):
            raise _place(named, "is not text", "不是文本")
        yield pair["name"], pair["value"]
    for text in _texts(item.get("indexedDB", [])):
        yield "indexedDB", text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _place(place: str, en: str, zh: str) -> InputError:
    name = "".join(c if c.isprintable() else "?" for c in place[:80])
    return _wrong(f"is no storage state: {name} {en}", f"不是会话状态：{name} {zh}")


def _wrong(en: str, zh: str) -> InputError:
    return InputError(
        f"The session file {en}; export it again with the browser's driver (storage state).",
        f"会话文件{zh}；请用浏览器驱动重新导出（storage state）。",
    )
