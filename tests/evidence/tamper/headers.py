"""Crimes on the headers of the ZIP: local, central, the end record, ZIP64."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

from evidence.format import names
from evidence.format.zipform import CENTRAL, ZipEntry, read_zip
from tests.evidence.tamper.files import LACKS, at
from tests.evidence.tamper.good import WACZ, Good, packed
from tests.evidence.tamper.table import Make, row
from tests.evidence.tamper.zips import CENTRE, HEADER, TAIL


def _place(good: Good) -> tuple[bytearray, ZipEntry, list[ZipEntry]]:
    wacz = bytearray(good.draft.wacz)
    entries = read_zip(io.BytesIO(bytes(wacz)))
    return wacz, next(e for e in entries if e.name == names.TEXT), entries


def _local(offset: int, value: bytes) -> Make:
    def make(good: Good) -> bytes:
        wacz, entry, _ = _place(good)
        wacz[entry.offset + offset : entry.offset + offset + len(value)] = value
        return packed(good, bytes(wacz))

    return make


def _central(offset: int, value: bytes, *, both: int | None = None) -> Make:
    """Change the central header of one entry (``both``: its local header at that place too)."""

    def make(good: Good) -> bytes:
        wacz, entry, entries = _place(good)
        start = entries[-1].end
        for before in entries:
            if before.name == entry.name:
                break
            start += CENTRAL.size + len(before.name)
        wacz[start + offset : start + offset + len(value)] = value
        if both is not None:
            wacz[entry.offset + both : entry.offset + both + len(value)] = value
        return packed(good, bytes(wacz))

    return make


for _what, _zh, _en, _offset, _value in (
    ("date", "日期", "date", 12, b"\x21\x5a"),
    ("time", "时间", "time", 10, b"\x01\x00"),
    ("version", "版本", "version", 4, b"\x2d\x00"),
    ("encrypted", "加密标志", "flag of encryption", 6, b"\x01\x00"),
    ("descriptor", "数据描述符标志", "flag of a data descriptor", 6, b"\x08\x00"),
    ("utf8", "UTF-8 标志", "flag of UTF-8", 6, b"\x00\x08"),
    ("method", "压缩方式", "method", 8, b"\x08\x00"),
    ("crc", "校验和", "checksum", 14, b"\0\0\0\0"),
    ("size", "大小", "size", 22, b"\xff\xff\xff\xff"),
    ("packed-size", "压缩后大小", "packed size", 18, b"\xff\xff\xff\xff"),
    ("name", "名称", "name", 30, b"evidence/tEXT.txt"),
    ("signature", "开头标志", "signature", 0, b"XXXX"),
):
    row(
        f"zip:local-{_what}", f"The {_en} in a local header is changed", f"改动本地头中的{_zh}",
        "package", at(names.TEXT), HEADER, _local(_offset, _value),
    )  # fmt: skip
for _what, _zh, _en, _offset, _value, _where, _says in (
    ("date", "日期", "date", 14, b"\x21\x5a", "!central directory", CENTRE),
    ("maker", "制作系统", "maker", 4, b"\x14\x03", "!central directory", CENTRE),
    ("encrypted", "加密标志", "flag of encryption", 8, b"\x01\x00", "!central directory", CENTRE),
    ("disk", "盘号", "disk number", 34, b"\x01\x00", "!central directory", CENTRE),
    ("crc", "校验和", "checksum", 16, b"\0\0\0\0", f"!{names.TEXT}", HEADER),
    ("size", "大小", "size", 24, b"\1\0\0\0", f"!{names.TEXT}", HEADER),
    ("name", "名称", "name", 46, b"evidence/tEXT.txt", f"!{names.TEXT}", LACKS),
    ("offset", "偏移", "offset", 42, b"\0\0\0\0", f"!{names.TEXT}", HEADER),
):
    row(
        f"zip:central-{_what}",
        f"The {_en} in a central header is changed, so that it disagrees with the local one",
        f"改动中央头中的{_zh}，与本地头不一致",
        "package", WACZ + _where, _says, _central(_offset, _value),
    )  # fmt: skip
row(
    "zip:both-dates", "The date of an entry is changed in both headers", "两处头部的日期一并改动",
    "package", at(names.TEXT), HEADER, _central(14, b"\x21\x5a", both=12),
)  # fmt: skip
row(
    "zip:both-encrypted", "An entry is said to be encrypted in both headers",
    "两处头部均标为加密", "package", at(names.TEXT), HEADER, _central(8, b"\1\0", both=6),
)  # fmt: skip


def _end(change: Callable[[bytes, bytes], bytes]) -> Make:
    """Change the package's bytes, given as those before its end record and the record."""
    return lambda good: packed(good, change(good.draft.wacz[:-22], good.draft.wacz[-22:]))


def _zip64_end(head: bytes, end: bytes) -> bytes:
    count, size, start = struct.unpack("<H2I", end[10:20])
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(head), 1)
    return head + record + locator + end


for _what, _zh, _en, _change in (
    ("comment", "ZIP 加注释", "The ZIP is given a comment",
     lambda head, end: head + end[:-2] + b"\3\0abc"),
    ("comment-silent", "结尾后接注释而不记长度", "Bytes follow the end record",
     lambda head, end: head + end + b"more"),
    ("zip64-end", "加 ZIP64 结尾记录", "A ZIP64 end record and its locator are put in", _zip64_end),
    ("zip64-sizes", "结尾记录以 0xFFFFFFFF 转引 ZIP64", "The end record refers to ZIP64",
     lambda head, end: head + end[:12] + b"\xff" * 8 + end[20:]),
    ("count", "结尾记录少计一个条目", "The end record counts one entry less",
     lambda head, end: head + end[:8] + struct.pack("<2H", end[8] - 1, end[8] - 1) + end[12:]),
    ("disk", "结尾记录写另一盘号", "The end record names another disk",
     lambda head, end: head + end[:4] + b"\1\0" + end[6:]),
    ("two-ends", "两个结尾记录", "There are two end records", lambda head, end: head + end + end),
):  # fmt: skip
    row(f"zip:{_what}", _en, _zh, "package", f"{WACZ}!end record", TAIL, _end(_change))
