"""Log entries of keys: one handed over or revoked, recovery keys renewed, a log succeeded.

What is signed does not name the place in the log, so that it can be signed beforehand, on
paper even. Nothing is verified here: ``evidence.format.entry.signing`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex
from evidence.format.entry.fields import (
    HEAD,
    KEY_SIZE,
    SIGNATURE_SIZE,
    dump,
    head,
    natural,
    read_bytes,
    read_head,
    text,
)
from evidence.format.note import check_name
from evidence.format.times import format_time, parse_time

ROLES = ("signer", "log")
MAX_SIGNATURES = MAX_KEYS = 16


@dataclass(frozen=True)
class KeySignature:
    """An Ed25519 signature (64 bytes) and the public key (32 bytes) that made it, unverified."""

    key: bytes
    signature: bytes

    def to_json(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"key": text(self.key), "signature": text(self.signature)}

    @classmethod
    def read(cls, value: Any, noun: str) -> KeySignature:
        """Read the JSON form, or raise FormatError."""
        fields = jcs.take(value, noun, {"key": str, "signature": str})
        return cls(
            read_bytes(fields["key"], f"{noun}: key", KEY_SIZE),
            read_bytes(fields["signature"], f"{noun}: signature", SIGNATURE_SIZE),
        )


def _read_signatures(value: Any, noun: str) -> tuple[KeySignature, ...]:
    found = tuple(KeySignature.read(item, f"{noun}: signatures") for item in value)
    keys = [item.key for item in found]
    if not 1 <= len(found) <= MAX_SIGNATURES or len(set(keys)) != len(keys) or keys != sorted(keys):
        raise FormatError(
            f"{noun}: signatures are 1 to {MAX_SIGNATURES}, sorted by key, one of each key",
            f"{noun}：signatures 应为 1 至 {MAX_SIGNATURES} 个，按密钥排序且每把一个",
        )
    return found


def _signatures(found: Sequence[KeySignature]) -> list[dict[str, str]]:
    return [item.to_json() for item in sorted(found, key=lambda item: item.key)]


@dataclass(frozen=True)
class KeyChange:
    """A key of ``role`` is handed over (signed by the old one) or revoked (by recovery keys).

    ``new`` is None only in a revocation that names no successor. ``effective`` is the time from
    which it holds. Of a handover there are two signatures, by ``old`` and by ``new``.
    """

    kind: ClassVar[str] = "key"
    event: str
    role: str
    prev: str
    time: datetime
    old: bytes
    new: bytes | None
    effective: datetime
    signatures: tuple[KeySignature, ...] = ()

    @property
    def signed(self) -> bytes:
        """The bytes to be signed: canonical JSON without ``prev``, ``time``, ``signatures``."""
        return _statement(self._value())

    def _value(self) -> dict[str, Any]:
        return head(self.kind, self.prev, self.time) | {
            "event": self.event,
            "role": self.role,
            "old": text(self.old),
            "new": None if self.new is None else text(self.new),
            "effective": format_time(self.effective),
            "signatures": _signatures(self.signatures),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        KeyChange.read(self._value(), "log entry")
        return dump(self._value())

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> KeyChange:
        """Read the fields strictly, or raise FormatError."""
        wanted: dict[str, type | tuple[type, ...]] = {**HEAD, "signatures": list}
        wanted |= dict.fromkeys(("event", "role", "old", "effective"), str)
        fields = jcs.take(value, noun, wanted | {"new": (str, type(None))})
        event, new = fields["event"], fields["new"]
        found = _read_signatures(fields["signatures"], noun)
        old = read_bytes(fields["old"], f"{noun}: old", KEY_SIZE)
        following = None if new is None else read_bytes(new, f"{noun}: new", KEY_SIZE)
        handed = event == "handover" and old != following
        handed = handed and {s.key for s in found} == {old, following}
        if fields["role"] not in ROLES or not (handed or event == "revoked"):
            raise FormatError(
                f"{noun}: neither a handover signed by both keys nor a revocation",
                f"{noun}：既不是由新旧两把密钥签名的移交，也不是吊销",
            )
        return cls(
            event=event,
            role=fields["role"],
            **read_head(fields, noun),
            old=old,
            new=following,
            effective=parse_time(fields["effective"], f"{noun}: effective"),
            signatures=found,
        )


@dataclass(frozen=True)
class Succession:
    """The first entry of a log that succeeds another: the old one's last known checkpoint.

    ``old_root`` is hex; ``statement_sha256`` is the digest of the statement of the gap;
    ``signatures`` are by recovery keys over ``signed``.
    """

    kind: ClassVar[str] = "succession"
    prev: str
    time: datetime
    old_origin: str
    old_size: int
    old_root: str
    statement_sha256: str
    signatures: tuple[KeySignature, ...] = ()

    @property
    def signed(self) -> bytes:
        """The bytes to be signed: canonical JSON without ``prev``, ``time``, ``signatures``."""
        return _statement(self._value())

    def _value(self) -> dict[str, Any]:
        return head(self.kind, self.prev, self.time) | {
            "old_origin": self.old_origin,
            "old_size": self.old_size,
            "old_root": self.old_root,
            "statement_sha256": self.statement_sha256,
            "signatures": _signatures(self.signatures),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        Succession.read(self._value(), "log entry")
        return dump(self._value())

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> Succession:
        """Read the fields strictly, or raise FormatError."""
        words = ("old_origin", "old_root", "statement_sha256")
        wanted = {**HEAD, "old_size": int, "signatures": list} | dict.fromkeys(words, str)
        fields = jcs.take(value, noun, wanted)
        return cls(
            **read_head(fields, noun),
            old_origin=check_name(fields["old_origin"]),
            old_size=natural(fields["old_size"], f"{noun}: old_size"),
            old_root=check_hex(fields["old_root"], f"{noun}: old_root"),
            statement_sha256=check_hex(fields["statement_sha256"], f"{noun}: statement_sha256"),
            signatures=_read_signatures(fields["signatures"], noun),
        )


@dataclass(frozen=True)
class RecoveryChange:
    """The recovery keys are from here on ``keys``, of which ``need`` sign together.

    ``signatures`` are by those of before, over ``signed``.
    """

    kind: ClassVar[str] = "recovery"
    prev: str
    time: datetime
    need: int
    keys: tuple[bytes, ...]
    signatures: tuple[KeySignature, ...] = ()

    @property
    def signed(self) -> bytes:
        """The bytes to be signed: canonical JSON without ``prev``, ``time``, ``signatures``."""
        return _statement(self._value())

    def _value(self) -> dict[str, Any]:
        return head(self.kind, self.prev, self.time) | {
            "need": self.need,
            "keys": [text(key) for key in self.keys],
            "signatures": _signatures(self.signatures),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        RecoveryChange.read(self._value(), "log entry")
        return dump(self._value())

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> RecoveryChange:
        """Read the fields strictly, or raise FormatError."""
        wanted = {**HEAD, "need": int, "keys": list, "signatures": list}
        fields = jcs.take(value, noun, wanted)
        need, keys = read_recovery(fields["need"], fields["keys"], noun)
        return cls(
            **read_head(fields, noun),
            need=need,
            keys=keys,
            signatures=_read_signatures(fields["signatures"], noun),
        )


def read_recovery(need: int, keys: Sequence[Any], noun: str) -> tuple[int, tuple[bytes, ...]]:
    """Return how many of which recovery keys sign together, or raise FormatError."""
    raw = tuple(read_bytes(key, f"{noun}: keys", KEY_SIZE) for key in keys if isinstance(key, str))
    if len(raw) < len(keys) or len(set(raw)) < len(raw) or not 1 <= need <= len(raw) <= MAX_KEYS:
        raise FormatError(
            f"{noun}: need is 1 to the number of keys, which are at most {MAX_KEYS}, one of each",
            f"{noun}：need 应为 1 至密钥数，密钥至多 {MAX_KEYS} 把且各不相同",
        )
    return need, raw


def _statement(value: dict[str, Any]) -> bytes:
    """Return what recovery keys sign: it does not depend on where in the log it will stand."""
    return jcs.dumps({k: v for k, v in value.items() if k not in ("prev", "time", "signatures")})
