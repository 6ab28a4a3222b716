"""What the logs before this one say of a case: where the sequence of its attempts stood.

Former logs lie in ``logs/``, as far as they are in hand. Attempts that were in entries which are
gone, and are known from a dossier that was handed out, are in ``evidence/former.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from evidence.format import jcs
from evidence.format.entry import CaseContinued
from evidence.format.entry.signing import sign_entry
from evidence.formerlogs import former_logs
from evidence.home import EvidenceHome
from evidence.log import Session
from evidence.log.durable import locked, replace_file

FORMER = "former.json"


@dataclass(frozen=True)
class Standing:
    """Where a case stood before this log: its last number known, and the log that closed it.

    ``origin`` is the log before this, of which ``size`` entries are in hand.
    """

    attempts: int
    closed: str | None
    origin: str
    size: int


def standing(home: EvidenceHome, tag: str) -> Standing | None:
    """Return where the case of this tag stood; None for a log that succeeds none."""
    ended = home.ledger().logs
    if not ended:
        return None
    attempts, closed, size = known_attempts(home).get(tag, 0), None, 0
    for former in former_logs(home):
        attempts = max(attempts, former.index.last_number(tag))
        if former.index.closed_at(tag) is not None:
            closed = former.store.key.name
        size = former.size if former.store.key == ended[-1].key else size
        former.index.close()
    return Standing(attempts, closed, ended[-1].key.name, size)


def continue_case(
    session: Session, home: EvidenceHome, tag: str, before: Standing, *, now: datetime
) -> None:
    """Log where the case stood, before its first entry here; nothing where it has one, or none."""
    if before.attempts == 0 or session.index.of_case(tag):
        return
    entry = CaseContinued(
        case_tag=tag,
        prev=session.previous(),
        time=now,
        attempts=before.attempts,
        old_origin=before.origin,
        old_size=before.size,
        signer="0" * 64,
    )
    session.append([sign_entry(entry, home.signer()).to_bytes()])


def known_attempts(home: EvidenceHome) -> dict[str, int]:
    """Return the last numbers known from dossiers, by the tags of their cases."""
    path = home.path / "evidence" / FORMER
    return (
        {str(k): int(v) for k, v in json.loads(path.read_bytes()).items()} if path.exists() else {}
    )


def keep_known_attempts(home: EvidenceHome, found: dict[str, int]) -> None:
    """Add last numbers that are known from dossiers; the higher of two stays."""
    path = home.path / "evidence" / FORMER
    with locked(path.with_suffix(".lock")):
        before = known_attempts(home)
        merged = {tag: max(found.get(tag, 0), before.get(tag, 0)) for tag in found | before}
        if merged != before:
            replace_file(path, jcs.dumps(merged))
