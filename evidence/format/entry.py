"""Log entries of markseal (format ``markseal-entry/1``): attempts and their outcomes.

An entry is canonical JSON of at most 65,535 bytes and holds no personal data: the case and
the URL stand in it as a salted tag and a salted commitment. ``prev`` is the SHA-256 of the
bytes of the entry before it, so ``sha256sum`` alone can follow the chain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import Digests, check_hex, sha256_hex
from evidence.format.tiles import MAX_ENTRY
from evidence.format.times import format_time, parse_time

FORMAT = "markseal-entry/1"
_REASON = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")


@dataclass(frozen=True)
class Attempt:
    """Logged before a capture: try ``number`` (1, 2, 3 …) of the case with ``case_tag``."""

    capture_id: str
    case_tag: str
    number: int
    prev: str
    time: datetime
    url_commitment: str

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        return _print(_common(self, "attempt") | {"url_commitment": self.url_commitment})


@dataclass(frozen=True)
class Sealed:
    """The outcome ``sealed`` of the attempt at index ``attempt``: manifest and WACZ digests."""

    outcome: ClassVar[str] = "sealed"
    capture_id: str
    case_tag: str
    number: int
    prev: str
    time: datetime
    attempt: int
    manifest_sha256: str
    manifest_sm3: str
    package: Digests

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        package = {
            "sha256": self.package.sha256,
            "size": self.package.size,
            "sm3": self.package.sm3,
        }
        return _print(
            _common(self, "outcome")
            | {"outcome": self.outcome, "attempt": self.attempt, "package": package}
            | {"manifest_sha256": self.manifest_sha256, "manifest_sm3": self.manifest_sm3}
        )


@dataclass(frozen=True)
class Failed:
    """The outcome ``failed`` of the attempt at index ``attempt``, with a reason code."""

    outcome: ClassVar[str] = "failed"
    capture_id: str
    case_tag: str
    number: int
    prev: str
    time: datetime
    attempt: int
    reason: str

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        return _print(
            _common(self, "outcome")
            | {"outcome": self.outcome, "attempt": self.attempt, "reason": self.reason}
        )


Outcome = Sealed | Failed
Entry = Attempt | Sealed | Failed


def entry_hash(data: bytes) -> str:
    """Return what the next entry must name as ``prev``: SHA-256 of the bytes, no leaf prefix."""
    return sha256_hex(data)


def _common(entry: Entry, kind: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": kind,
        "capture_id": entry.capture_id,
        "case_tag": entry.case_tag,
        "number": entry.number,
        "prev": entry.prev,
        "time": format_time(entry.time),
    }


def _print(value: dict[str, Any]) -> bytes:
    data = jcs.dumps(value)
    parse_entry(data)
    return data


_COMMON = {
    "format": str,
    "kind": str,
    "capture_id": str,
    "case_tag": str,
    "number": int,
    "prev": str,
    "time": str,
}


def parse_entry(data: bytes, noun: str = "log entry") -> Entry:
    """Read one entry strictly, or raise FormatError; nothing it says is verified."""
    value = jcs.loads(data, noun, limit=MAX_ENTRY)
    kind = value.get("kind") if isinstance(value, dict) else None
    outcome = value.get("outcome") if isinstance(value, dict) else None
    if kind == "attempt":
        fields = jcs.take(value, noun, _COMMON | {"url_commitment": str})
        return Attempt(
            **_read_common(fields, noun),
            url_commitment=check_hex(fields["url_commitment"], f"{noun}: url_commitment"),
        )
    if kind == "outcome" and outcome == "sealed":
        return _read_sealed(value, noun)
    if kind == "outcome" and outcome == "failed":
        fields = jcs.take(value, noun, _COMMON | {"outcome": str, "attempt": int, "reason": str})
        if not _REASON.match(fields["reason"]):
            raise FormatError(f"{noun}: reason is not a code", f"{noun}：reason 不是代码")
        return Failed(
            **_read_common(fields, noun),
            attempt=natural(fields["attempt"], f"{noun}: attempt"),
            reason=fields["reason"],
        )
    raise FormatError(f"{noun} is of an unknown kind", f"{noun} 的种类未知")


def _read_sealed(value: Any, noun: str) -> Sealed:
    more = {"outcome": str, "attempt": int, "package": dict}
    fields = jcs.take(value, noun, _COMMON | more | {"manifest_sha256": str, "manifest_sm3": str})
    package = jcs.take(
        fields["package"], f"{noun}: package", {"sha256": str, "size": int, "sm3": str}
    )
    return Sealed(
        **_read_common(fields, noun),
        attempt=natural(fields["attempt"], f"{noun}: attempt"),
        manifest_sha256=check_hex(fields["manifest_sha256"], f"{noun}: manifest_sha256"),
        manifest_sm3=check_hex(fields["manifest_sm3"], f"{noun}: manifest_sm3"),
        package=Digests(
            natural(package["size"], f"{noun}: package size"),
            check_hex(package["sha256"], f"{noun}: package sha256"),
            check_hex(package["sm3"], f"{noun}: package sm3"),
        ),
    )


def _read_common(fields: dict[str, Any], noun: str) -> dict[str, Any]:
    if fields["format"] != FORMAT:
        raise FormatError(f"{noun} is not of format {FORMAT}", f"{noun} 的格式不是 {FORMAT}")
    return {
        "capture_id": check_hex(fields["capture_id"], f"{noun}: capture_id", length=32),
        "case_tag": check_hex(fields["case_tag"], f"{noun}: case_tag"),
        "number": natural(fields["number"], f"{noun}: number", least=1),
        "prev": check_hex(fields["prev"], f"{noun}: prev"),
        "time": parse_time(fields["time"], f"{noun}: time"),
    }


def natural(value: int, noun: str, *, least: int = 0) -> int:
    """Return ``value`` if it is at least ``least``, else raise FormatError."""
    if value < least:
        raise FormatError(f"{noun} is below {least}", f"{noun} 小于 {least}")
    return value
