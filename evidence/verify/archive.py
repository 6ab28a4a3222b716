"""Strict ZIP reader that goes on after a fault, so that every failing part is named.

The canonical form (``evidence.format.zipform``) fixes every byte from names, sizes and CRCs.
What deviates is reported; the entries are then found as well as the local headers and the
central directory allow, deflated ones included (within limits), because an altered package may
have passed through another tool.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.format import zipform
from evidence.format.digests import CHUNK
from evidence.format.zipform import CENTRAL, CENTRAL_SIGN, END, END_SIGN, LOCAL, LOCAL_SIGN
from evidence.verify.layout import DIRECTORY, Found, compare_entries, compare_tail
from evidence.verify.verdict import Findings
from evidence.verify.window import Window

STORED, DEFLATED = 0, 8
INFLATE_LIMIT = 1 << 30
INFLATE_RATIO = 300


@dataclass(frozen=True)
class Archive:
    """The entries of a ZIP; ``label`` names it in findings, ``canonical`` says it is flawless."""

    window: Window
    label: str
    entries: tuple[Found, ...]
    canonical: bool
    aside: ExitStack

    def get(self, name: str) -> Found | None:
        """Return the first entry of that name, or None."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def place(self, name: str) -> str:
        """Return how a finding names a part of this ZIP."""
        return f"{self.label}!{name}"

    def chunks(self, entry: Found) -> Iterator[bytes]:
        """Yield the entry's bytes; raises FormatError if they cannot be had within limits."""
        part = self.window.part(entry.data_at, entry.packed)
        if entry.encrypted or entry.method not in (STORED, DEFLATED):
            raise FormatError(
                f"{entry.name} is encrypted or packed in an unknown way",
                f"{entry.name} 已加密或压缩方式未知",
            )
        if part.size != entry.packed:
            raise FormatError(f"{entry.name} is cut off.", f"{entry.name} 不完整。")
        return part.chunks() if entry.method == STORED else _inflate(part, entry)

    def read(self, entry: Found, limit: int) -> bytes:
        """Return the entry's bytes if they are at most ``limit``, else raise FormatError."""
        parts: list[bytes] = []
        total = 0
        for chunk in self.chunks(entry):
            total += len(chunk)
            if total > limit:
                raise FormatError(
                    f"{entry.name} is larger than {limit} bytes", f"{entry.name} 超过 {limit} 字节"
                )
            parts.append(chunk)
        return b"".join(parts)

    def open(self, entry: Found) -> Window:
        """Return a window onto a stored entry in place; a deflated one is unpacked aside."""
        if entry.method == STORED:
            return self.window.part(entry.data_at, entry.packed)
        aside = self.aside.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        for chunk in self.chunks(entry):
            aside.write(chunk)
        return Window.whole(aside)


def _inflate(part: Window, entry: Found) -> Iterator[bytes]:
    limit = min(INFLATE_LIMIT, INFLATE_RATIO * max(part.size, 1024))
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    for chunk in part.chunks():
        pending = chunk
        while pending and not unpacker.eof:
            try:
                data = unpacker.decompress(pending, CHUNK)
            except zlib.error as error:
                raise FormatError(
                    f"{entry.name} cannot be unpacked ({error})",
                    f"{entry.name} 无法解压（{error}）",
                ) from error
            total += len(data)
            if total > limit:
                raise FormatError(
                    f"{entry.name} unpacks to more than {limit} bytes",
                    f"{entry.name} 解压后超过 {limit} 字节",
                )
            yield data
            pending = unpacker.unconsumed_tail


def is_zip(window: Window) -> bool:
    """Return whether any ZIP record signature occurs anywhere in the window."""
    return any(window.find(sign) >= 0 for sign in (LOCAL_SIGN, CENTRAL_SIGN, END_SIGN))


