"""ZIP (APPNOTE 6.3) in one canonical form: the only way our packages are laid out.

STORE, version 2.0, no flags, date 1980-01-01, no extra fields, comments, data descriptors or
ZIP64; local headers and data without gaps from offset 0, then the central directory in the
same order, then the end record, and nothing else. So names, sizes and CRCs fix every byte.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evidence.errors import FormatError
from evidence.format.digests import CHUNK, read_chunks

LIMIT = (1 << 32) - 2
MAX_ENTRIES = 256
VERSION = 20
DOS_DATE = 0x0021
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LOCAL_SIGN, CENTRAL_SIGN, END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@dataclass(frozen=True)
class ZipEntry:
    """One entry: ``offset`` is that of its local header."""

    name: str
    crc: int
    size: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Where the entry's bytes begin."""
        return self.offset + LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Where the next local header, or the central directory, begins."""
        return self.data_offset + self.size


def check_entry_name(name: str) -> str:
    """Return ``name`` if it is a relative ASCII path without tricks, else raise FormatError."""
    parts = name.split("/")
    plain = all(p and p.strip(".") and all(c.isalnum() or c in "._-" for c in p) for p in parts)
    if not name.isascii() or not plain or len(name) > 200:
        raise FormatError(f"{name!r} cannot name a ZIP entry", f"{name!r} 不能作为 ZIP 条目名")
    return name


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return the canonical local header, name included."""
    raw = check_entry_name(name).encode("ascii")
    head = LOCAL.pack(LOCAL_SIGN, VERSION, 0, 0, 0, DOS_DATE, crc, size, size, len(raw), 0)
    return head + raw


def central_header(entry: ZipEntry) -> bytes:
    """Return the canonical central directory header, name included."""
    raw = check_entry_name(entry.name).encode("ascii")
    fixed = (CENTRAL_SIGN, VERSION, VERSION, 0, 0, 0, DOS_DATE, entry.crc, entry.size, entry.size)
    return CENTRAL.pack(*fixed, len(raw), 0, 0, 0, 0, 0, entry.offset) + raw


def end_record(count: int, size: int, offset: int) -> bytes:
    """Return the canonical end record for a central directory of ``size`` at ``offset``."""
    return END.pack(END_SIGN, 0, 0, count, count, size, offset, 0)


def closing(entries: Sequence[ZipEntry]) -> bytes:
    """Return the central directory and end record that follow these entries."""
    directory = b"".join(central_header(entry) for entry in entries)
    start = entries[-1].end if entries else 0
    return directory + end_record(len(entries), len(directory), start)


@dataclass(frozen=True)
class ZipPart:
    """What to write: a name and its content, bytes or a file to be read in chunks."""

    name: str
    content: bytes | Path


def write_zip(out: BinaryIO, parts: Iterable[ZipPart]) -> list[ZipEntry]:
    """Write the canonical ZIP of ``parts`` in their order; return its entries.

    ``out`` is empty and seekable; files are streamed. More than 4 GiB raises FormatError.
    """
    entries: list[ZipEntry] = []
    offset = 0
    for part in parts:
        if any(part.name.lower() == entry.name.lower() for entry in entries):
            raise FormatError(f"{part.name} is given twice", f"{part.name} 重复给出")
        out.write(local_header(part.name, 0, 0))
        crc, size = _copy(out, part.content)
        entry = ZipEntry(part.name, crc, size, offset)
        if entry.end > LIMIT or len(entries) == MAX_ENTRIES:
            raise FormatError(
                "a package of 4 GiB or more is not written; capture less in one go",
                "封装不得达到 4 GiB；请分次固证",
            )
        out.seek(offset)
        out.write(local_header(part.name, crc, size))
        out.seek(entry.end)
        entries.append(entry)
        offset = entry.end
    out.write(closing(entries))
    return entries


def _copy(out: BinaryIO, content: bytes | Path) -> tuple[int, int]:
    if isinstance(content, bytes):
        out.write(content)
        return zlib.crc32(content), len(content)
    crc = size = 0
    with content.open("rb") as source:
        for chunk in read_chunks(source):
            out.write(chunk)
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
    return crc, size


def read_zip(source: BinaryIO) -> list[ZipEntry]:
    """Return the entries of a canonical ZIP that fills ``source`` from 0 to its end.

    Every header byte is rebuilt and compared, and every CRC recomputed; the first difference
    raises FormatError naming the entry. (The verifier has a reader that goes on.)
    """
    entries: list[ZipEntry] = []
    offset = 0
    source.seek(0)
    while (head := source.read(LOCAL.size))[:4] == LOCAL_SIGN and len(head) == LOCAL.size:
        fields = LOCAL.unpack(head)
        name = source.read(fields[9]).decode("ascii", "replace")
        if local_header(name, fields[6], fields[7]) != head + name.encode():
            raise FormatError(f"{name}: local header is not canonical", f"{name}：本地头不规范")
        entry = ZipEntry(name, fields[6], fields[7], offset)
        if _crc(source, entry.size) != entry.crc or len(entries) == MAX_ENTRIES:
            raise FormatError(
                f"{name}: content does not match its CRC", f"{name}：内容与校验和不符"
            )
        entries.append(entry)
        offset = entry.end
    names = {entry.name.lower() for entry in entries}
    source.seek(offset)
    expected = closing(entries)
    if source.read(len(expected) + 1) != expected or len(names) != len(entries) or not entries:
        raise FormatError(
            "the ZIP's central directory or end record is not canonical",
            "ZIP 的中央目录或结尾记录不规范",
        )
    return entries


def _crc(source: BinaryIO, size: int) -> int | None:
    crc = 0
    while size:
        chunk = source.read(min(CHUNK, size))
        if not chunk:
            return None
        crc, size = zlib.crc32(chunk, crc), size - len(chunk)
    return crc
