"""A second reader of our own WARC (ISO 28500), of nothing but what the technical review needs."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import FormatError

_LIMIT = 64 << 20


@dataclass(frozen=True)
class Record:
    """One record: its fields by lower-case name, and its block."""

    fields: dict[str, str]
    block: bytes

    @property
    def kind(self) -> str:
        """``request``, ``response`` …"""
        return self.fields.get("warc-type", "")

    @property
    def url(self) -> str:
        """The address it is of."""
        return self.fields.get("warc-target-uri", "").strip("<>")

    @property
    def digest_holds(self) -> bool:
        """Whether the block has the digest that the record states."""
        return self.fields.get("warc-block-digest") == "sha256:" + sha256(self.block)


def read_warc(path: Path) -> tuple[Record, ...]:
    """Return every record of a gzipped WARC; raises FormatError, OSError."""
    data, found = _unpacked(path), []
    while data:
        head, gap, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        if not gap or not lines[0].startswith("WARC/1."):
            raise _wrong("a record does not begin as one")
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        size = fields.get("content-length", "")
        if not size.isdigit() or rest[int(size) : int(size) + 4] != b"\r\n\r\n":
            raise _wrong("a record does not end where it says")
        found.append(Record(fields, rest[: int(size)]))
        data = rest[int(size) + 4 :]
    return tuple(found)


def _unpacked(path: Path) -> bytes:
    packed, parts, size = path.read_bytes(), [], 0
    while packed:
        member = zlib.decompressobj(31)
        try:
            parts.append(member.decompress(packed, _LIMIT))
        except zlib.error as error:
            raise _wrong(str(error)) from error
        size += len(parts[-1])
        if not member.eof or size > _LIMIT:
            raise _wrong("it is cut short or too large")
        packed = member.unused_data
    return b"".join(parts)


def sha256(data: bytes) -> str:
    """Return the SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()


def _wrong(why: str) -> FormatError:
    return FormatError(f"the WARC cannot be read: {why}", f"WARC 无法读取：{why}")
