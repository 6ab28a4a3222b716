"""Addresses of pages: brought to one form, told apart by host, turned by page number."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

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


def with_page(url: str, param: str, first: int, step: int) -> str:
    """Return the address of the page after this one, by a number in its query."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    now = next((value for name, value in pairs if name == param), str(first))
    number = int(now) if now.isdigit() else first
    rest = [(name, value) for name, value in pairs if name != param]
    query = urlencode([*rest, (param, str(number + step))])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def with_query(template: str, query: str, encoding: str) -> str:
    """Return a search's address with the keyword in its encoding, percent-escaped."""
    return template.replace("{query}", quote(query.encode(encoding, "replace"), safe=""))
