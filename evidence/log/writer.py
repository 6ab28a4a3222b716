"""The log's single writer: entries in, a signed checkpoint out (RFC 9162, c2sp.org/tlog-tiles).

One append is: entry bundle, hash tiles, all made durable; then the checkpoint is renamed into
place, which is the commit. What a killed process left beyond the checkpoint is ignored and
written over. ``checkpoint.seen`` is a second copy: a log shorter than it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import FormatError, LogError
from evidence.format.checkpoint import Checkpoint
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.merkle import inclusion_proof, leaf_hash, tree_root
from evidence.format.note import NoteKey, sign_note
from evidence.format.tiles import MAX_ENTRY, WIDTH, Tile, pack_entries, tile_hash
from evidence.format.tlogproof import TlogProof
from evidence.log.durable import Fault, locked, no_fault, replace_file, sync_folder, write_synced
from evidence.log.store import CHECKPOINT, NEXT, SEEN, Head, Store, tiles_from_leaves

KEEP_PARTIALS = 3


@dataclass(frozen=True)
class Log:
    """A log in ``folder`` whose checkpoints ``private`` signs under the name ``origin``.

    ``witness`` is where a copy of the newest checkpoint is kept outside the folder: a folder
    that was emptied or put back from an older copy is then refused, not begun anew.
    """

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

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Hold the log's lock; yield the session in which entries are read and appended.

        What a killed writer left is put right first. Raises LogError when another process
        does not let go, when the log is damaged, or when it is shorter than it was.
        """
        with locked(self.folder / "lock"):
            yield Session(self, recover(self))

    def append(self, make: Callable[[Session], bytes]) -> int:
        """Append the entry that ``make`` returns for the open session; return its index."""
        with self.writing() as session:
            return session.append([make(session)])[0]

    def proof(self, index: int) -> tuple[bytes, bytes]:
        """Return the entry's bytes and its tlog-proof against the newest checkpoint."""
        head = self.store.newest()
        entry = self.store.entry(index, head.size)
        hashes = tuple(inclusion_proof(index, head.size, self.store.hashes(head.size)))
        return entry, TlogProof(index, hashes, head.note).to_bytes()


