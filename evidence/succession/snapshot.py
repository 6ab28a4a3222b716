"""What of a data folder goes into a backup, so that nothing in it is ahead of the log.

The log's newest checkpoint is taken under its lock, together with the list of files, in a moment
in which no exhibit is between its entry and its place. What is not ahead of that checkpoint goes
in: full tiles never change; an exhibit that was in place then is complete; of a capture that was
still running only its order goes in, and it is made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import LogError
from evidence.format.entry import Sealed, parse_entry
from evidence.format.tiles import WIDTH, Tile, pack_entries, tile_width, tiles_of
from evidence.home import EvidenceHome
from evidence.log import Head, Store
from evidence.log.audit import VKEY, read_vkey
from evidence.log.durable import locked
from evidence.log.store import CHECKPOINT, SEEN
from evidence.seal.workfolder import DONE, ORDER, WorkFolder

LEFT_OUT = frozenset({"cache", "incoming", ".markseal"})
"""Folders of the data folder that can be made again."""
DATABASE = "markseal.sqlite3"
WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Snapshot:
    """The log's newest checkpoint, the files that were there with it, and captures then open."""

    home: EvidenceHome
    head: Head
    store: Store
    files: tuple[str, ...]
    open_captures: tuple[str, ...]
    sealed: frozenset[str]


def take_snapshot(home: EvidenceHome) -> Snapshot:
    """Return the snapshot; holds the log's lock while the files are listed."""
    with _log_held(home) as (head, store):
        begun = [path.parent for path in sorted(home.work.glob(f"*/{ORDER}"))]
        still = [folder for folder in begun if not (folder / DONE).exists()]
        outs = [_place(folder) for folder in still]
        files = tuple(sorted(_list(home, outs)))
        sealed = _sealed_among({folder.name for folder in still}, store, head.size)
    return Snapshot(home, head, store, files, tuple(f.name for f in still), sealed)


@contextmanager
def _log_held(home: EvidenceHome) -> Iterator[tuple[Head, Store]]:
    """Hold the log; one whose key is lost is held too, though nobody can write to it any more."""
    if (home.keys / "log.pem").exists():
        log = home.open_log()
        with log.writing() as session:
            yield session.head, log.store
        return
    store = Store(home.log, read_vkey(home.log / VKEY))
    with locked(home.log / "lock"):
        yield store.newest(), store


def _place(work: Path) -> Path:
    """Return NAME with its folder, of which an open capture's files begin."""
    out = Path(str((WorkFolder(work).read(ORDER) or {}).get("out", work)))
    return out.with_name(out.name.removesuffix(".wacz"))


def _list(home: EvidenceHome, outs: list[Path]) -> Iterator[str]:
    """Yield the plain files to be copied, by their names below the data folder."""
    special = {home.log, home.work}
    ahead = {(out.parent, f"{out.name}.") for out in outs}
    for place, folders, files in os.walk(home.path, followlinks=False):
        here = Path(place)
        folders[:] = sorted(f for f in folders if here / f not in special)
        if here == home.path:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
        prefixes = tuple(prefix for folder, prefix in ahead if folder == here)
        for name in files:
            path = here / name
            if path == home.witness or path.is_symlink() or not path.is_file():
                continue
            if not _passing(name) and not (prefixes and name.startswith(prefixes)):
                yield path.relative_to(home.path).as_posix()


def _passing(name: str) -> bool:
    """Say whether a file is a lock, a draft, or the database, which is dumped."""
    lock = name in ("lock", ".lock") or name.endswith(".lock")
    return lock or name.endswith(".tmp") or name.startswith((DATABASE, ".probe-"))


def _sealed_among(ids: set[str], store: Store, size: int) -> frozenset[str]:
    """Return those captures that the log calls sealed."""
    found = set()
    for _, data in store.entries(size) if ids else ():
        if b'"outcome":"sealed"' in data:
            entry = parse_entry(data)
            if isinstance(entry, Sealed) and entry.capture_id in ids:
                found.add(entry.capture_id)
    return frozenset(found)


def log_files(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the log as it was at the checkpoint: no byte beyond it."""
    store, size = snapshot.store, snapshot.head.size
    folder = snapshot.home.log.name
    for tile in tiles_of(size):
        yield f"{folder}/{tile.path()}", store.tile(tile)[: tile.width * 32]
    for number in range(-(-size // WIDTH)):
        tile = Tile(None, number, tile_width(0, number, size))
        yield f"{folder}/{tile.path()}", pack_entries(store.bundle(number, size))
    yield f"{folder}/{VKEY}", (snapshot.home.log / VKEY).read_bytes()
    for name in (CHECKPOINT, SEEN):
        yield f"{folder}/{name}", snapshot.head.note
    witness = snapshot.home.witness.relative_to(snapshot.home.path).as_posix()
    yield witness, snapshot.head.note


def work_files(snapshot: Snapshot) -> Iterator[tuple[str, bool]]:
    """Yield the files of the work folders (name, whole capture or only its order).

    A capture that the log calls sealed is waited for: it is being put in place.
    """
    home = snapshot.home
    for folder in sorted(path for path in home.work.glob("*") if path.is_dir()):
        order = folder / ORDER
        wait = WAIT_SECONDS if folder.name in snapshot.sealed else 0.0
        try:
            with locked(folder / "lock", seconds=wait):
                whole = not _is_ahead(folder, snapshot.head.size)
                for path in sorted(folder.rglob("*")) if whole else [order]:
                    if path.is_file() and not path.is_symlink() and not _passing(path.name):
                        yield path.relative_to(home.path).as_posix(), whole
        except LogError:
            if order.exists():
                yield order.relative_to(home.path).as_posix(), False


def _is_ahead(folder: Path, size: int) -> bool:
    """Say whether a capture was finished after the checkpoint was taken."""
    with suppress(FileNotFoundError):
        done = json.loads((folder / DONE).read_bytes())
        return isinstance(done.get("index"), int) and done["index"] >= size
    return False
