"""Cosignatures over the log's newest checkpoint, from every witness at once, in bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from evidence.errors import EvidenceError, FormatError, ProofError, WitnessError
from evidence.format.cosignature import Witnessed, WitnessKey, find_witnessed
from evidence.format.note import NoteSignature, SignedNote
from evidence.format.policy import NOT_INDEPENDENT, Policy
from evidence.log.durable import locked
from evidence.log.store import Head, Store
from evidence.witness.asked import AskedWitness, Memory
from evidence.witness.client import Asking, Overtaken

ROUNDS = 4


@dataclass(frozen=True)
class Patience:
    """Seconds for one answer, how often a witness is asked, seconds for all of it."""

    seconds: float
    tries: int
    total: float


WAITING = Patience(10.0, 3, 40.0)
"""Where the policy requires witnesses."""
IN_PASSING = Patience(2.0, 1, 3.0)
"""Where it does not: a witness that is down delays nothing, and is left alone for a while."""


@dataclass(frozen=True)
class Cosigned:
    """The checkpoint with the cosignatures that came, verified; and who gave none, and why."""

    head: Head
    witnessed: tuple[Witnessed, ...]
    missing: tuple[WitnessError, ...]


@dataclass
class _Round:
    lines: dict[WitnessKey, NoteSignature] = field(default_factory=dict)
    missing: dict[WitnessKey, WitnessError] = field(default_factory=dict)
    stop: list[EvidenceError] = field(default_factory=list)


def gather_cosignatures(
    store: Store,
    witnesses: Sequence[AskedWitness],
    *,
    folder: Path,
    proxy: str | None,
    clock: Callable[[], datetime],
    patience: Patience = WAITING,
    anew: bool = False,
) -> Cosigned:
    """Return the newest checkpoint with every cosignature that could be had.

    Who cosigned this very checkpoint before is asked again only ``anew``; the earlier
    cosignature stays.
    ``folder`` is where the client's memory is kept. The log's lock is not held. Raises
    RolledBack when a witness has seen more of the log, or another; LogError when the log
    cannot be read. A witness that is down is no error: it is among ``missing``.
    """
    memory = Memory(folder, store.key.name)
    asking = Asking(store, memory, proxy, patience.seconds, clock)
    for _ in range(ROUNDS):
        head = store.newest()
        kept = _kept(memory, head, store, witnesses)
        found = _Round(lines={} if anew else dict(kept))
        _ask_all(asking, witnesses, head, found, patience)
        for error in found.stop:
            if not isinstance(error, Overtaken):
                raise error
        if not found.stop:
            return _merged(memory, store, head, found, kept, witnesses)
    hurried = WitnessError(
        "The log grew faster than its witnesses answered; try again.",
        "日志增长快于见证人应答；请重试。",
    )
    return Cosigned(head, (), (hurried,))


def _kept(
    memory: Memory, head: Head, store: Store, witnesses: Sequence[AskedWitness]
) -> dict[WitnessKey, NoteSignature]:
    """Return the lines that came before for this very checkpoint."""
    kept = memory.cosigned(store.key)
    if kept is None or kept.checkpoint != head.checkpoint:
        return {}
    note = SignedNote.parse(kept.note)
    lines: dict[WitnessKey, NoteSignature] = {}
    for key in (witness.key for witness in witnesses):
        for line in note.signatures:
            if (line.name, line.key_id) == (key.name, key.key_id) and _holds(note.text, line, key):
                lines.setdefault(key, line)
    return lines


def _holds(text: str, line: NoteSignature, key: WitnessKey) -> bool:
    try:
        return bool(find_witnessed(SignedNote(text, (line,)), [key]))
    except (FormatError, ProofError):
        return False


def _ask_all(
    asking: Asking,
    witnesses: Sequence[AskedWitness],
    head: Head,
    found: _Round,
    patience: Patience,
) -> None:
    """Ask those that are not in ``found`` yet, each in a thread; wait as long as agreed."""
    threads: list[tuple[AskedWitness, threading.Thread]] = []
    for witness in witnesses:
        if witness.key in found.lines:
            continue
        if patience.tries == 1 and asking.memory.rests(witness, asking.clock()):
            found.missing[witness.key] = _resting(witness)
            continue
        arguments = (asking, witness, head, found, patience)
        thread = threading.Thread(target=_ask_one, args=arguments, daemon=True)
        thread.start()
        threads.append((witness, thread))
    deadline = time.monotonic() + patience.total
    for witness, thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            slow = found.missing[witness.key] = _slow(witness, patience)
            asking.memory.keep_silent(witness, asking.clock(), slow)


def _ask_one(
    asking: Asking, witness: AskedWitness, head: Head, found: _Round, patience: Patience
) -> None:
    asking.memory.begin(witness, asking.clock())
    for number in range(patience.tries):
        if number:
            time.sleep(min(2.0**number / 4, 2.0))
        try:
            found.lines[witness.key] = asking.ask(witness, head)
            found.missing.pop(witness.key, None)
            return
        except Overtaken as error:
            found.stop.append(error)
            return
        except WitnessError as error:
            found.missing[witness.key] = error
        except OSError as error:
            found.missing[witness.key] = _unkept(witness, error)
        except EvidenceError as error:
            found.stop.append(error)
            return
    asking.memory.keep_silent(witness, asking.clock(), found.missing.get(witness.key))


def _merged(
    memory: Memory,
    store: Store,
    head: Head,
    found: _Round,
    kept: dict[WitnessKey, NoteSignature],
    witnesses: Sequence[AskedWitness],
) -> Cosigned:
    """Put the lines under the checkpoint, ours first, theirs in the order of their names."""
    note = SignedNote.parse(head.note)
    came = dict(found.lines)
    ordered = sorted((came | kept).items(), key=lambda item: (item[0].name, item[0].public))
    lines = tuple(line for _, line in ordered)
    whole = SignedNote(note.text, (*note.signatures, *lines))
    witnessed = find_witnessed(whole, [witness.key for witness in witnesses])
    if lines:
        with locked(memory.folder / "lock"):
            before = memory.cosigned(store.key)
            if before is None or before.size <= head.size:
                memory.keep_cosigned(whole.to_bytes())
    missing = tuple(error for key, error in dict(found.missing).items() if key not in came)
    return Cosigned(Head(head.checkpoint, whole.to_bytes()), witnessed, missing)


def lacking(policy: Policy, trust: Path, witnessed: Sequence[Witnessed]) -> bool:
    """Whether the policy in the folder ``trust`` requires witnesses that are not there yet."""
    if "witness" not in policy.require:
        return False
    seen = {item.key for item in witnessed}
    held = [(item, _vkey(trust / item.vkey)) for item in policy.witnesses]
    have = [item for item, key in held if key in seen]
    apart = any(item.relation not in NOT_INDEPENDENT for item in have)
    return len(have) < policy.cosignatures or (policy.independent and not apart)


def _vkey(path: Path) -> WitnessKey:
    try:
        return WitnessKey.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, FormatError) as error:
        raise WitnessError(
            f"{path} holds no witness's key; put the vkey there that the witness gave you.",
            f"{path} 中没有见证人公钥；请放入见证人所给的 vkey。",
        ) from error


def _resting(witness: AskedWitness) -> WitnessError:
    return WitnessError(
        f"The witness {witness.name} did not answer a moment ago and was not asked again.",
        f"见证人 {witness.name} 刚才没有应答，暂不再问。",
    )


def _unkept(witness: AskedWitness, error: OSError) -> WitnessError:
    return WitnessError(
        f"What the witness {witness.name} said cannot be kept ({error.strerror}).",
        f"无法留存见证人 {witness.name} 的应答（{error.strerror}）。",
    )


def _slow(witness: AskedWitness, patience: Patience) -> WitnessError:
    return WitnessError(
        f"The witness {witness.name} did not answer within {patience.total:.0f} seconds.",
        f"见证人 {witness.name} 未在 {patience.total:.0f} 秒内应答。",
    )
