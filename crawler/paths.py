"""Addresses of pages: brought to one form, told apart by host, turned by page number."""

from __future__ import annotations

import ipaddress
import json
import re
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import safe_url_string

_SESSION = re.compile(
    r"\A(?:jsessionid|phpsessid|sessionid|sid|utm_\w+|spm|scm|gclid|fbclid)\Z", re.I
)


def normal(url: str) -> str:
    """Return an address without fragment, session ids and campaign marks."""
    try:
        parts = urlsplit(safe_url_string(url.strip()))
    except ValueError:
        return url
    path = re.sub(r";jsessionid=[^/?]*", "", parts.path, flags=re.I) or "/"
    query = "&".join(
        pair for pair in parts.query.split("&") if pair and not _SESSION.match(pair.split("=")[0])
    )
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, query, ""))


def joined(base: str, address: str) -> str:
    """Return an address as an absolute one; empty if it is none (``http://[x``)."""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_loopback(url: str) -> bool:
    """Return whether an address is this machine's own by its looks."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def with_value(url: str, param: str, value: str) -> str:
    """Return an address with one parameter of its query set."""
    parts = urlsplit(url)
    rest = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != param]
    query = urlencode([*rest, (param, value)])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def with_page(url: str, param: str, first: int, step: int) -> str:
    """Return the address of the page after this one, by a number in its query."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    now = next((value for name, value in pairs if name == param), str(first))
    return with_value(url, param, str((int(now) if now.isdigit() else first) + step))


def body_with(body: str, path: str, value: str | None, *, first: int, step: int) -> str:
    """Return a JSON body whose value at a dotted path is set, or without one grown by a step.

    Raises ValueError if the body is no JSON object or has no such object to hold the value.
    """
    document = json.loads(body)
    *above, name = path.split(".")
    node = document
    for key in above:
        node = node[key] if isinstance(node, dict) and key in node else None
    if not isinstance(node, dict):
        raise ValueError(path)
    now = node.get(name, first)
    node[name] = value if value is not None else (now if isinstance(now, int) else first) + step
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def with_query(template: str, query: str, encoding: str) -> str:
    """Return a search's address with the keyword in its encoding, percent-escaped."""
    return template.replace("{query}", quote(query.encode(encoding, "replace"), safe=""))


def body_for(template: str, query: str) -> str:
    """Return a search's JSON body with the keyword in it."""
    return template.replace("{query}", json.dumps(query, ensure_ascii=False)[1:-1])
