"""Sitemaps (sitemaps.org 0.9; XML, plain text, either of them in gzip): the addresses they name.

Read with a pattern, not with an XML parser: nothing in it is expanded, fetched or run.
"""

from __future__ import annotations

import re
import zlib
from html import unescape

MAX_BYTES = 50 * 1024 * 1024
MAX_ADDRESSES = 50_000
_LOC = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*(.*?)\s*(?:\]\]>)?\s*</loc>", re.S | re.I)


def read_sitemap(data: bytes) -> tuple[list[str], list[str]]:
    """Return the sitemaps and the pages that a sitemap names, at most 50,000 each, in order."""
    text = _plain(data).decode("utf-8", "replace")
    if "<" not in text[:200]:
        lines = [line.strip() for line in text.splitlines()]
        return [], [line for line in lines if line.startswith("http")][:MAX_ADDRESSES]
    found = [unescape(one) for one in _LOC.findall(text)][:MAX_ADDRESSES]
    return (found, []) if re.search(r"<sitemapindex\b", text[:2000], re.I) else ([], found)


def _plain(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data[:MAX_BYTES]
    try:
        return zlib.decompressobj(wbits=31).decompress(data, MAX_BYTES)
    except zlib.error:
        return b""
