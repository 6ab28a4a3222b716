"""Crimes on the ZIP around the files: names, headers, order, what stands between and around."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence

from evidence.format import names
from evidence.format.zipform import CENTRAL, LOCAL, ZipEntry, read_zip
from tests.evidence.builder import zipped
from tests.evidence.tamper.files import STRANGE, at
from tests.evidence.tamper.good import DOSSIER, WACZ, Good, flipped, packed
from tests.evidence.tamper.table import Make, Says, row

HEADER = ("the local header is not canonical", "本地头不规范")
TWICE = ("occurs more than once", "不止一次")
ORDER = ("are not in their order", "次序不对")
TAIL = ("end record", "结尾记录")
CENTRE = ("The central directory of", "的中央目录不规范")
CUT = ("central directory cannot be read", "中央目录无法读取")
GAP = ("does not begin where the entry before it ends", "没有紧接在前一条目之后")
UNLISTED = ("but not in its central directory", "却不在其中央目录里")
Change = Callable[[Good], bytes]


def raw_zip(
    parts: Sequence[tuple[bytes, bytes]],
    *,
    extra: bytes = b"",
    comment: bytes = b"",
    mode: int = 0,
    method: int = 0,
) -> bytes:
    """Return a ZIP with these names as they are; the further fields go to the last entry."""
    body, directory = b"", b""
    for number, (name, data) in enumerate(parts, 1):
        last = number == len(parts)
        more, told, attributes = (extra, comment, mode) if last else (b"", b"", 0)
        packed_data = data
        if last and method == 8:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed_data = packer.compress(data) + packer.flush()
        how = method if last else 0
        crc, offset = zlib.crc32(data), len(body)
        fields = (20, 0, how, 0, 0x21, crc, len(packed_data), len(data), len(name))
        body += struct.pack("<4s5H3I2H", b"PK\3\4", *fields, len(more)) + name + more + packed_data
        tail = (len(more), len(told), 0, 0, attributes, offset)
        directory += struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, *fields, *tail) + name + more + told
    end = (0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return body + directory + struct.pack("<4s4H2IH", b"PK\5\6", *end)


def plain(good: Good) -> list[tuple[bytes, bytes]]:
    """Return names and contents of the plain package."""
    return [(n.encode(), d) for n, d in good.draft.inner.items()]


def _with(name: bytes, data: bytes, **how: object) -> Make:
    """The package with one entry more at its end."""
    return lambda good: packed(good, raw_zip([*plain(good), (name, data)], **how))  # type: ignore[arg-type]


for _what, _zh, _en, _entry, _shown in (
    ("case-twin", "大小写孪生名", "a twin that differs in letter case",
     b"evidence/Screenshot.png", "evidence/Screenshot.png"),
    ("unicode-twin", "统一码孪生名（西里尔字母）", "a twin with a Cyrillic letter",
     "evidence/dоm.html".encode(), "evidence/dоm.html"),
    ("path-escape", "“..”路径", "a path with ..", b"../evil.sh", "../evil.sh"),
    ("path-absolute", "绝对路径", "an absolute path", b"/etc/cron.d/evil", "/etc/cron.d/evil"),
    ("path-windows", "盘符路径", "a path with a drive letter", b"C:\\evil.exe", "C:\\evil.exe"),
    ("path-dot", "“.”路径", "a path with a dot part",
     b"evidence/./dom.html", "evidence/./dom.html"),
    ("path-null", "含零字节的名称", "a name with a zero byte",
     b"evidence/dom.html\0.txt", "evidence/dom.html\0.txt"),
    ("path-folder", "目录条目", "an entry for a folder", b"evidence/", "evidence/"),
    ("path-empty", "空名称", "an entry without a name", b"", ""),
):  # fmt: skip
    row(
        f"zip:{_what}", f"An entry is added under {_en}", f"加入一个条目：{_zh}",
        "package", at(_shown), STRANGE, _with(_entry, b"x"),
    )  # fmt: skip
row(
    "zip:link", "The last file becomes a symbolic link", "把最后一个条目改成符号链接",
    "package", f"{WACZ}!central directory", CENTRE,
    lambda good: packed(good, raw_zip(plain(good), mode=0o120777 << 16)),
)  # fmt: skip
row(
    "zip:entry-comment", "An entry is given a comment", "给一个条目加注释",
    "package", f"{WACZ}!central directory", CENTRE,
    lambda good: packed(good, raw_zip(plain(good), comment=b"hidden")),
)  # fmt: skip
row(
    "zip:extra-field", "An entry is given an extra field", "给一个条目加附加字段",
    "package", at(names.DATAPACKAGE_DIGEST), HEADER,
    lambda good: packed(good, raw_zip(plain(good), extra=b"\xfe\xca\x02\x00hi")),
)  # fmt: skip
row(
    "zip:zip64-extra", "An entry states its sizes a second time in a ZIP64 field",
    "条目以 ZIP64 字段另述大小",
    "package", at(names.DATAPACKAGE_DIGEST), HEADER,
    lambda good: packed(good, raw_zip(
        plain(good), extra=struct.pack("<HHQQ", 1, 16, 9 << 40, 9 << 40))),
)  # fmt: skip


def _twice(first: bool) -> Make:
    def make(good: Good) -> bytes:
        entry = (names.SCREENSHOT.encode(), b"another picture")
        items = [entry, *plain(good)] if first else [*plain(good), entry]
        return packed(good, raw_zip(items))

    return make


row(
    "zip:twice-first", "A second screenshot stands before the true one", "真截图之前另有同名截图",
    "package", at(names.SCREENSHOT), TWICE, _twice(first=True), shell=True,
)  # fmt: skip
row(
    "zip:twice-last", "A second screenshot stands after the true one", "真截图之后另有同名截图",
    "package", at(names.SCREENSHOT), TWICE, _twice(first=False), shell=True,
)  # fmt: skip


def _dossier_twice(good: Good) -> bytes:
    parts = [(n.encode(), d) for n, d in good.draft.parts().items()]
    return raw_zip([*parts, (names.VERIFY_TEXT.encode(), b"all is well\n")])


row(
    "zip:twice-in-dossier", "The dossier has a second VERIFY.txt", "移交包中另有一份 VERIFY.txt",
    "package", f"{DOSSIER}!{names.VERIFY_TEXT}", TWICE, _dossier_twice,
)  # fmt: skip


def _reordered(good: Good) -> bytes:
    items = list(good.draft.inner.items())
    items[0], items[1] = items[1], items[0]
    return packed(good, zipped(dict(items)))


row(
    "zip:reordered", "Two entries of the package change places", "封装中两个条目互换位置",
    "package", at(names.ATTEMPT), ORDER, _reordered, shell=True,
)  # fmt: skip


def _dossier_reordered(good: Good) -> bytes:
    items = list(good.draft.parts().items())
    items[1], items[2] = items[2], items[1]
    return zipped(dict(items))


row(
    "zip:dossier-reordered", "Two entries of the dossier change places", "移交包中两个条目互换位置",
    "package", f"{DOSSIER}!exhibit.attempt.tlog-proof", ORDER, _dossier_reordered,
)  # fmt: skip


def _between(good: Good) -> bytes:
    wacz = good.draft.wacz
    after = read_zip(io.BytesIO(wacz))[0].end
    return packed(good, wacz[:after] + b"hidden" + wacz[after:])


def _shifted(good: Good) -> bytes:
    """Bytes between two entries, and all offsets made right."""
    wacz = good.draft.wacz
    entries = read_zip(io.BytesIO(wacz))
    body, gap = b"", b"hidden"
    directory = b""
    for number, entry in enumerate(entries):
        body += gap if number == 1 else b""
        moved = ZipEntry(entry.name, entry.crc, entry.size, len(body))
        body += wacz[entry.offset : entry.end]
        fields = (20, 20, 0, 0, 0, 0x21, moved.crc, moved.size, moved.size, len(moved.name))
        directory += CENTRAL.pack(b"PK\1\2", *fields, 0, 0, 0, 0, 0, moved.offset)
        directory += moved.name.encode()
    counts = (0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return packed(good, body + directory + struct.pack("<4s4H2IH", b"PK\5\6", *counts))


def _unlisted(good: Good) -> bytes:
    """An entry of which the directory says nothing."""
    wacz, entries = good.draft.wacz, read_zip(io.BytesIO(good.draft.wacz))
    end = entries[-1].end
    hidden = zipped({"evidence/hidden.txt": b"secret"})
    size = LOCAL.size + len("evidence/hidden.txt") + 6
    count = len(wacz) - 22 - end
    record = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, len(entries), len(entries), count, end + size, 0
    )
    return packed(good, wacz[:end] + hidden[:size] + wacz[end:-22] + record)


def _overlapping(good: Good) -> bytes:
    """Two entries of the directory that share one place (as in overlapping bombs)."""
    wacz, entries = good.draft.wacz, read_zip(io.BytesIO(good.draft.wacz))
    one = next(e for e in entries if e.name == names.TEXT)
    fields = (20, 20, 0, 0, 0, 0x21, one.crc, one.size, one.size, len(one.name))
    central = CENTRAL.pack(b"PK\1\2", *fields, 0, 0, 0, 0, 0, one.offset) + one.name.encode()
    directory = wacz[entries[-1].end : -22] + central
    count = len(entries) + 1
    record = (0, 0, count, count, len(directory), entries[-1].end, 0)
    tail = struct.pack("<4s4H2IH", b"PK\5\6", *record)
    return packed(good, wacz[: entries[-1].end] + directory + tail)


for _what, _zh, _en, _where, _says, _make, _shell in (
    ("between", "条目之间插入字节", "Bytes are put between two entries",
     at(names.ATTEMPT), GAP, _between, True),
    ("between-shifted", "条目之间插入字节并修正偏移",
     "Bytes are put between two entries and all offsets made right",
     at(names.ATTEMPT), GAP, _shifted, True),
    ("unlisted", "藏入中央目录未列的条目", "An entry is hidden of which the directory says nothing",
     at("evidence/hidden.txt"), UNLISTED, _unlisted, True),
    ("overlapping", "两个目录条目指向同一处", "Two entries of the directory share one place",
     at(names.TEXT), TWICE, _overlapping, True),
    ("prepended", "移交包前置字节", "Bytes stand before the dossier",
     f"{DOSSIER}!end record", TAIL, lambda g: b"MZ garbage" + g.draft.pack(), False),
    ("prepended-inside", "封装前置字节", "Bytes stand before the package",
     f"{WACZ}!end record", TAIL, lambda g: packed(g, b"#!/bin/sh\n" + g.draft.wacz), True),
    ("appended", "移交包尾随字节", "Bytes follow the dossier",
     f"{DOSSIER}!end record", TAIL, lambda g: g.draft.pack() + b"\0", False),
    ("cut", "封装截短", "The package is cut off",
     f"{WACZ}!central directory", CUT, lambda g: packed(g, g.draft.wacz[: len(g.draft.wacz) // 2]),
     True),
    ("cut-dossier", "移交包截短", "The dossier is cut off",
     f"{DOSSIER}!central directory", CUT, lambda g: g.draft.pack()[: len(g.draft.wacz) // 2], True),
):  # fmt: skip
    row(f"zip:{_what}", _en, _zh, "package", _where, _says, _make, shell=_shell)


def foreign_zip(parts: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a ZIP as another tool writes it."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as target:
        warnings.simplefilter("ignore")
        for name, data in parts:
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def _bomb(good: Good) -> bytes:
    inner = good.draft.inner | {names.DOM: b"\0" * 20_000_000}
    return packed(good, foreign_zip(list(inner.items()), zipfile.ZIP_DEFLATED))


def _altered_and_packed_anew(good: Good) -> bytes:
    inner = good.draft.inner | {names.SCREENSHOT: flipped(good.draft.inner[names.SCREENSHOT])}
    parts = good.draft.parts() | {WACZ: zipped(inner)}
    return foreign_zip(list(parts.items()), zipfile.ZIP_DEFLATED)


_NOT_LISTED: Says = ("is not the file that the manifest lists", "与清单所列不符")
for _what, _zh, _en, _claim, _where, _says, _make, _shell in (
    ("deflated", "一个条目改为压缩存放", "One entry is deflated",
     "package", at(names.DATAPACKAGE_DIGEST), HEADER,
     lambda g: packed(g, raw_zip(plain(g), method=8)), True),
    ("packed-anew", "移交包用别的工具重新压缩", "The dossier is packed anew by another tool",
     "package", f"{DOSSIER}!{WACZ}", HEADER,
     lambda g: foreign_zip(list(g.draft.parts().items()), zipfile.ZIP_DEFLATED), False),
    ("packed-anew-altered", "改动截图后整包重新压缩",
     "A picture is altered and the dossier packed anew",
     "manifest", at(names.SCREENSHOT), _NOT_LISTED, _altered_and_packed_anew, True),
    ("bomb", "解压炸弹", "An entry unpacks to very much (a bomb)",
     "package", at(names.DOM), ("unpacks to more than", "解压后超过"), _bomb, True),
):  # fmt: skip
    row(f"zip:{_what}", _en, _zh, _claim, _where, _says, _make, shell=_shell)
