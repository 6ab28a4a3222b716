"""CDXJ: the lines of ``indexes/index.cdx`` and of ``pages/pages.jsonl``, each canonical JSON.

An index line is ``<SURT key> <14-digit UTC time> <canonical JSON>`` and a newline; lines are
sorted by their bytes. One line per record that can be replayed (response, resource).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.names import INDEX, PAGES

_LINE = re.compile(r"(?P<key>[!-~]+) (?P<time>[0-9]{14}) (?P<json>\{.*\})\Z", re.ASCII)
_METHOD = re.compile(r"[!-~]{1,40}\Z")
MAX_LINE = 64 << 10
MAX_LINES = 20_000


@dataclass(frozen=True)
class IndexLine:
    """Where a record lies in ``archive/data.warc.gz``: ``offset``, ``length`` of its member.

    ``method`` and ``request_body`` (``requestBody``) are there for requests that are no GET, so
    that readers tell the answers of one address apart; both are empty otherwise.
    """

    key: str
    time: str
    url: str
    mime: str
    status: int | None
    digest: str
    length: int
    offset: int
    filename: str = "data.warc.gz"
    method: str = ""
    request_body: str = ""

    def to_bytes(self) -> bytes:
        """Return the line, newline included; the exact inverse of ``parse``."""
        fields = {
            "url": self.url,
            "mime": self.mime,
            "digest": self.digest,
            "length": str(self.length),
            "offset": str(self.offset),
            "filename": self.filename,
        }
        if self.status is not None:
            fields["status"] = str(self.status)
        if self.method:
            fields |= {"method": self.method, "requestBody": self.request_body}
        line = f"{self.key} {self.time} ".encode("ascii") + jcs.dumps(fields) + b"\n"
        IndexLine.parse(line.removesuffix(b"\n"))
        return line

    @classmethod
    def parse(cls, line: bytes, noun: str = INDEX) -> IndexLine:
        """Read one line without its newline strictly, or raise FormatError."""
        match = _LINE.match(_unicode(line))
        if match is None:
            raise FormatError(f"{noun} is not CDXJ", f"{noun} 不是 CDXJ")
        value = jcs.loads(match["json"].encode("utf-8"), noun, limit=MAX_LINE)
        kinds: dict[str, type | tuple[type, ...]] = dict.fromkeys(
            ("url", "mime", "digest", "length", "offset", "filename"), str
        )
        given = value if isinstance(value, dict) else {}
        kinds |= {name: str for name in ("status", "method", "requestBody") if name in given}
        fields = jcs.take(value, noun, kinds)
        if ("method" in fields) is not ("requestBody" in fields) or not _is_named(fields):
            raise FormatError(f"{noun}: the method is malformed", f"{noun} 的请求方法格式不对")
        status = _number(fields["status"], noun) if "status" in fields else None
        length, offset = _number(fields["length"], noun), _number(fields["offset"], noun)
        return cls(
            match["key"],
            match["time"],
            fields["url"],
            fields["mime"],
            status,
            fields["digest"],
            length,
            offset,
            fields["filename"],
            fields.get("method", ""),
            fields.get("requestBody", ""),
        )


def is_method(text: str) -> bool:
    """Return whether a method is one that an index line names: of bounded length, and no GET."""
    return text != "GET" and _METHOD.match(text) is not None


def _is_named(fields: Mapping[str, str]) -> bool:
    return "method" not in fields or is_method(fields["method"])


def _unicode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _number(text: str, noun: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", text, re.ASCII):
        raise FormatError(f"{noun}: {text!r} is not a number", f"{noun}：{text!r} 不是数字")
    return int(text)


def print_index(lines: list[IndexLine]) -> bytes:
    """Return the bytes of ``indexes/index.cdx``: the lines sorted by their bytes."""
    return b"".join(sorted(line.to_bytes() for line in lines))


def parse_index(data: bytes) -> list[IndexLine]:
    """Read ``indexes/index.cdx`` strictly; the exact inverse of ``print_index``.

    No bytes are no lines: nothing was answered in full while the capture ran.
    """
    if not data:
        return []
    rows = _rows(data, INDEX)
    if rows != sorted(set(rows)):
        raise FormatError(
            f"{INDEX} is not sorted, or has a line twice", f"{INDEX} 未排序或有重复行"
        )
    return [IndexLine.parse(row, f"{INDEX} line {n}") for n, row in enumerate(rows, 1)]


def _rows(data: bytes, noun: str) -> list[bytes]:
    if not data.endswith(b"\n"):
        raise FormatError(f"{noun} does not end in a newline", f"{noun} 不以换行结尾")
    if data.count(b"\n") > MAX_LINES:
        raise FormatError(f"{noun} has more than {MAX_LINES} lines", f"{noun} 超过 {MAX_LINES} 行")
    return data.removesuffix(b"\n").split(b"\n")


def print_pages(pages: list[dict[str, str]]) -> bytes:
    """Return the bytes of ``pages/pages.jsonl``: its header line, then one line per page."""
    header = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
    return b"".join(jcs.dumps(row) + b"\n" for row in (header, *pages))


def parse_pages(data: bytes) -> list[dict[str, str]]:
    """Read ``pages/pages.jsonl`` strictly; the exact inverse of ``print_pages``.

    Each page has ``id``, ``url``, ``ts`` and ``title``, all strings.
    """
    rows = [
        jcs.loads(row, f"{PAGES} line {n}", limit=MAX_LINE)
        for n, row in enumerate(_rows(data, PAGES), 1)
    ]
    fields = dict.fromkeys(("id", "url", "ts", "title"), str)
    pages = [jcs.take(row, f"{PAGES} line {n}", fields) for n, row in enumerate(rows[1:], 2)]
    if print_pages(pages) != data:
        raise FormatError(f"{PAGES} has an unknown header line", f"{PAGES} 的首行未知")
    return pages
