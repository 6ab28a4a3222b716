"""What the pages tell of the log: its files for others, its growth, its last checkpoints.

All of it is public by nature: sizes, roots, times, signatures; no exhibit and no case is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from desk.cases.models import Exhibit
from desk.cases.selectors import kept_of
from desk.cases.states import ExhibitState
from evidence.errors import EvidenceError, FormatError
from evidence.format.cosignature import find_witnessed
from evidence.format.entry import parse_entry
from evidence.format.merkle import HASH_SIZE
from evidence.format.note import NoteKey, SignedNote
from evidence.format.tiles import Tile, pack_entries, tile_width
from evidence.format.tlogproof import TlogProof
from evidence.home import EvidenceHome
from evidence.log.audit import VKEY, read_vkey
from evidence.log.store import CHECKPOINT, Head, Store, open_checkpoint
from evidence.witness.asked import Memory, load_asked, memory_folder

POINTS = 40
FEW = 10


@dataclass(frozen=True)
class LogFile:
    """One file of the log as it is served: its bytes, and whether it will never change."""

    data: bytes
    final: bool


@dataclass(frozen=True)
class Growth:
    """How many entries the log had, and when its own clock said so."""

    size: int
    time: datetime


@dataclass(frozen=True)
class KnownCheckpoint:
    """A checkpoint that a sealed exhibit holds: its size and root, when, and who cosigned it."""

    size: int
    root: str
    sealed_at: datetime | None
    witnesses: tuple[tuple[str, datetime], ...]
    stamped: bool


def log_home() -> EvidenceHome:
    """Return the evidence of this installation, for reading."""
    return EvidenceHome(Path(settings.MARKSEAL_HOME))


def store() -> Store | None:
    """Return the log's files, None before there is a log; raises LogError."""
    folder = log_home().log
    return Store(folder, read_vkey(folder / VKEY)) if (folder / VKEY).exists() else None


def log_file(path: str) -> LogFile | None:
    """Return a file of the log (c2sp.org/tlog-tiles), None when the log has no such file (yet).

    Only what the newest checkpoint covers is served, whatever lies in the folder. Raises LogError
    when the log cannot be read.
    """
    log = store()
    head = log.head() if log is not None else None
    if log is None or head is None:
        return None
    if path == CHECKPOINT:
        return LogFile(_cosigned(log, head).note, final=False)
    try:
        tile = Tile.parse(path)
    except FormatError:
        return None
    if tile.width > tile_width(tile.level or 0, tile.n, head.size):
        return None
    if tile.level is None:
        entries = log.bundle(tile.n, head.size)[: tile.width]
        return LogFile(pack_entries(entries), final=True)
    return LogFile(log.tile(tile)[: tile.width * HASH_SIZE], final=True)


def _cosigned(log: Store, head: Head) -> Head:
    """Return the checkpoint with the witnesses' signatures where they gave them for this one."""
    kept = Memory(memory_folder(log_home().path), log.key.name).cosigned(log.key)
    return kept if kept is not None and kept.checkpoint == head.checkpoint else head


def growth(points: int = POINTS) -> tuple[Growth, ...]:
    """Return the size of the log over time, by the times that some of its entries state."""
    log = store()
    head = log.head() if log is not None else None
    if log is None or head is None or head.size == 0:
        return ()
    return _growth(log.folder, log.key, head.size, head.checkpoint.root, points)


@lru_cache(maxsize=4)
def _growth(folder: Path, key: NoteKey, size: int, _root: bytes, points: int) -> tuple[Growth, ...]:
    log = Store(folder, key)
    chosen = {round(at * (size - 1) / max(1, points - 1)) for at in range(points)}
    found = []
    for index in sorted(chosen):
        try:
            time = parse_entry(log.entry(index, size)).time
        except EvidenceError:
            continue  # the audit names what is wrong; the curve does without
        found.append(Growth(index + 1, time))
    return tuple(found)


def checkpoints(few: int = FEW) -> list[KnownCheckpoint]:
    """Return the checkpoints that the exhibits sealed last hold, the newest first."""
    log = store()
    if log is None:
        return []
    asked = load_asked(log_home().path)
    names = {witness.key: witness.name for witness in asked}
    found: dict[tuple[int, str], KnownCheckpoint] = {}
    sealed = Exhibit.objects.filter(state=ExhibitState.SEALED).order_by("-sealed_at")
    for exhibit, note in _notes(sealed[: 3 * few]):
        try:
            head = open_checkpoint(note, log.key)
            given = find_witnessed(SignedNote.parse(note), list(names))
        except EvidenceError:
            continue  # of an earlier log, or damaged: its exhibit's page says so
        root = head.checkpoint.root.hex()
        witnesses = tuple((names[item.key], item.time) for item in given)
        stamped = any(kept_of(exhibit).folder.glob("*.checkpoint.*.tsr"))
        found.setdefault(
            (head.size, root),
            KnownCheckpoint(head.size, root, exhibit.sealed_at, witnesses, stamped),
        )
    return sorted(found.values(), key=lambda one: -one.size)[:few]


def _notes(exhibits: object) -> Iterator[tuple[Exhibit, bytes]]:
    for exhibit in exhibits:  # type: ignore[attr-defined]
        kept = kept_of(exhibit)
        path = kept.path(kept.sidecars.outcome_proof)
        try:
            yield exhibit, TlogProof.parse(path.read_bytes(), path.name).checkpoint
        except (OSError, EvidenceError):
            continue
