"""A log that cannot go on: the statement of the gap, to be signed by recovery keys.

The log cannot go on when a backup is older than a checkpoint that is known outside, or when its
key is lost or stolen. It is never continued under its own name: a successor log is opened, whose
first entry names the last known checkpoint of the old one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.errors import InputError
from evidence.format.note import NoteKey
from evidence.format.statement import Gap, Statement
from evidence.home import EvidenceHome
from evidence.keyfile import ensure_key
from evidence.log import Head, Store, audit
from evidence.log.audit import VKEY, read_vkey
from evidence.log.durable import replace_file
from evidence.log.store import CHECKPOINT, SEEN
from evidence.succession.keys import NEXT, whole_second
from evidence.succession.known import Known, known_in, newest
from evidence.succession.sequences import keep_sequences
from evidence.verify.trust import Trust, load_trust

NEXT_LOG, NEXT_VKEY = "log.next.pem", "log.next.vkey"
HARMLESS = frozenset({"rollback", "number", "case"})


@dataclass(frozen=True)
class Loss:
    """What happened: the reason, the fate of the signer's key, and from when it counts."""

    reason: str
    fate: str
    effective: datetime


def prepare_gap(
    home: EvidenceHome,
    loss: Loss,
    *,
    now: datetime,
    known: Sequence[Path] = (),
    heads: Sequence[Known] = (),
    trust: Path | None = None,
) -> Statement:
    """Return the unsigned statement of the gap; the keys that follow are written down now.

    ``known`` are files with checkpoints of the old log, ``heads`` those that witnesses gave.
    ``trust`` is an exported trust folder of the old installation, for a home that is new. Raises
    InputError when nothing of the old log is known, when the log was forked, or when nothing
    keeps it from going on.
    """
    before = load_trust(trust) if trust is not None else None
    here = _vkey(home)
    old = before.log_key if before is not None else here
    if old is None:
        raise InputError(
            "Nothing here says which log is to be succeeded; give --trust with a trust folder.",
            "此处没有前一日志的信息；请用 --trust 给出信任文件夹。",
        )
    fresh = here is not None and here != old
    _refuse_unprovable(home, before)
    if fresh:
        _refuse_used(home)
    kept = 0 if fresh else _kept(home, old)
    earlier = _earlier(home, before)
    found = [*heads, *(item for path in known for item in _known(path, old, earlier))]
    best = newest([*found, *([] if fresh else _own(home, old))])
    if best is None:
        raise InputError(
            "No checkpoint of the old log is known; give --known with a dossier that was handed "
            "out.",
            "没有前一日志的任何检查点；请用 --known 给出已移交的证据包。",
        )
    if loss.reason == "backup-older" and best.head.size <= kept:
        raise InputError(
            f"The log has {kept} entries and nothing newer is known: it can go on.",
            f"日志有 {kept} 条，没有更新的检查点：可以继续使用。",
        )
    for key in (*earlier, old):
        keep_sequences(home, list(known), key)
    new = here if fresh and here is not None else _next_log(home)
    signer_old, signer_new = _signers(home, loss.fate, before, fresh=fresh)
    checkpoint = best.head.checkpoint
    return Statement(
        Gap(
            reason=loss.reason,
            time=now,
            old=old,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            kept=min(kept, checkpoint.size),
            new=new,
            signer_old=signer_old,
            signer_new=signer_new,
            fate=loss.fate,
            effective=whole_second(loss.effective),
        )
    )


def _refuse_unprovable(home: EvidenceHome, before: Trust | None) -> None:
    """Without recovery keys nobody can sign the statement, and no verifier would take it."""
    held = before.recovery_keys if before is not None else home.ledger().recovery
    if not held:
        raise InputError(
            "There are no recovery keys, so nobody can prove which log follows. What is sealed "
            "verifies with the old trust folder; begin anew in an empty data folder, and hand its "
            "trust folder over in person.",
            "没有恢复密钥，无法向任何人证明后继日志。已封装的证据仍可用原信任文件夹核验；"
            "请在空的数据目录中重新开始，并当面交付新的信任文件夹。",
        )


def _earlier(home: EvidenceHome, before: Trust | None) -> list[NoteKey]:
    """Return the keys of the logs that were succeeded before this one."""
    if before is not None:
        return [log.key for log in before.logs[1:]]
    return [log.key for log in home.ledger().logs]


def _known(path: Path, old: NoteKey, earlier: Sequence[NoteKey]) -> list[Known]:
    """Return the old log's checkpoints in a file; of a file of an earlier log there are none."""
    try:
        return known_in(path, old)
    except InputError:
        for key in earlier:
            with suppress(InputError):
                known_in(path, key)
                return []
        raise


def _vkey(home: EvidenceHome) -> NoteKey | None:
    path = home.log / VKEY
    return read_vkey(path) if path.exists() else None


def _refuse_used(home: EvidenceHome) -> None:
    """A new home that opens a successor log has logged nothing yet."""
    if home.open_log().store.newest().size > 0:
        raise InputError(
            "This data folder's log has entries of its own; open the successor log in a new one.",
            "此数据目录的日志已有条目；请在新的数据目录中启用后继日志。",
        )


def _kept(home: EvidenceHome, key: NoteKey) -> int:
    """Return how many entries are in hand and sound; none when the entries were changed."""
    report = audit(home.log, vkey=key.text())
    wrong = [item for item in report.findings if item.code not in HARMLESS]
    return 0 if wrong else report.size


def _own(home: EvidenceHome, key: NoteKey) -> list[Known]:
    """Return the checkpoints that the data folder itself keeps of its log."""
    store = Store(home.log, key)
    paths = [home.log / CHECKPOINT, home.log / SEEN, home.witness]
    heads: list[tuple[Path, Head | None]] = [(path, store.kept(path)) for path in paths]
    return [Known(head, str(path)) for path, head in heads if head is not None]


def _next_log(home: EvidenceHome) -> NoteKey:
    """Return the public key of the log that will follow; made once."""
    private = ensure_key(home.keys / NEXT_LOG)
    path = home.keys / NEXT_VKEY
    if not path.exists():
        origin = f"markseal/{secrets.token_hex(8)}"
        key = NoteKey(origin, private.public_key().public_bytes_raw())
        replace_file(path, f"{key.text()}\n".encode())
    return read_vkey(path)


def _signers(
    home: EvidenceHome, fate: str, before: Trust | None, *, fresh: bool
) -> tuple[bytes, bytes]:
    """Return the public signer's keys before and after."""
    if fresh and fate == "kept":
        raise InputError(
            "A new data folder has a new signing key: say whether the old one is lost or stolen.",
            "新的数据目录使用新的签名密钥：请说明原密钥是丢失还是被盗。",
        )
    if fate == "kept" and not (home.keys / "signer.pem").exists():
        raise InputError(
            "The signing key is gone too: give --signer lost, or --signer stolen --from TIME.",
            "签名密钥也不在了：请给出 --signer lost，或 --signer stolen --from 时间。",
        )
    if fate == "kept":
        own = home.signer().public_key().public_bytes_raw()
        return own, own
    trusted = before or load_trust(home.trust)
    old = trusted.signer.public_bytes_raw()
    new = home.signer() if fresh else ensure_key(home.keys / NEXT)
    return old, new.public_key().public_bytes_raw()
