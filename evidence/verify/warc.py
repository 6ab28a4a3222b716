"""WARC 1.1 (ISO 28500) in per-record gzip: every byte belongs to a record with a true digest.

Checked: members follow one another without a gap, one record each; the first record is the
warcinfo; every record has a block digest that is recomputed, and the payload digest where
given (responses must have one); each response and resource has exactly one line in the index
that names its member, its URL and its digest. Not checked: that the HTTP message makes sense.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.format.cdxj import IndexLine
from evidence.format.digests import CHUNK
from evidence.format.http import head_size
from evidence.verify.window import Window

MAX_HEADER = 256 << 10
MAX_RECORDS = 20_000
MAX_TOTAL = 8 << 30
RATIO = 1100
TYPES = frozenset({"warcinfo", "response", "request", "resource", "metadata"})
INDEXED = frozenset({"response", "resource"})
REPEATABLE = frozenset({"warc-concurrent-to", "warc-protocol"})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_DIGEST = re.compile(
    r"(sha256|sha1):([A-Za-z2-7]{32}|[0-9a-fA-F]{40}|[A-Za-z2-7]{52}=*|[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Record:
    """One record whose digests were recomputed; ``offset`` and ``length`` of its member.

    ``fields`` are those of a warcinfo record's block; a header that may be repeated is joined
    with commas.
    """

    kind: str
    headers: dict[str, str]
    offset: int
    length: int
    fields: dict[str, str]


class _Member:
    """The bytes of one gzip member, unpacked in bounded pieces."""

    def __init__(self, window: Window, at: int) -> None:
        self._window, self._at = window, at
        self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._pending = b""
        self._fed = at
        self._total = 0
        self.buffer = b""

    def more(self) -> bool:
        """Unpack one more piece into the buffer; False at the member's end."""
        if self._unpacker.eof:
            return False
        if not self._pending:
            self._pending = self._window.read(self._fed, CHUNK)
            self._fed += len(self._pending)
            if not self._pending:
                raise _bad(self._at, "the gzip member is cut off", "gzip 成员不完整")
        try:
            data = self._unpacker.decompress(self._pending, CHUNK)
        except zlib.error as error:
            raise _bad(self._at, f"gzip: {error}", f"gzip：{error}") from error
        self._pending = self._unpacker.unconsumed_tail
        self._total += len(data)
        if self._total > RATIO * (self._fed - self._at) + CHUNK:
            raise _bad(self._at, "it unpacks to too much", "解压后过大")
        self.buffer += data
        return True

    @property
    def end(self) -> int:
        """Where the next member begins, once this one has ended."""
        return self._fed - len(self._unpacker.unused_data)

    def take(self, count: int) -> Iterator[bytes]:
        """Yield exactly ``count`` bytes, or raise."""
        while count:
            if not self.buffer and not self.more():
                raise _bad(self._at, "the record is cut off", "记录不完整")
            piece, self.buffer = self.buffer[:count], self.buffer[count:]
            count -= len(piece)
            if piece:
                yield piece


def _bad(at: int, en: str, zh: str) -> FormatError:
    return FormatError(f"WARC record at offset {at}: {en}.", f"偏移 {at} 处的 WARC 记录：{zh}。")


def read_records(window: Window) -> Iterator[Record]:
    """Yield each record after recomputing its digests; the first fault raises FormatError."""
    at = count = total = 0
    seen: set[str] = set()
    while at < window.size:
        _check_gzip_head(window, at)
        member = _Member(window, at)
        headers = _headers(member, at)
        size = _check_headers(headers, at, first=count == 0)
        total += size
        count += 1
        if count > MAX_RECORDS or total > MAX_TOTAL:
            raise _bad(at, "there are too many or too large records", "记录过多或过大")
        if headers["warc-record-id"] in seen:
            raise _bad(at, "its record id occurs twice", "记录编号重复")
        seen.add(headers["warc-record-id"])
        told = _check_block(member, headers, size, at)
        if b"".join(member.take(4)) != b"\r\n\r\n" or member.buffer or _rest(member):
            raise _bad(at, "it does not end with its gzip member", "没有与其 gzip 成员一同结束")
        fields = warcinfo_fields(told, at) if headers["warc-type"] == "warcinfo" else {}
        yield Record(headers["warc-type"], headers, at, member.end - at, fields)
        at = member.end
    if not count:
        raise FormatError("The WARC file is empty.", "WARC 文件为空。")


def _check_gzip_head(window: Window, at: int) -> None:
    """RFC 1952 section 2.3: no name, comment or extra field is hidden beside a record."""
    head = window.read(at, 8)
    if head[:3] == b"\x1f\x8b\x08" and head[3:8] != b"\0" * 5:
        raise _bad(
            at,
            "the head of its gzip member holds more than it needs",
            "其 gzip 成员头含多余内容",
        )


def _rest(member: _Member) -> bool:
    while member.more():
        if member.buffer:
            return True
    return False


