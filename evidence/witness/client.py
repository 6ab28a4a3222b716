"""Our log asks a witness to cosign its newest checkpoint (c2sp.org/tlog-witness)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.errors import (
    EvidenceError,
    FormatError,
    LogError,
    ProofError,
    RolledBack,
    WitnessError,
)
from evidence.format.addcheckpoint import (
    MONITORING,
    PATH,
    AddCheckpoint,
    parse_cosignatures,
    parse_size,
)
from evidence.format.cosignature import find_witnessed
from evidence.format.digests import sha256_hex
from evidence.format.merkle import consistency_proof
from evidence.format.note import NoteKey, NoteSignature, SignedNote
from evidence.log.store import Head, Store, open_checkpoint
from evidence.witness.asked import AskedWitness, Memory
from evidence.witness.post import Reply, exchange

CLOCK_BOUND = timedelta(minutes=5)
TURNS = 6


class Overtaken(WitnessError):
    """The witness has cosigned a newer checkpoint of our log, which is there by now."""


@dataclass(frozen=True)
class Asking:
    """How a witness is asked: over which log, through which proxy, how long for one answer."""

    store: Store
    memory: Memory
    proxy: str | None
    seconds: float
    clock: Callable[[], datetime]

    def ask(self, witness: AskedWitness, head: Head) -> NoteSignature:
        """Return the witness's cosignature line over ``head``, verified.

        Raises RolledBack when the witness has seen more, or another log under our name;
        Overtaken when our log has grown meanwhile; WitnessError when there is no usable answer.
        """
        old = min(self.memory.size(witness), head.size)
        for _ in range(TURNS):
            reply = self._post(witness, old, head)
            if reply.status == 200:
                line = self._cosignature(witness, head, reply)
                self.memory.keep_size(witness, head.size, self.clock())
                return line
            if reply.status == 422:
                raise _rewritten(witness, old)
            if reply.status != 409:
                raise _refused(witness, reply)
            size = _size(witness, reply)
            if size > head.size:
                raise self._ahead(witness, head, size)
            if size < self.memory.size(witness):
                raise _backwards(witness, size, self.memory.size(witness))
            if size == old:
                if old == head.size:
                    raise _rewritten(witness, old)
                raise _refused(witness, reply)
            old = size
        raise WitnessError(
            f"The witness {witness.name} does not settle on a size; try again later.",
            f"见证人 {witness.name} 所报大小反复不定；请稍后重试。",
        )

    def _post(self, witness: AskedWitness, old: int, head: Head) -> Reply:
        body = AddCheckpoint(old, self._proof(old, head), head.note).to_bytes()
        url = witness.url + PATH
        return exchange(witness, url, body, proxy=self.proxy, seconds=self.seconds)

    def _proof(self, old: int, head: Head) -> tuple[bytes, ...]:
        if not 0 < old < head.size:
            return ()
        try:
            return tuple(consistency_proof(old, head.size, self.store.hashes(head.size)))
        except LogError:
            if self.store.newest().size > head.size:  # the tiles of our size are gone by now
                raise _overtaken() from None
            raise

    def _cosignature(self, witness: AskedWitness, head: Head, reply: Reply) -> NoteSignature:
        try:
            lines = parse_cosignatures(reply.body)
            note = SignedNote(SignedNote.parse(head.note).text, lines)
            found = find_witnessed(note, [witness.key])
        except (FormatError, ProofError) as error:
            raise WitnessError(
                f"The witness {witness.name} answered with what is no cosignature ({error.en}).",
                f"见证人 {witness.name} 的应答不是有效的见证签名（{error.zh}）。",
            ) from error
        if not found:
            raise WitnessError(
                f"The witness {witness.name} cosigned with another key than the one we know.",
                f"见证人 {witness.name} 所用的不是我方登记的密钥。",
            )
        stated, now = found[0].time, self.clock()
        if abs(stated - now) > CLOCK_BOUND:
            raise WitnessError(
                f"The witness {witness.name} states {stated.isoformat()}, our clock "
                f"{now.isoformat()}; they differ by more than five minutes, check both clocks.",
                f"见证人 {witness.name} 的时间 {stated.isoformat()} 与本机时钟 {now.isoformat()} "
                "相差超过五分钟，请检查双方时钟。",
            )
        ours = (witness.key.name, witness.key.key_id)
        return next(line for line in lines if (line.name, line.key_id) == ours)

    def _ahead(self, witness: AskedWitness, head: Head, size: int) -> EvidenceError:
        """Return what it means that the witness is ahead: we were overtaken, or rolled back."""
        newest = self.store.newest()
        if newest.size >= size:
            return _overtaken()
        seen = self._seen(witness, head)
        if seen is not None:
            self.memory.keep_ahead(witness, seen.note)
        proof = " (its checkpoint, which we signed, was kept)" if seen else ""
        proof_zh = "（已留存该检查点，其上有本日志签名）" if seen else ""
        return RolledBack(
            f"The witness {witness.name} has cosigned {size} entries of this log, which has only "
            f"{newest.size}: it was rolled back{proof}. Nothing is sealed; restore the newer log, "
            "or open a successor log.",
            f"见证人 {witness.name} 已见证本日志 {size} 条，日志现只有 {newest.size} 条：日志被回退"
            f"{proof_zh}。已停止封装；请恢复较新的日志，或启用后继日志。",
        )

    def _seen(self, witness: AskedWitness, head: Head) -> Head | None:
        try:
            seen = fetch_newest(witness, self.store.key, proxy=self.proxy, seconds=self.seconds)
        except WitnessError:
            return None
        return seen if seen is not None and seen.size > head.size else None


def _overtaken() -> Overtaken:
    return Overtaken("The log has grown meanwhile.", "日志在此期间已增长。")


def fetch_newest(
    witness: AskedWitness, key: NoteKey, *, proxy: str | None, seconds: float
) -> Head | None:
    """Return the newest checkpoint of the log ``key`` that the witness holds, or None.

    The log's own signature on it is verified, the witness's too; WitnessError when it does not
    answer or answers with something else. Witnesses of the specification's first version do
    not know this address, and then None is returned.
    """
    url = f"{witness.url}/{sha256_hex(key.name.encode())}{MONITORING}"
    reply = exchange(witness, url, None, proxy=proxy, seconds=seconds)
    if reply.status == 404:
        return None
    try:
        if reply.status != 200:
            raise FormatError(f"it answered {reply.status}", f"应答状态 {reply.status}")
        head = open_checkpoint(reply.body, key)
        if not find_witnessed(SignedNote.parse(reply.body), [witness.key]):
            raise ProofError("its own cosignature is not on it", "其上没有该见证人的签名")
    except EvidenceError as error:
        raise WitnessError(
            f"The witness {witness.name} did not give the log's checkpoint ({error.en}).",
            f"见证人 {witness.name} 未给出该日志的检查点（{error.zh}）。",
        ) from error
    return head


def _size(witness: AskedWitness, reply: Reply) -> int:
    try:
        return parse_size(reply.body)
    except FormatError:
        raise _refused(witness, reply) from None


def _rewritten(witness: AskedWitness, size: int) -> RolledBack:
    return RolledBack(
        f"The witness {witness.name} has cosigned another log under our name, up to {size} "
        "entries: ours was rewritten. Nothing is sealed; run markseal log audit, and restore the "
        "log that was witnessed.",
        f"见证人 {witness.name} 所见证的前 {size} 条与本日志不同：本日志被改写。已停止封装；"
        "请运行 markseal log audit，并恢复已见证的日志。",
    )


def _backwards(witness: AskedWitness, size: int, seen: int) -> WitnessError:
    return WitnessError(
        f"The witness {witness.name} knows {size} entries of this log and has cosigned {seen}: it "
        "lost its record and no longer counts; ask its operator.",
        f"见证人 {witness.name} 只知本日志 {size} 条，却曾见证 {seen} 条：其记录已丢失，不再作数；"
        "请询问其运营者。",
    )


def _refused(witness: AskedWitness, reply: Reply) -> WitnessError:
    text = reply.body.decode("utf-8", "replace").split("\n")[0][:200]
    said = "".join(c if c.isprintable() else "?" for c in text)
    return WitnessError(
        f"The witness {witness.name} refused with {reply.status} ({said}).",
        f"见证人 {witness.name} 拒绝，状态 {reply.status}（{said}）。",
    )
