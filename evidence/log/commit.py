"""One commit of the log (RFC 9162, c2sp.org/tlog-tiles): entries, hash tiles, signed checkpoint.

Entry bundles and hash tiles are made durable first; then the checkpoint is renamed into place,
which is the commit. What a killed process left beyond the checkpoint is ignored and written
over. ``checkpoint.seen`` is a second copy: a log shorter than it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format.checkpoint import Checkpoint
from evidence.format.merkle import leaf_hash, tree_root
from evidence.format.note import NoteKey, sign_note
from evidence.format.tiles import WIDTH, Tile, hash_reader, pack_entries, tile_hash
from evidence.log.durable import (
    Fault,
    make_folder,
    no_fault,
    replace_file,
    sync_folder,
    sync_folders,
    write_all_synced,
)
from evidence.log.store import CHECKPOINT, NEXT, SEEN, Head, Store

KEEP_PARTIALS = 3
Check = Callable[[], None]


@dataclass(frozen=True)
class Place:
    """Where a log lies and who signs for it; ``witness`` is the outside copy of its checkpoint."""

    folder: Path
    origin: str
    private: Ed25519PrivateKey
    fault: Fault = field(default=no_fault, compare=False)
    witness: Path | None = None

    @property
    def key(self) -> NoteKey:
        """The public key of the checkpoints."""
        return NoteKey(self.origin, self.private.public_key().public_bytes_raw())

    @property
    def store(self) -> Store:
        """The reading side."""
        return Store(self.folder, self.key)


def append(place: Place, head: Head, entries: Sequence[bytes], *, check: Check) -> Head:
    """Append ``entries`` to the log at ``head`` in one commit; return the new head.

    Called with the commit lock held; ``check`` raises when it is not any more. Everything is
    durable on return.
    """
    old, new = head.size, head.size + len(entries)
    tiles = _tiles(place, old, [leaf_hash(entry) for entry in entries])
    fresh = {(tile.level, tile.n): data for tile, data in tiles}

    def held(tile: Tile) -> bytes:
        return fresh.get((tile.level, tile.n)) or place.store.tile(tile)

    root = tree_root(new, hash_reader(new, held))
    files = _bundles(place, old, entries) + tiles
    made = commit(place, Checkpoint(place.origin, new, root), files, check=check)
    _drop_partials(place.folder, [tile for tile, _ in tiles])
    return made


def commit(
    place: Place,
    checkpoint: Checkpoint,
    tiles: Sequence[tuple[Tile, bytes]] = (),
    *,
    check: Check,
) -> Head:
    """Make ``tiles`` durable, then ``checkpoint`` the log's newest; its rename is the commit."""
    note = sign_note(checkpoint.text(), place.origin, place.private).to_bytes()
    copies = [path.with_name(path.name + ".tmp") for path in _copies(place)]
    files = [(place.folder / tile.path(), data) for tile, data in tiles]
    for folder in dict.fromkeys(path.parent for path in (*dict(files), *copies)):
        make_folder(folder)
    place.fault("log: before checkpoint")
    temporary = [(path.with_name(path.name + ".tmp"), data) for path, data in files]
    write_all_synced([*temporary, (place.folder / NEXT, note), *((c, note) for c in copies)])
    place.fault("log: checkpoint written")
    for path, _ in files:
        path.with_name(path.name + ".tmp").rename(path)
        place.fault(f"log: tile {path.name} in place")
    sync_folders(path.parent for path, _ in files)
    place.fault("log: tiles durable")
    check()
    (place.folder / NEXT).rename(place.folder / CHECKPOINT)
    place.fault("log: checkpoint renamed")
    sync_folder(place.folder)
    place.fault("log: committed")
    for path in _copies(place):
        path.with_name(path.name + ".tmp").rename(path)
        place.fault(f"log: {path.name} written")
    return Head(checkpoint, note)


def _copies(place: Place) -> list[Path]:
    """Return the two further places of a durable checkpoint, ``checkpoint.seen`` the first."""
    return [path for path in (place.folder / SEEN, place.witness) if path is not None]


def keep_copies(place: Place, head: Head) -> None:
    """Write the further copies of a durable checkpoint."""
    for path in _copies(place):
        replace_file(path, head.note)


def _bundles(place: Place, old: int, entries: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
    number = old // WIDTH
    held = place.store.bundle(number, old) if old % WIDTH else []
    waiting = [*held, *entries]
    parts = [waiting[at : at + WIDTH] for at in range(0, len(waiting), WIDTH)]
    return [(Tile(None, n, len(part)), pack_entries(part)) for n, part in enumerate(parts, number)]


def _tiles(place: Place, old: int, fresh: list[bytes]) -> list[tuple[Tile, bytes]]:
    """Return the hash tiles that ``fresh`` leaves change, level by level."""
    found: list[tuple[Tile, bytes]] = []
    level, before = 0, old
    while fresh:
        number, width = divmod(before, WIDTH)
        held = place.store.tile(Tile(level, number, width))[: width * 32] if width else b""
        waiting = held + b"".join(fresh)
        fresh = []
        for at in range(0, len(waiting), WIDTH * 32):
            part = waiting[at : at + WIDTH * 32]
            found.append((Tile(level, number, len(part) // 32), part))
            if len(part) == WIDTH * 32:
                fresh.append(tile_hash(part))
            number += 1
        level, before = level + 1, before // WIDTH
    return found


def _drop_partials(folder: Path, written: Sequence[Tile]) -> None:
    """Remove old partial tiles; the newest few stay for readers with an older checkpoint."""
    for tile in {Tile(t.level, t.n) for t in written} | {
        Tile(None, t.n) for t in written if t.level == 0
    }:
        full = folder / tile.path()
        partial = full.with_name(full.name + ".p")
        if not partial.is_dir():
            continue
        widths = sorted(int(p.name) for p in partial.iterdir() if p.name.isdigit())
        keep = 0 if full.exists() else KEEP_PARTIALS
        for width in widths[: max(0, len(widths) - keep)]:
            (partial / str(width)).unlink(missing_ok=True)