def _headers(member: _Member, at: int) -> dict[str, str]:
    while (end := member.buffer.find(b"\r\n\r\n")) < 0:
        if len(member.buffer) > MAX_HEADER or not member.more():
            raise _bad(at, "its header has no end", "记录头没有结尾")
    head, member.buffer = member.buffer[:end], member.buffer[end + 4 :]
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise _bad(at, "its header is not UTF-8", "记录头不是 UTF-8") from None
    if lines[0] != "WARC/1.1":
        raise _bad(at, "it is not a WARC/1.1 record", "不是 WARC/1.1 记录")
    found: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or not name or name != name.strip() or "\n" in line or "\r" in line:
            raise _bad(at, "a header line is malformed", "记录头有一行格式不对")
        if key in found and key not in REPEATABLE:
            raise _bad(at, f"the header {name} occurs twice", f"头字段 {name} 出现两次")
        value = value.strip()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _check_headers(headers: dict[str, str], at: int, *, first: bool) -> int:
    for name in ("warc-type", "warc-record-id", "warc-date", "content-length"):
        if not headers.get(name):
            raise _bad(at, f"it lacks the header {name}", f"缺少头字段 {name}")
    if not _DATE.fullmatch(headers["warc-date"]):
        raise _bad(at, "its date is not a UTC time", "日期不是世界协调时间")
    if headers["warc-type"] not in TYPES or (headers["warc-type"] == "warcinfo") is not first:
        raise _bad(at, f"the type {headers['warc-type']} is out of place", "记录类型不当")
    if not re.fullmatch(r"0|[1-9][0-9]{0,12}", headers["content-length"], re.ASCII):
        raise _bad(at, "its length is not a number", "长度不是数字")
    if "warc-block-digest" not in headers:
        raise _bad(at, "it has no block digest", "没有内容摘要（WARC-Block-Digest）")
    if headers["warc-type"] == "response" and "warc-payload-digest" not in headers:
        raise _bad(at, "the response has no payload digest", "响应没有载荷摘要")
    return int(headers["content-length"])


def _check_block(member: _Member, headers: dict[str, str], size: int, at: int) -> bytes:
    """Recompute the digests of a block; return its first bytes, as many as are looked into."""
    block = _Recomputed(headers["warc-block-digest"], at)
    payload = _Recomputed(headers.get("warc-payload-digest"), at)
    is_http = headers.get("content-type", "").lower().startswith("application/http")
    head, in_head = b"", is_http
    for piece in member.take(size):
        block.update(piece)
        if in_head:
            head += piece
            end = head_size(head)
            if end >= 0:
                payload.update(head[end:])
                in_head = False
            elif len(head) > MAX_HEADER:
                raise _bad(at, "its HTTP header has no end", "HTTP 头没有结尾")
        else:
            payload.update(piece)
            if not is_http and len(head) < MAX_HEADER:
                head += piece
    block.check("block", "内容")
    payload.check("payload", "载荷")
    return head


def warcinfo_fields(block: bytes, at: int) -> dict[str, str]:
    """Return the fields of a warcinfo block (application/warc-fields), or raise FormatError."""
    found: dict[str, str] = {}
    for line in filter(None, block.decode("utf-8", "replace").split("\r\n")):
        name, colon, value = line.partition(":")
        twice = name.lower() == "fidelity" and "fidelity" in found
        if not colon or twice:
            raise _bad(at, "a line of it is no field, or states twice", "有一行不成字段或重复")
        found[name.lower()] = value.strip()
    return found


class _Recomputed:
    """One digest that a header states, recomputed from the bytes."""

    def __init__(self, stated: str | None, at: int) -> None:
        self._at = at
        self._stated = stated
        algorithm = "sha256"
        if stated is not None:
            match = _DIGEST.fullmatch(stated)
            if match is None:
                raise _bad(at, "a digest is of an unknown form", "摘要的形式未知")
            algorithm = match[1]
        self._hash = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def check(self, en: str, zh: str) -> None:
        if self._stated is None:
            return
        raw = self._hash.digest()
        text = self._stated.partition(":")[2]
        base32 = base64.b32encode(raw).decode()
        if text not in (raw.hex(), base32, base32.rstrip("=")):
            raise _bad(self._at, f"its {en} digest is not that of its bytes", f"{zh}摘要与内容不符")


def match_index(records: Sequence[Record], lines: Sequence[IndexLine]) -> None:
    """Prove that index and records name each other one to one, or raise FormatError."""
    by_offset = {line.offset: line for line in lines}
    if len(by_offset) != len(lines):
        raise FormatError("Two index lines name one record.", "索引中有两行指向同一记录。")
    for record in records:
        if record.kind not in INDEXED:
            continue
        line = by_offset.pop(record.offset, None)
        if line is None:
            raise _bad(record.offset, "the index does not list it", "索引中没有列出")
        digest = record.headers.get("warc-payload-digest", record.headers["warc-block-digest"])
        date = re.sub(r"[^0-9]", "", record.headers["warc-date"])[:14]
        stated = (line.length, line.url, line.digest, line.time, line.filename)
        url = record.headers.get("warc-target-uri", "")
        if stated != (record.length, url, digest, date, "data.warc.gz"):
            raise _bad(record.offset, "the index says otherwise of it", "与索引所述不符")
    if by_offset:
        at = min(by_offset)
        raise FormatError(
            f"The index names a record at offset {at} that is not there.",
            f"索引列出了偏移 {at} 处并不存在的记录。",
        )
