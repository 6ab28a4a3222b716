"""Statements that recovery keys sign (``markseal-statement/1``): a key revoked, a log succeeded,
the recovery keys themselves renewed.

A statement is one file of canonical JSON: what is stated, and the signatures gathered so far. Its
signatures are those of the log entry that it leads to (``evidence.format.entry``), so they can be
checked in both places. Nothing here says which keys may sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import FormatError, ProofError
from evidence.format import jcs
from evidence.format.digests import ZERO, check_hex, sha256_hex
from evidence.format.entry import KeyChange, KeySignature, RecoveryChange, Succession
from evidence.format.entry.keys import read_recovery
from evidence.format.entry.signing import countersign, verify_signatures
from evidence.format.ledger import public, text
from evidence.format.note import NoteKey
from evidence.format.times import format_time, parse_time

FORMAT = "markseal-statement/1"
REASONS = ("backup-older", "log-key-lost", "log-key-stolen", "all-lost", "log-damaged")
FATES = ("kept", "lost", "stolen")
LIMIT = 1 << 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Revocation:
    """The signer's key ``old`` counts for nothing from ``effective`` on; ``new`` follows it."""

    old: bytes
    new: bytes
    effective: datetime

    def to_json(self) -> dict[str, Any]:
        """Return what is stated, as JSON."""
        return {
            "kind": "revocation",
            "old": text(self.old),
            "new": text(self.new),
            "effective": format_time(self.effective),
        }

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) of the canonical JSON of what is stated."""
        return sha256_hex(jcs.dumps(self.to_json()))

    def entry(
        self,
        signatures: tuple[KeySignature, ...] = (),
        *,
        prev: str = ZERO,
        time: datetime = _EPOCH,
    ) -> KeyChange:
        """Return the log entry that says the same."""
        return KeyChange(
            event="revoked", role="signer", prev=prev, time=time, old=self.old, new=self.new,
            effective=self.effective, signatures=signatures,
        )  # fmt: skip


RecoverySet = tuple[int, tuple[bytes, ...]]
"""How many of which recovery keys sign together."""


@dataclass(frozen=True)
class Renewal:
    """The recovery keys ``new`` take the place of ``old``."""

    old: RecoverySet
    new: RecoverySet

    def to_json(self) -> dict[str, Any]:
        """Return what is stated, as JSON."""
        sets = {
            name: {"need": need, "keys": [text(key) for key in keys]}
            for name, (need, keys) in (("old", self.old), ("new", self.new))
        }
        return {"kind": "recovery", **sets}

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) of the canonical JSON of what is stated."""
        return sha256_hex(jcs.dumps(self.to_json()))

    def entry(
        self,
        signatures: tuple[KeySignature, ...] = (),
        *,
        prev: str = ZERO,
        time: datetime = _EPOCH,
    ) -> RecoveryChange:
        """Return the log entry that says the same."""
        need, keys = self.new
        return RecoveryChange(prev=prev, time=time, need=need, keys=keys, signatures=signatures)


