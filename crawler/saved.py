"""A page as a browser saved it: MHTML (RFC 2557), SingleFile, or HTML with its origin noted.

Read without a network; of an MHTML file only the root document is read, not its frames.
"""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import Message

_MHTML = re.compile(
    rb"\A\s*(?:(?:[A-Za-z][\w-]*:|[ \t])[^\r\n]*\r?\n)*?Content-Type:\s*multipart/related",
    re.I,
)
_SINGLE_FILE = re.compile(rb"Page saved with SingleFile\s+url:\s*(\S+)", re.I)
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)\s*(\S+?)\s*-->", re.I)
_HEAD = 16_384


@dataclass(frozen=True)
class Saved:
    """The document itself, where the file says it is from, and its content type, if it says."""

    data: bytes
    url: str | None = None
    content_type: str | None = None


def unpack(data: bytes) -> Saved:
    """Return the document a saved file holds; the file itself where it is no container.

    Not checked: that the page is from where the file says.
    """
    if _MHTML.match(data[:_HEAD]):
        return _root(data) or Saved(data)
    for note in (_SINGLE_FILE, _SAVED_FROM):
        found = note.search(data[:_HEAD])
        if found is not None:
            return Saved(data, _address(found[1].decode("utf-8", "replace")))
    return Saved(data)


def _root(data: bytes) -> Saved | None:
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.compat32)
    origin = message.get("Snapshot-Content-Location") or message.get("Content-Location")
    parts = [part for part in message.walk() if not part.is_multipart()]
    start = message.get_param("start")
    named = (part for part in parts if start and part.get("Content-ID") == start)
    pages = (part for part in parts if part.get_content_type() in _PAGES)
    root = next(named, None) or next(pages, None)
    if root is None:
        return None
    payload = root.get_payload(decode=True)
    url = _address(str(origin or root.get("Content-Location") or ""))
    return Saved(payload if isinstance(payload, bytes) else b"", url, _type(root))


_PAGES = ("text/html", "application/xhtml+xml", "application/json")


def _type(part: Message) -> str | None:
    charset = part.get_content_charset()
    return f"{part.get_content_type()}; charset={charset}" if charset else None


def _address(text: str) -> str | None:
    text = re.sub(r"\s", "", text)
    return text if text.startswith(("http://", "https://")) else None
