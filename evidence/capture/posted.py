"""The body of a request as readers of CDXJ write it into a query (pywb, wabac.js; ``requestBody``).

A page that is replayed asks again by POST; readers find the answer under its address with
``__wb_method=POST`` and this text. It serves the finding alone: the body itself is in the WARC.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

from evidence.netlog.model import Blob

LIMIT = 2048
URL_LIMIT = 8000
_READ = 1 << 18
_DEPTH = 40
_TYPE_LINE = re.compile(rb"\n[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt][Yy][Pp][Ee][ \t]*:([^\r\n]*)")
_NAMED = re.compile(r'name="([^"]+)"\r\n\r\n(.*)')


def request_body(url: str, head: bytes, block: Blob) -> str:
    """Return the text for the body that follows ``head``, within what an index line may hold."""
    body = block.read(len(head), _READ)
    if not body or len(url) > URL_LIMIT:
        return ""
    match = _TYPE_LINE.search(head)
    kind = match[1].decode("latin-1").strip() if match else ""
    return _text(kind, body)[:LIMIT]


def with_method(url: str, method: str, body: str) -> str:
    """Return the address under which readers look for a request that is no GET."""
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}__wb_method={method}&{body}"


def _text(kind: str, body: bytes) -> str:
    name = kind.split(";", maxsplit=1)[0].strip().lower()
    decoded = body.decode("utf-8", "replace")
    if name == "application/x-www-form-urlencoded":
        return "".join(c for c in decoded if c.isprintable())
    if name in ("application/json", "text/plain"):
        try:
            return _query(dict(_flat(json.loads(decoded))))
        except (ValueError, RecursionError):
            return "" if name == "application/json" else _opaque(body)
    if name == "multipart/form-data":
        boundary = kind.partition("boundary=")[2]
        parts = re.split(f"-*{re.escape(boundary)}-*", decoded)
        found = (_NAMED.search(part.strip()) for part in parts)
        return _query({match[1]: match[2] for match in found if match})
    return _opaque(body)


def _opaque(body: bytes) -> str:
    return "__wb_post_data=" + base64.b64encode(body).decode()


def _query(pairs: dict[str, str]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs.items())


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "replace"), safe="*").replace("~", "%7E")


def _flat(value: Any) -> Iterator[tuple[str, str]]:
    """Yield each plain value of a JSON text under the name it stands by, repeats numbered."""
    seen: dict[str, int] = {}
    for name, text in _leaves(value, "", _DEPTH):
        count = seen[name] = seen.get(name, 0) + 1
        yield (name if count == 1 else f"{name}.{count}_"), text


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth <= 0:
        raise RecursionError
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, key, depth - 1)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, name, depth - 1)
    elif text := _plain(value):
        yield name, text


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
