"""How a ZIP that is not canonical deviates: entry by entry, then the bytes of its end."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.format import zipform
from evidence.verify.verdict import Findings
from evidence.verify.window import Window

DIRECTORY = "central directory"
END_RECORD = "end record"


@dataclass(frozen=True)
class Found:
    """An entry as found: where its bytes lie, how they are packed, what they should be."""

    name: str
    crc: int
    size: int
    packed: int
    method: int
    offset: int
    data_at: int
    encrypted: bool = False


def compare_entries(
    window: Window, label: str, walked: list[Found], listed: list[Found], findings: Findings
) -> None:
    """Name every entry whose two headers are not canonical and equal, or that only one side has."""
    seen: set[str] = set()
    for entry in listed:
        if entry.name.lower() in seen:
            findings.invalid(
                "package",
                f"{label}!{entry.name}",
                f"{entry.name} occurs more than once in {label}.",
                f"{entry.name} 在 {label} 中出现不止一次。",
            )
        seen.add(entry.name.lower())
        if not _headers_agree(window, entry):
            findings.invalid(
                "package",
                f"{label}!{entry.name}",
                f"{entry.name}: the local header is not canonical or disagrees with the "
                f"central directory of {label}.",
                f"{entry.name}：本地头不规范，或与 {label} 的中央目录不一致。",
            )
    names = {entry.name for entry in listed}
    for extra in walked:
        if extra.name not in names:
            findings.invalid(
                "package",
                f"{label}!{extra.name}",
                f"{extra.name} is in {label}, but not in its central directory.",
                f"{extra.name} 在 {label} 中，却不在其中央目录里。",
            )


def _headers_agree(window: Window, entry: Found) -> bool:
    try:
        head = zipform.local_header(entry.name, entry.crc, entry.size)
    except FormatError:
        return False
    return window.read(entry.offset, len(head)) == head


def compare_tail(
    window: Window, label: str, listed: list[Found], start: int, findings: Findings
) -> None:
    """Check that entries tile the file, and the bytes of central directory and end record."""
    at = 0
    for entry in listed:
        if entry.offset != at and at == 0 and entry == listed[0]:
            findings.invalid(
                "package",
                f"{label}!{entry.name}",
                f"Bytes stand before the first entry of {label}.",
                f"{label} 的首个条目之前另有字节。",
            )
        elif entry.offset != at:
            findings.invalid(
                "package",
                f"{label}!{entry.name}",
                f"{entry.name} does not begin where the entry before it ends in {label}.",
                f"{label} 中 {entry.name} 没有紧接在前一条目之后。",
            )
        at = entry.data_at + entry.packed
    _tail_bytes(window, label, listed, at, start, findings)


def _tail_bytes(
    window: Window, label: str, listed: list[Found], end: int, start: int, findings: Findings
) -> None:
    try:
        plain = [zipform.ZipEntry(e.name, e.crc, e.size, e.offset) for e in listed]
        directory = b"".join(zipform.central_header(entry) for entry in plain)
    except FormatError as error:
        findings.fault("package", f"{label}!{DIRECTORY}", error)
        return
    if start != end or window.read(start, len(directory)) != directory:
        findings.invalid(
            "package",
            f"{label}!{DIRECTORY}",
            f"The central directory of {label} is not canonical or not where it belongs.",
            f"{label} 的中央目录不规范或位置不对。",
        )
    record = zipform.end_record(len(listed), len(directory), start)
    at = start + len(directory)
    if window.read(at, window.size - at if window.size - at < 1 << 20 else 1 << 20) != record:
        findings.invalid(
            "package",
            f"{label}!{END_RECORD}",
            f"The end record of {label} is not canonical, or something stands around it.",
            f"{label} 的结尾记录不规范，或其前后另有内容。",
        )
