"""What all log entries share: the two format names, their limits, strict reading of fields."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex, sha256_hex
from evidence.format.note import decode_base64
from evidence.format.tiles import MAX_ENTRY
from evidence.format.times import format_time, parse_time

FORMATS = ("markseal-entry/1", "markseal-entry/2")
KEY_SIZE, SIGNATURE_SIZE = 32, 64
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")


def entry_hash(data: bytes) -> str:
    """Return what the next entry must name as ``prev``: SHA-256 of the bytes, no leaf prefix."""
    return sha256_hex(data)


def load(data: bytes, noun: str) -> dict[str, Any]:
    """Return the object that an entry's canonical bytes hold, or raise FormatError."""
    value = jcs.loads(data, noun, limit=MAX_ENTRY)
    if not isinstance(value, dict):
        raise FormatError(f"{noun} is not an object", f"{noun} 不是对象")
    return value


def dump(value: Mapping[str, Any]) -> bytes:
    """Return an entry's canonical bytes, or raise FormatError when they are too many."""
    data = jcs.dumps(dict(value))
    if len(data) > MAX_ENTRY:
        raise FormatError(
            f"a log entry has at most {MAX_ENTRY} bytes", f"日志条目不得超过 {MAX_ENTRY} 字节"
        )
    return data


HEAD: dict[str, type] = {"format": str, "kind": str, "prev": str, "time": str}
"""The fields that every entry has."""


def version_of(value: Mapping[str, Any], noun: str) -> int:
    """Return 1 or 2, or raise FormatError when the entry is of no format that we know."""
    if value.get("format") not in FORMATS:
        raise FormatError(
            f"{noun} is not of format {FORMATS[1]}", f"{noun} 的格式不是 {FORMATS[1]}"
        )
    return FORMATS.index(value["format"]) + 1


def read_head(fields: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """Return ``prev`` and ``time``."""
    prev: str = check_hex(fields["prev"], f"{noun}: prev")
    moment: datetime = parse_time(fields["time"], f"{noun}: time")
    return {"prev": prev, "time": moment}


def natural(value: int, noun: str, *, least: int = 0) -> int:
    """Return ``value`` if it is at least ``least``, else raise FormatError."""
    if value < least:
        raise FormatError(f"{noun} is below {least}", f"{noun} 小于 {least}")
    return value


def code(value: str, noun: str) -> str:
    """Return ``value`` if it is a code (a-z 0-9 _ -, at most 64, a letter first), else raise."""
    if not _CODE.match(value):
        raise FormatError(f"{noun} is not a code", f"{noun} 不是代码")
    return value


def read_bytes(value: str, noun: str, size: int) -> bytes:
    """Return ``size`` bytes from their base64, or raise FormatError."""
    data = decode_base64(value, noun)
    if len(data) != size:
        raise FormatError(f"{noun} is not {size} bytes", f"{noun} 不是 {size} 字节")
    return data


def text(data: bytes) -> str:
    """Return the base64 of bytes."""
    return base64.b64encode(data).decode()


def head(kind: str, prev: str, moment: datetime) -> dict[str, Any]:
    """Return the fields that every entry of the second format has."""
    return {"format": FORMATS[1], "kind": kind, "prev": prev, "time": format_time(moment)}
