"""Whether the page shown is at another address than the one that was asked for; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

_SHOWN = 200
_PORTS = {"http": "80", "https": "443"}


def shown_elsewhere(capture: Mapping[str, Any]) -> str | None:
    """Return ``final_url`` of ``capture.json`` where it is not the ``url`` that was asked for.

    Other host, port or path, or a parameter of the query that is lost or changed. Not another
    address: https instead of http with no port named, a slash at the end of the path, parameters
    that were added, a fragment, another percent-encoding. None where either is no text.
    """
    asked, shown = capture.get("url"), capture.get("final_url")
    if not isinstance(asked, str) or not isinstance(shown, str) or not asked or not shown:
        return None
    first, then = _parts(asked), _parts(shown)
    if first[0] == then[0] and first[1] == then[1] and first[2] <= then[2]:
        return None
    return shown


def brief(text: str, most: int = _SHOWN) -> str:
    """Return an address or text as a sentence holds it: its first ``most`` characters."""
    return text if len(text) <= most else f"{text[:most]}…"


def _parts(url: str) -> tuple[str, str, frozenset[str]]:
    """Return host with an unusual port, path, and the set of the query's parameters."""
    rest, _, _ = url.partition("#")
    scheme, colon, after = rest.partition("://")
    if not colon or scheme.lower() not in _PORTS:
        return rest, "", frozenset()
    before, _, query = after.partition("?")
    authority, _, path = before.partition("/")
    host = authority.rpartition("@")[2].lower()
    usual = f":{_PORTS[scheme.lower()]}"
    if host.endswith(usual):
        host = host[: -len(usual)]
    parameters = frozenset(_plain(one) for one in query.split("&") if one)
    return host, _plain(path).rstrip("/"), parameters


def _plain(text: str) -> str:
    return unquote_to_bytes(text).decode("latin-1")