def open_archive(window: Window, label: str, findings: Findings, aside: ExitStack) -> Archive:
    """Read the structure of a ZIP, noting every deviation; contents are not read here.

    ``aside`` closes the temporary files into which deflated entries are unpacked.
    """
    walked, stop = _walk(window)
    if walked and _is_canonical(window, walked, stop):
        return Archive(window, label, tuple(walked), canonical=True, aside=aside)
    before = len(findings.claims)
    walked += _cut_off(window, stop, label, findings)
    start, listed = _directory(window, stop)
    if walked and not any(_lies_there(window, entry) for entry in listed):
        listed = []  # the directory of a ZIP inside a file that was cut off
    if not listed:
        findings.damaged = True
        findings.invalid(
            "package",
            f"{label}!{DIRECTORY}",
            f"{label}: the central directory cannot be read.",
            f"{label}：中央目录无法读取。",
        )
        return Archive(window, label, tuple(walked), canonical=False, aside=aside)
    compare_entries(window, label, walked, listed, findings)
    compare_tail(window, label, listed, start, findings)
    if len(findings.claims) == before:
        findings.invalid(
            "package",
            f"{label}!{DIRECTORY}",
            f"{label} is not in the canonical ZIP form.",
            f"{label} 不是规范的 ZIP 形式。",
        )
    return Archive(window, label, tuple(listed), canonical=False, aside=aside)


def _walk(window: Window) -> tuple[list[Found], int]:
    """Follow local headers from the start; return entries and where they stop."""
    found: list[Found] = []
    at = 0
    while len(found) <= zipform.MAX_ENTRIES:
        entry = _local(window, at)
        if entry is None or entry.data_at + entry.packed > window.size:
            break
        found.append(entry)
        at = entry.data_at + entry.packed
    return found, at


def _cut_off(window: Window, at: int, label: str, findings: Findings) -> list[Found]:
    """Return the entry, if any, that begins at ``at`` and that the file ends in; note it."""
    entry = _local(window, at)
    if entry is None or entry.data_at + entry.packed <= window.size:
        return []
    if any(_lies_there(window, listed) for listed in _directory(window, at)[1]):
        return []  # the file goes on: it is the size in the header that is wrong
    findings.damaged = True
    findings.invalid(
        "package",
        f"{label}!{entry.name}",
        f"{label} ends in the middle of {entry.name}: it was cut off.",
        f"{label} 在 {entry.name} 中间结束：文件不完整。",
    )
    return [entry]


def _local(window: Window, at: int) -> Found | None:
    head = window.read(at, LOCAL.size)
    if len(head) < LOCAL.size or head[:4] != LOCAL_SIGN:
        return None
    _, _, flags, method, _, _, crc, packed, size, name_size, extra = LOCAL.unpack(head)
    name = window.read(at + LOCAL.size, name_size).decode("utf-8", "backslashreplace")
    data_at = at + LOCAL.size + name_size + extra
    return Found(name, crc, size, packed, method, at, data_at, bool(flags & 1))


def _is_canonical(window: Window, entries: Sequence[Found], stop: int) -> bool:
    try:
        for entry in entries:
            head = zipform.local_header(entry.name, entry.crc, entry.size)
            if window.read(entry.offset, entry.data_at - entry.offset) != head:
                return False
        plain = [zipform.ZipEntry(e.name, e.crc, e.size, e.offset) for e in entries]
        tail = zipform.closing(plain)
    except FormatError:
        return False
    unique = len({entry.name.lower() for entry in entries}) == len(entries)
    return unique and stop + len(tail) == window.size and window.read(stop, len(tail)) == tail


def _directory(window: Window, stop: int) -> tuple[int, list[Found]]:
    """Return where the central directory starts and its entries; (_, [] if none is readable).

    The one whose entries lie where it says wins, then the one an end record points to: a ZIP
    inside the ZIP has a directory too, which is not this file's.
    """
    pointed = {stop: 0, **dict(_end_records(window))}
    cut_off = _local(window, stop) is not None
    for start in pointed:
        if start < stop or cut_off:
            pointed[start] = 0  # the directory of a ZIP inside an entry
    starts = [*pointed, window.find(CENTRAL_SIGN, stop)]
    best: tuple[int, list[Found]] = (stop, [])
    best_rank = (0, False, 0)
    for start in dict.fromkeys(starts):
        listed = _central_entries(window, start, pointed.get(start, 0)) if start >= 0 else []
        here = sum(1 for entry in listed if _lies_there(window, entry))
        rank = (here, start in pointed and bool(listed), len(listed))
        if rank > best_rank:
            best, best_rank = (start, listed), rank
    return best


