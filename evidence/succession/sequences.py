"""What dossiers that were handed out tell of cases: their salts, and how far they had come.

When entries of a log are gone, the numbers of its attempts go on after the highest that is known.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import EvidenceError
from evidence.format import jcs
from evidence.format.attempt import AttemptRecord, case_tag
from evidence.format.digests import sha256_hex
from evidence.format.entry import Attempt, parse_entry
from evidence.format.merkle import leaf_hash, verify_inclusion
from evidence.format.names import ATTEMPT
from evidence.format.note import NoteKey
from evidence.format.tlogproof import TlogProof
from evidence.home import EvidenceHome
from evidence.log.durable import locked, replace_file
from evidence.log.store import open_checkpoint
from evidence.seal.former import keep_known_attempts

ENTRY, PROOF = ".attempt.json", ".attempt.tlog-proof"
LIMIT = 1 << 20


@dataclass(frozen=True)
class Told:
    """What one dossier tells: the number of its attempt, proved in the log; case and salt."""

    tag: str
    number: int
    case: str | None = None
    salt: str | None = None


def keep_sequences(home: EvidenceHome, paths: list[Path], key: NoteKey) -> None:
    """Keep what dossiers of the log ``key`` tell of its cases; other files tell nothing.

    A salt that is here stays.
    """
    found: dict[str, int] = {}
    for told in (one for path in paths for one in sequences_in(path, key)):
        found[told.tag] = max(found.get(told.tag, 0), told.number)
        if told.case is not None and told.salt is not None:
            _keep_salt(home, told.case, told.salt)
    if found:
        keep_known_attempts(home, found)


def _keep_salt(home: EvidenceHome, case: str, salt: str) -> None:
    path = home.path / "evidence" / "cases" / f"{sha256_hex(case.encode())}.json"
    with locked(path.parent / ".lock"):
        if not path.exists():
            replace_file(path, jcs.dumps({"salt": salt}), mode=0o600)


def sequences_in(path: Path, key: NoteKey) -> Iterator[Told]:
    """Yield what a dossier tells; nothing for a file that is none, or of another log."""
    with suppress(OSError, zipfile.BadZipFile, RuntimeError), zipfile.ZipFile(path) as dossier:
        for info in dossier.infolist():
            if not info.filename.endswith(ENTRY) or info.file_size > LIMIT:
                continue
            name = info.filename.removesuffix(ENTRY)
            with suppress(EvidenceError, KeyError):
                proof = TlogProof.parse(dossier.read(name + PROOF))
                entry = _proved(dossier.read(info), proof, key)
                yield _opened(dossier, name, entry)


def _proved(data: bytes, proof: TlogProof, key: NoteKey) -> Attempt:
    """Return the attempt if it is in the log of ``key``; else raises an EvidenceError."""
    head = open_checkpoint(proof.checkpoint, key)
    checkpoint = head.checkpoint
    verify_inclusion(leaf_hash(data), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    entry = parse_entry(data)
    if not isinstance(entry, Attempt):
        raise KeyError(data)
    return entry


def _opened(dossier: zipfile.ZipFile, name: str, entry: Attempt) -> Told:
    """Return the number, with case and salt where the package inside opens the tag."""
    with (
        suppress(EvidenceError, KeyError, zipfile.BadZipFile),
        dossier.open(f"{name}.wacz") as inner,
        zipfile.ZipFile(inner) as package,
    ):
        record = AttemptRecord.parse(package.read(ATTEMPT))
        if case_tag(record.case_salt, record.case) == entry.case_tag:
            return Told(entry.case_tag, entry.number, record.case, record.case_salt)
    return Told(entry.case_tag, entry.number)
