"""Whose keys sign closings, erasures and statements at each place of a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.errors import ProofError
from evidence.format.digests import sha256_hex
from evidence.format.entry import (
    CaseClosed,
    CaseContinued,
    Erasure,
    KeyChange,
    RecoveryChange,
    Succession,
)
from evidence.format.entry.signing import verify_entry, verify_signatures
from evidence.log.report import AuditReport

CROSSING = timedelta(hours=2)
"""How long after a hand-over the old key may still sign: the change may have been cut short."""


@dataclass
class KeysInForce:
    """The keys that are known from outside, and what entries have changed of them.

    ``signers`` are the public keys (32 bytes) that may sign closings and erasures, by their
    SHA-256; without any, these signatures are not checked. ``recovery`` are the recovery keys, of
    which ``need`` must have signed a revocation and a succession; without any, such entries are
    told as not checked. ``earlier`` are those that they took the place of, oldest first.
    """

    report: AuditReport
    signers: dict[str, bytes] = field(default_factory=dict)
    recovery: frozenset[bytes] = frozenset()
    need: int = 0
    earlier: Sequence[tuple[int, Sequence[bytes]]] = ()
    revoked: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """Signers that an entry revokes of which nobody can say here whether it counts."""
    handed: dict[str, datetime] = field(default_factory=dict)
    """Signers that were handed over, each with the time up to which what it signs may be logged."""
    renewed: tuple[int | str, ...] = ()

    @classmethod
    def known(
        cls,
        report: AuditReport,
        signers: Sequence[bytes] = (),
        recovery: tuple[int, Sequence[bytes]] = (0, ()),
        earlier: Sequence[tuple[int, Sequence[bytes]]] = (),
    ) -> KeysInForce:
        """Return those known from outside before the first entry."""
        return cls(report, by_digest(signers), frozenset(recovery[1]), recovery[0], earlier)

    def signed(self, index: int, entry: CaseClosed | CaseContinued | Erasure) -> None:
        """Check the signature on a closing or an erasure."""
        if not self.signers:
            return
        key = None if entry.signer in self.revoked else self.signers.get(entry.signer)
        try:
            if key is not None:
                verify_entry(entry, Ed25519PublicKey.from_public_bytes(key))
                if entry.signer in self.doubtful:
                    self._undecided(index)
                until = self.handed.get(entry.signer)
                if until is None or entry.time <= until:
                    return
                self._handed_before(index)
                return
        except ProofError:
            pass
        zh = f"第 {index} 条的签名不是本机构签名密钥所作。"
        en = f"Entry {index} is not signed by a signing key of this installation."
        self.report.add("signature", index, zh, en)

    def _undecided(self, index: int) -> None:
        self.report.leave(
            "revocation",
            index,
            f"第 {index} 条由日志中已声明吊销的密钥签署；该吊销未能核查，"
            "故此签名是否有效未予核查。",
            f"Entry {index} is signed by a key that the log says is revoked; that could not be "
            "checked, so whether the signature counts is not checked.",
        )

    def changed(self, index: int, entry: KeyChange) -> None:
        """Take a new signer's key over only from a statement that was proved to be ours."""
        proved = self.statement(index, entry)
        if entry.role != "signer":
            return
        old, revoked = sha256_hex(entry.old), entry.event == "revoked"
        known = revoked or (old in self.signers and old not in self.revoked)
        if proved and (used := self._used(old, entry)):
            self._not_again(index, used)
        elif entry.new is not None and proved and known and self.signers:
            self.signers[sha256_hex(entry.new)] = entry.new
        if revoked and proved is not False:
            (self.revoked if proved else self.doubtful).add(old)
        elif proved and old not in self.handed:
            self.handed[old] = entry.effective + CROSSING

    def _used(self, old: str, entry: KeyChange) -> tuple[str, str] | None:
        """Say what is wrong where a handed-over key acts again, or is put in force again."""
        new = None if entry.new is None else sha256_hex(entry.new)
        if entry.event == "handover" and old in self.handed:
            return "交出的密钥此前已交出", "hands over a key that was handed over before"
        if new is not None and (new in self.handed or new in self.revoked):
            return "启用的密钥此前已停用", "puts a key in force that had been replaced before"
        return None

    def _not_again(self, index: int, why: tuple[str, str]) -> None:
        zh, en = f"第 {index} 条{why[0]}；不予采用。", f"Entry {index} {why[1]}; it is not taken."
        self.report.add("key", index, zh, en)

    def _handed_before(self, index: int) -> None:
        self.report.add(
            "signature",
            index,
            f"第 {index} 条由此前已交出的密钥签署。",
            f"Entry {index} is signed by a key that had been handed over before.",
        )

    def statement(self, index: int, entry: KeyChange | RecoveryChange | Succession) -> bool | None:
        """Say whether those who had to signed; None where the recovery keys are not known."""
        try:
            keys = verify_signatures(entry)
        except ProofError as error:
            zh, en = f"第 {index} 条：{error.zh}。", f"Entry {index}: {error.en}."
            self.report.add("signature", index, zh, en)
            return False
        if isinstance(entry, KeyChange) and entry.event == "handover":
            return True
        if not self.recovery:
            self.report.leave(
                "recovery",
                index,
                f"第 {index} 条须由恢复密钥签署；未知恢复密钥，故未予核查。",
                f"Entry {index} is for recovery keys to sign; none is known here, so it is not "
                "checked.",
            )
            return None
        sets = (*self.earlier, (self.need, self.recovery))  # in force here, or later
        if any(len(keys & frozenset(held)) >= need for need, held in sets):
            return True
        zh = f"第 {index} 条没有由 {self.need} 把恢复密钥签署。"
        en = f"Entry {index} is not signed by {self.need} of the recovery keys."
        self.report.add("signature", index, zh, en)
        return False

    def renewed_by(self, index: int, entry: RecoveryChange) -> None:
        """From here on other recovery keys sign, if those before them say so."""
        if self.statement(index, entry):
            self.renew(entry.need, entry.keys)

    def renew(self, need: int, keys: Sequence[bytes]) -> None:
        """Let these recovery keys count, and those that took their place later."""
        self.renewed = (need, *(key.hex() for key in keys))
        new, sets = frozenset(keys), [frozenset(held) for _, held in self.earlier]
        if new in sets:
            self.earlier = self.earlier[sets.index(new) :]
        else:
            self.earlier, self.recovery, self.need = (), new, need


def by_digest(keys: Sequence[bytes]) -> dict[str, bytes]:
    """Return public keys by their SHA-256 (hex)."""
    return {sha256_hex(key): key for key in keys}