@dataclass
class Session:
    """The log under its lock; ``head`` is the newest checkpoint."""

    log: Log
    head: Head

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.head.size

    def entries(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of the entries from ``start`` on."""
        return self.log.store.entries(self.size, start)

    def previous(self) -> str:
        """Return the SHA-256 (hex) of the last entry's bytes, zeroes for an empty log."""
        if self.size == 0:
            return ZERO
        return sha256_hex(self.log.store.entry(self.size - 1, self.size))

    def append(self, entries: Sequence[bytes]) -> list[int]:
        """Append ``entries`` in one commit; return their indices once they are durable."""
        for entry in entries:
            if len(entry) > MAX_ENTRY:
                raise FormatError(
                    f"a log entry has at most {MAX_ENTRY} bytes",
                    f"日志条目不得超过 {MAX_ENTRY} 字节",
                )
        old, new = self.size, self.size + len(entries)
        if old == new:
            return []
        _write_entries(self.log, old, entries)
        fresh = _write_tiles(self.log, old, [leaf_hash(entry) for entry in entries])
        root = tree_root(new, self.log.store.hashes(new))
        self.head = commit(self.log, Checkpoint(self.log.origin, new, root))
        _drop_partials(self.log.folder, fresh)
        return list(range(old, new))


def commit(log: Log, checkpoint: Checkpoint) -> Head:
    """Sign ``checkpoint`` and make it the log's newest; the rename is the commit."""
    note = sign_note(checkpoint.text(), log.origin, log.private).to_bytes()
    log.fault("log: before checkpoint")
    write_synced(log.folder / NEXT, note)
    log.fault("log: checkpoint written")
    (log.folder / NEXT).rename(log.folder / CHECKPOINT)
    log.fault("log: checkpoint renamed")
    sync_folder(log.folder)
    log.fault("log: committed")
    replace_file(log.folder / SEEN, note)
    log.fault("log: seen written")
    if log.witness is not None:
        replace_file(log.witness, note)
    return Head(checkpoint, note)


def _put(log: Log, tile: Tile, data: bytes) -> None:
    """Write one tile whole: another process may read while we write."""
    path = log.folder / tile.path()
    path.parent.mkdir(parents=True, exist_ok=True)
    log.fault(f"log: before {tile.path()}")
    replace_file(path, data)
    log.fault(f"log: after {tile.path()}")


def _write_entries(log: Log, old: int, entries: Sequence[bytes]) -> None:
    number = old // WIDTH
    held = log.store.bundle(number, old) if old % WIDTH else []
    waiting = [*held, *entries]
    while waiting:
        part, waiting = waiting[:WIDTH], waiting[WIDTH:]
        _put(log, Tile(None, number, len(part)), pack_entries(part))
        number += 1


def _write_tiles(log: Log, old: int, fresh: list[bytes]) -> list[Tile]:
    """Write the hash tiles that ``fresh`` leaves change, level by level; return them."""
    written: list[Tile] = []
    level, before = 0, old
    while fresh:
        number = before // WIDTH
        width = before % WIDTH
        held = log.store.tile(Tile(level, number, width))[: width * 32] if width else b""
        waiting = held + b"".join(fresh)
        fresh = []
        while waiting:
            part, waiting = waiting[: WIDTH * 32], waiting[WIDTH * 32 :]
            tile = Tile(level, number, len(part) // 32)
            _put(log, tile, part)
            written.append(tile)
            if tile.width == WIDTH:
                fresh.append(tile_hash(part))
            number += 1
        level, before = level + 1, before // WIDTH
    return written


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
        for width in widths[: len(widths) - keep]:
            (partial / str(width)).unlink(missing_ok=True)


def recover(log: Log) -> Head:
    """Return the newest head, after putting right what a killed writer or a torn disk left.

    Called with the lock held. Raises LogError when the entries do not support the checkpoint,
    and when the log is shorter than it was seen: both need a person, see ``markseal log audit``.
    """
    log.folder.mkdir(parents=True, exist_ok=True)
    head = _newest(log)
    if head is None:
        return commit(log, Checkpoint(log.origin, 0, tree_root(0, log.store.hashes(0))))
    if not _tiles_fit(log, head):
        _rebuild(log, head)
    _check_last_bundle(log, head.size)
    return head


def _check_last_bundle(log: Log, size: int) -> None:
    """Compare the entries we are about to continue from with their leaf hashes."""
    if size == 0:
        return
    number = (size - 1) // WIDTH
    entries = log.store.bundle(number, size)
    held = log.store.tile(Tile(0, number, len(entries)))
    if b"".join(map(leaf_hash, entries)) != held[: 32 * len(entries)]:
        raise _changed()


def _changed() -> LogError:
    return LogError(
        "The log's entries do not lead to its checkpoint: they were changed. Nothing is "
        "appended; run markseal log audit.",
        "日志条目推不出检查点的树根：条目被改动。已停止写入，请运行 markseal log audit。",
    )


def _newest(log: Log) -> Head | None:
    store = log.store
    copies = [store.note(SEEN), store.kept(log.witness) if log.witness else None]
    seen = max(filter(None, copies), key=lambda head: head.size, default=None)
    main = store.note(CHECKPOINT)
    if main is None:
        return _restore(log, seen)
    if seen is not None and seen.size > main.size:
        raise LogError(
            f"The log has {main.size} entries but had {seen.size}: it was rolled back. Nothing "
            "is appended; restore the newer files.",
            f"日志现有 {main.size} 条，曾有 {seen.size} 条：日志被回退。已停止写入，"
            "请恢复较新的文件。",
        )
    return main


def _restore(log: Log, seen: Head | None) -> Head | None:
    """Put back a torn or lost checkpoint from its second copy; None for a new log."""
    if seen is None:
        if (log.folder / CHECKPOINT).exists() or (log.folder / "tile").exists():
            raise LogError(
                "The log has entries but no readable checkpoint; restore the log's folder.",
                "日志有条目但没有可读的检查点；请恢复日志文件夹。",
            )
        return None
    following = log.store.note(NEXT)
    best = following if following and following.size > seen.size else seen
    if best is not seen and not _tiles_fit(log, best):
        best = seen
    replace_file(log.folder / CHECKPOINT, best.note)
    return best


def _tiles_fit(log: Log, head: Head) -> bool:
    """Say whether the tiles lead to the checkpoint's root (the frontier only)."""
    try:
        return log.store.root(head.size) == head.checkpoint.root
    except (LogError, FormatError):
        return False


def _rebuild(log: Log, head: Head) -> None:
    """Compute every hash tile again from the entries; LogError if the root then differs."""
    for tile, data in tiles_from_leaves(log.store.leaves(head.size)):
        path = log.folder / tile.path()
        if not path.exists() or path.read_bytes() != data:
            replace_file(path, data)
    if not _tiles_fit(log, head):
        raise _changed()
