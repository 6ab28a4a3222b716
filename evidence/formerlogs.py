"""Logs that were succeeded: where they lie as far as they are in hand, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from evidence.errors import EvidenceError
from evidence.format.entry import Sealed, parse_entry
from evidence.format.ledger import SucceededLog
from evidence.format.merkle import leaf_hash, verify_inclusion
from evidence.format.tlogproof import TlogProof
from evidence.home import EvidenceHome
from evidence.log import CaseIndex, Store
from evidence.log.index import INDEX
from evidence.log.store import open_checkpoint


@dataclass(frozen=True)
class FormerLog:
    """A log that ended, as far as it is in hand: its entries and their case index."""

    store: Store
    size: int
    index: CaseIndex


def former_logs(home: EvidenceHome) -> Iterator[FormerLog]:
    """Yield the former logs that are in hand and can be read, oldest first."""
    for ended in home.ledger().logs:
        folder = home.former(ended.key)
        with suppress(EvidenceError):
            store = Store(folder, ended.key)
            head = store.head()
            if head is None:
                continue
            index = CaseIndex(folder / INDEX)
            index.catch_up(store, head.size)
            yield FormerLog(store, head.size, index)


def log_that_has(home: EvidenceHome, outcome: bytes, proof: TlogProof) -> SucceededLog | None:
    """Return the former log in which a sealed outcome stands by its proof, None if none has it."""
    for ended in home.ledger().logs:
        with suppress(EvidenceError):
            checkpoint = open_checkpoint(proof.checkpoint, ended.key).checkpoint
            if checkpoint.size > ended.size or not isinstance(parse_entry(outcome), Sealed):
                continue
            root, size = checkpoint.root, checkpoint.size
            verify_inclusion(leaf_hash(outcome), proof.index, size, proof.hashes, root)
            return ended
    return None