def _lies_there(window: Window, entry: Found) -> bool:
    return _is_at(window, entry.name, entry.offset)


def _is_at(window: Window, name: str, offset: int) -> bool:
    """Say whether a local header of that name is there."""
    raw = name.encode("utf-8", "surrogateescape")
    whole = window.read(offset, LOCAL.size + len(raw))
    return whole[:4] == LOCAL_SIGN and whole[LOCAL.size :] == raw


def _end_records(window: Window) -> Iterator[tuple[int, int]]:
    """Yield where an end record near the file's end has its directory, and how far displaced.

    The second is by how many bytes the directory stands after the place that it states: what
    was put before it has moved entries as far.
    """
    tail_at = max(0, window.size - (1 << 16) - END.size)
    tail = window.read(tail_at, window.size - tail_at)
    at = tail.rfind(END_SIGN)
    if at >= 0 and len(tail) - at >= END.size:
        fields = END.unpack_from(tail, at)
        found = tail_at + at - fields[5]
        yield found, found - fields[6]
        yield fields[6], 0


def _central_entries(window: Window, at: int, moved: int) -> list[Found]:
    """Return the entries of a directory; one that is not where it says may lie ``moved`` on."""
    found: list[Found] = []
    while len(found) <= zipform.MAX_ENTRIES:
        head = window.read(at, CENTRAL.size)
        if len(head) < CENTRAL.size or head[:4] != CENTRAL_SIGN:
            break
        fields = CENTRAL.unpack(head)
        flags, method, crc, packed, size = fields[3], fields[4], *fields[7:10]
        name_size, extra, comment, offset = *fields[10:13], fields[16]
        name = window.read(at + CENTRAL.size, name_size).decode("utf-8", "backslashreplace")
        if not _is_at(window, name, offset) and _is_at(window, name, offset + moved):
            offset += moved
        data_at = offset + LOCAL.size + name_size
        local = _local(window, offset)
        if local is not None and local.name == name:
            data_at = local.data_at
        found.append(Found(name, crc, size, packed, method, offset, data_at, bool(flags & 1)))
        at += CENTRAL.size + name_size + extra + comment
    return found


def check_names(archive: Archive, expected: Sequence[str], findings: Findings) -> None:
    """Note every name that is missing, not known, or out of order."""
    names = [entry.name for entry in archive.entries]
    label = archive.label
    for name in expected:
        if name not in names:
            findings.invalid(
                "package", archive.place(name), f"{label} lacks {name}.", f"{label} 缺少 {name}。"
            )
    for name in dict.fromkeys(names):
        if name not in expected:
            findings.invalid(
                "package",
                archive.place(name),
                f"{label} contains {name}, which does not belong in it.",
                f"{label} 含有不应有的 {name}。",
            )
    kept = [name for name in names if name in expected]
    due = [name for name in expected if name in names]
    for name, wanted in zip(kept, due, strict=False):
        if name != wanted:
            findings.invalid(
                "package",
                archive.place(name),
                f"The entries of {label} are not in their order: {name} stands where {wanted} "
                "belongs.",
                f"{label} 的条目次序不对：{wanted} 的位置上是 {name}。",
            )
            break


def check_crc(archive: Archive, entry: Found, crc: int, findings: Findings) -> None:
    """Note that an entry's content is not what its header says."""
    if crc != entry.crc:
        findings.invalid(
            "package",
            archive.place(entry.name),
            f"The content of {entry.name} does not match its checksum in {archive.label}.",
            f"{entry.name} 的内容与其在 {archive.label} 中的校验和不符。",
        )