@dataclass(frozen=True)
class Gap:
    """A log ends and another follows: why, what is known of the old one, what is in hand.

    Entries ``kept`` to ``size`` - 1 of the old log are known to have been and are not in hand;
    whether there were more nobody knows. ``fate`` is that of the signer's key ``signer_old``:
    kept, lost, or stolen (then it counts for nothing from ``effective`` on).
    """

    reason: str
    time: datetime
    old: NoteKey
    size: int
    root: str
    kept: int
    new: NoteKey
    signer_old: bytes
    signer_new: bytes
    fate: str
    effective: datetime

    def to_json(self) -> dict[str, Any]:
        """Return what is stated, as JSON."""
        return {
            "kind": "succession",
            "reason": self.reason,
            "time": format_time(self.time),
            "old": {"vkey": self.old.text(), "size": self.size, "root": self.root},
            "kept": self.kept,
            "new": {"vkey": self.new.text()},
            "signer": {
                "old": text(self.signer_old),
                "new": text(self.signer_new),
                "fate": self.fate,
                "effective": format_time(self.effective),
            },
        }

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) of the canonical JSON of what is stated."""
        return sha256_hex(jcs.dumps(self.to_json()))

    def entry(
        self,
        signatures: tuple[KeySignature, ...] = (),
        *,
        prev: str = ZERO,
        time: datetime = _EPOCH,
    ) -> Succession:
        """Return the log entry that names this statement."""
        return Succession(
            prev=prev, time=time, old_origin=self.old.name, old_size=self.size,
            old_root=self.root, statement_sha256=self.digest, signatures=signatures,
        )  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """What is stated, and the signatures so far (parsed, not verified)."""

    content: Revocation | Gap | Renewal
    signatures: tuple[KeySignature, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the file's bytes; the exact inverse of ``parse``."""
        signatures = [item.to_json() for item in self.signatures]
        return jcs.dumps(
            {"format": FORMAT, "statement": self.content.to_json(), "signatures": signatures}
        )

    def signed_by(self, private: Ed25519PrivateKey) -> Statement:
        """Return the statement with a signature by ``private`` added (once)."""
        made = countersign(self.content.entry().signed, private)
        found = {item.key: item for item in self.signatures} | {made.key: made}
        return replace(self, signatures=tuple(found[key] for key in sorted(found)))

    def proved(self, keys: tuple[bytes, ...], need: int) -> tuple[KeySignature, ...]:
        """Return the signatures by ``keys``, at least ``need``, all right; else ProofError."""
        found = tuple(item for item in self.signatures if item.key in keys)
        if len(found) < max(need, 1):
            raise ProofError(
                f"The statement has {len(found)} signatures by recovery keys and needs {need}; "
                "sign it with markseal keys sign-statement.",
                f"声明有 {len(found)} 个恢复密钥的签名，需要 {need} 个；"
                "请用 markseal keys sign-statement 签署。",
            )
        verify_signatures(self.content.entry(found))
        return found

    @classmethod
    def parse(cls, data: bytes, noun: str = "statement") -> Statement:
        """Read the file strictly, or raise FormatError; nothing is verified."""
        value = jcs.loads(data, noun, limit=LIMIT)
        fields = jcs.take(value, noun, {"format": str, "statement": dict, "signatures": list})
        if fields["format"] != FORMAT:
            raise FormatError(f"{noun} is not of format {FORMAT}", f"{noun} 的格式不是 {FORMAT}")
        signatures = tuple(KeySignature.read(item, noun) for item in fields["signatures"])
        keys = [item.key for item in signatures]
        if keys != sorted(set(keys)):
            raise FormatError(
                f"{noun}: signatures are sorted by key, one of each",
                f"{noun}：签名应按密钥排序，每把一个",
            )
        stated = fields["statement"]
        if stated.get("kind") == "revocation":
            return cls(_revocation(stated, noun), signatures)
        if stated.get("kind") == "recovery":
            return cls(_renewal(stated, noun), signatures)
        return cls(_gap(stated, noun), signatures)


def _revocation(value: dict[str, Any], noun: str) -> Revocation:
    fields = jcs.take(value, noun, dict.fromkeys(("kind", "old", "new", "effective"), str))
    old, new = public(fields["old"], noun), public(fields["new"], noun)
    return Revocation(old, new, parse_time(fields["effective"], noun))


def _renewal(value: dict[str, Any], noun: str) -> Renewal:
    fields = jcs.take(value, noun, {"kind": str, "old": dict, "new": dict})
    both = [
        jcs.take(fields[name], f"{noun}: {name}", {"need": int, "keys": list})
        for name in ("old", "new")
    ]
    old, new = (read_recovery(one["need"], one["keys"], noun) for one in both)
    return Renewal(old, new)


def earlier_recovery(statements: Iterable[Statement], newest: RecoverySet) -> list[RecoverySet]:
    """Return the recovery keys that were before ``newest``, oldest first, as far as is stated."""
    by_new = {s.content.new: s.content.old for s in statements if isinstance(s.content, Renewal)}
    found: list[RecoverySet] = []
    while (before := by_new.get(found[0] if found else newest)) is not None and before not in found:
        found.insert(0, before)
    return found


def _gap(value: dict[str, Any], noun: str) -> Gap:
    top = {"kind": str, "reason": str, "time": str, "old": dict, "kept": int}
    fields = jcs.take(value, noun, top | {"new": dict, "signer": dict})
    old = jcs.take(fields["old"], noun, {"vkey": str, "size": int, "root": str})
    new = jcs.take(fields["new"], noun, {"vkey": str})
    words = dict.fromkeys(("old", "new", "fate", "effective"), str)
    signer = jcs.take(fields["signer"], noun, words)
    if fields["kind"] != "succession" or fields["reason"] not in REASONS:
        raise FormatError(f"{noun} is of an unknown kind or reason", f"{noun} 的种类或原因未知")
    if signer["fate"] not in FATES or not 0 <= fields["kept"] <= old["size"]:
        raise FormatError(f"{noun}: fate or kept does not fit", f"{noun}：fate 或 kept 不符")
    return Gap(
        reason=fields["reason"],
        time=parse_time(fields["time"], noun),
        old=NoteKey.parse(old["vkey"]),
        size=old["size"],
        root=check_hex(old["root"], noun),
        kept=fields["kept"],
        new=NoteKey.parse(new["vkey"]),
        signer_old=public(signer["old"], noun),
        signer_new=public(signer["new"], noun),
        fate=signer["fate"],
        effective=parse_time(signer["effective"], noun),
    )


def fingerprint(key: bytes) -> str:
    """Return the first 16 hex digits of a public key's SHA-256, in groups, for people."""
    digits = sha256_hex(key)[:16]
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))
