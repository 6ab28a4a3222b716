"""``evidence/ledger.json`` of a data folder (``markseal-ledger/1``): keys and logs that were, and
the recovery keys. The trust folder is written from it; a backup holds it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex, sha256_hex
from evidence.format.note import NoteKey, decode_base64
from evidence.format.times import format_time, parse_time

FORMAT = "markseal-ledger/1"
LEDGER = "ledger.json"
MOST = 16


@dataclass(frozen=True)
class FormerSigner:
    """A key that signed manifests from ``start`` (None: from the first) until ``end``."""

    public: bytes
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Revoked:
    """A signer's key that counts for nothing from ``start`` on.

    ``log`` and ``index`` name the log's entry that says so (of a key that was stolen together with
    a log: the first of the log that followed); None in ledgers from before.
    """

    public: bytes
    start: datetime
    log: str | None = None
    index: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row of the file."""
        row: dict[str, Any] = {"key": text(self.public), "from": _moment(self.start)}
        return row if self.log is None else {**row, "log": self.log, "index": self.index}


@dataclass(frozen=True)
class SucceededLog:
    """A log that ended: its key, last known size and root (hex), and the statement's digest."""

    key: NoteKey
    size: int
    root: str
    statement: str


@dataclass(frozen=True)
class Ledger:
    """What was, oldest first; ``need`` of the recovery keys sign together."""

    signers: tuple[FormerSigner, ...] = ()
    revoked: tuple[Revoked, ...] = ()
    logs: tuple[SucceededLog, ...] = ()
    need: int = 0
    recovery: tuple[bytes, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        value = {
            "format": FORMAT,
            "signers": [
                {"key": text(s.public), "from": _moment(s.start), "until": _moment(s.end)}
                for s in self.signers
            ],
            "revoked": [r.to_json() for r in self.revoked],
            "logs": [
                {"vkey": g.key.text(), "size": g.size, "root": g.root, "statement": g.statement}
                for g in self.logs
            ],
            "recovery": {"need": self.need, "keys": [text(key) for key in self.recovery]},
        }
        return jcs.dumps(value)

    @classmethod
    def parse(cls, data: bytes) -> Ledger:
        """Read the ledger strictly, or raise FormatError."""
        noun, lists = LEDGER, dict.fromkeys(("signers", "revoked", "logs"), list)
        value = jcs.take(jcs.loads(data, noun), noun, {"format": str, **lists, "recovery": dict})
        if value["format"] != FORMAT:
            raise FormatError(f"{noun} is not of format {FORMAT}", f"{noun} 的格式不是 {FORMAT}")
        recovery = jcs.take(value["recovery"], noun, {"need": int, "keys": list})
        keys = tuple(public(key, noun) for key in recovery["keys"])
        if not bool(keys) <= recovery["need"] <= len(keys) <= MOST:
            raise FormatError(
                f"{noun}: recovery.need does not fit", f"{noun}：recovery.need 与密钥数不符"
            )
        return cls(
            tuple(_signer(item) for item in value["signers"]),
            tuple(_revoked(item) for item in value["revoked"]),
            tuple(_log(item) for item in value["logs"]),
            recovery["need"],
            keys,
        )


def text(key: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(key).decode()


def public(value: Any, noun: str) -> bytes:
    """Return the 32 bytes of a public key in base64, or raise FormatError."""
    key = decode_base64(value, noun) if isinstance(value, str) else b""
    if len(key) != 32:
        raise FormatError(f"{noun}: a public key has 32 bytes", f"{noun}：公钥应为 32 字节")
    return key


def key_id(key: bytes) -> str:
    """Return the SHA-256 (hex) of a raw public key, as manifests name a signer."""
    return sha256_hex(key)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _maybe(value: Any) -> datetime | None:
    return None if value is None else parse_time(value, LEDGER)


def _signer(item: Any) -> FormerSigner:
    either = (str, type(None))
    fields = jcs.take(item, LEDGER, {"key": str, "from": either, "until": either})
    return FormerSigner(
        public(fields["key"], LEDGER), _maybe(fields["from"]), _maybe(fields["until"])
    )


def _revoked(item: Any) -> Revoked:
    wanted: dict[str, type] = {"key": str, "from": str}
    placed = isinstance(item, dict) and "log" in item
    fields = jcs.take(item, LEDGER, wanted | ({"log": str, "index": int} if placed else {}))
    key, start = public(fields["key"], LEDGER), parse_time(fields["from"], LEDGER)
    return Revoked(key, start, fields["log"], fields["index"]) if placed else Revoked(key, start)


def _log(item: Any) -> SucceededLog:
    fields = jcs.take(item, LEDGER, {"vkey": str, "size": int, "root": str, "statement": str})
    if fields["size"] < 0:
        raise FormatError(f"{LEDGER}: size is below 0", f"{LEDGER}：size 小于 0")
    return SucceededLog(
        NoteKey.parse(fields["vkey"]),
        fields["size"],
        check_hex(fields["root"], f"{LEDGER}: root"),
        check_hex(fields["statement"], f"{LEDGER}: statement"),
    )
