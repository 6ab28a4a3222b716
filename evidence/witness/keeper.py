"""The witness's decision on ``add-checkpoint`` (c2sp.org/tlog-witness): cosign, or say why not.

No network here: bytes of a request in, an answer out. What was cosigned is on disk before the
answer exists, and never goes backwards, in size or in time. Checkpoints with extension lines
are refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import EvidenceError, FormatError, ProofError, WitnessError
from evidence.format.addcheckpoint import SIZE_TYPE, AddCheckpoint, print_cosignatures, print_size
from evidence.format.checkpoint import Checkpoint
from evidence.format.cosignature import WitnessKey, cosign, find_witnessed
from evidence.format.merkle import EMPTY_ROOT, verify_consistency
from evidence.format.note import SignedNote, open_note
from evidence.log.durable import Fault, no_fault
from evidence.log.store import Head
from evidence.witness.state import KnownLog

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True)
class Witness:
    """A witness at work: its key, the logs that it knows by origin, its clock.

    One process at a time holds the folder (``WitnessHome.owned``); within it, one request at a
    time is decided. ``fault`` is the seam at which tests kill it.
    """

    key: WitnessKey
    private: Ed25519PrivateKey
    logs: tuple[KnownLog, ...]
    clock: Callable[[], datetime]
    fault: Fault = no_fault
    turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def log(self, origin: str) -> KnownLog | None:
        """Return the known log of that origin, or None."""
        return next((log for log in self.logs if log.key.name == origin), None)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Return 200 with the cosignature line, or 400, 403, 404, 409, 422 or 503 and why.

        Raises WitnessError when the witness's own record cannot be used.
        """
        try:
            request = AddCheckpoint.parse(body)
            note = SignedNote.parse(request.note, "checkpoint")
            checkpoint = Checkpoint.parse(note.text)
        except FormatError as error:
            return refusal(400, error)
        log = self.log(checkpoint.origin)
        if log is None:
            return _no(404, f"未登记日志 {checkpoint.origin}", "this log is not known here")
        try:
            open_note(note, [log.key], "checkpoint")
        except EvidenceError as error:
            return refusal(403, error)
        if request.old > checkpoint.size:
            return _no(400, "旧大小大于检查点", "the old size is larger than the checkpoint")
        with self.turn:
            return self._decide(log, request, note, checkpoint)

    def _decide(
        self, log: KnownLog, request: AddCheckpoint, note: SignedNote, new: Checkpoint
    ) -> Answer:
        latest = log.latest()
        size = latest.size if latest else 0
        if request.old != size:
            return Answer(409, SIZE_TYPE, print_size(size))
        if latest is not None and new.size == size and new.root != latest.checkpoint.root:
            log.refuse(request.note)
            return Answer(409, SIZE_TYPE, print_size(size))
        try:
            _check_extends(latest, new, request.proof)
        except ProofError as error:
            log.refuse(request.note)
            return refusal(422, error)
        now = self.clock()
        if latest is not None and now < self._cosigned_at(latest):
            return _no(
                503,
                "见证人的时钟早于其上一次签署，请校准",
                "the witness's clock is before its last cosignature: set it right",
            )
        line = cosign(note.text, self.key.name, self.private, now=now)
        by_log = tuple(
            s for s in note.signatures if (s.name, s.key_id) == (log.key.name, log.key.key_id)
        )
        self.fault("witness: before the record")
        log.keep(SignedNote(note.text, (*by_log, line)).to_bytes())
        self.fault("witness: recorded")
        return Answer(200, TEXT, print_cosignatures((line,)))

    def _cosigned_at(self, latest: Head) -> datetime:
        """Return the time of our own cosignature on the record; WitnessError when it has none."""
        found = find_witnessed(SignedNote.parse(latest.note), [self.key])
        if not found:
            raise WitnessError(
                "The record was not cosigned with this witness's key; restore the right key.",
                "记录并非由本见证人的密钥签署；请恢复正确的密钥。",
            )
        return found[0].time


def _check_extends(latest: Head | None, new: Checkpoint, proof: tuple[bytes, ...]) -> None:
    """Prove that the new tree extends the one that was cosigned last, or raise ProofError."""
    old = latest.size if latest else 0
    if old > 0 and latest is not None:
        verify_consistency(old, new.size, proof, latest.checkpoint.root, new.root)
        return
    if proof:
        raise ProofError("from the size 0 no proof is due", "旧大小为 0 时不应有证明")
    if new.size == 0 and new.root != EMPTY_ROOT:
        raise ProofError("the root is not that of no entries", "树根不是空树的根")


def refusal(status: int, error: EvidenceError) -> Answer:
    """Return an answer that is the error's sentence, Chinese first."""
    return _no(status, error.zh.rstrip("。"), error.en.rstrip("."))


def _no(status: int, zh: str, en: str) -> Answer:
    return Answer(status, TEXT, f"{zh}。 / {en[:1].upper()}{en[1:]}.\n".encode())
