"""Opening a log for writing: what a killed writer or a torn disk left is put right first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from evidence.errors import FormatError, LogError
from evidence.format.checkpoint import Checkpoint
from evidence.format.entry import parse_entry
from evidence.format.merkle import leaf_hash, tree_root
from evidence.format.tiles import WIDTH, Tile, pack_entries, tile_width
from evidence.log.commit import Check, Place, commit, keep_copies
from evidence.log.durable import replace_file, sync_folder
from evidence.log.staged import read_staged
from evidence.log.store import CHECKPOINT, NEXT, SEEN, Head, tiles_from_leaves


def recover(log: Place, *, check: Check) -> Head:
    """Return the newest head, durable, after putting right what a killed writer left.

    Called with the commit lock held. Raises LogError when the entries do not support the
    checkpoint, when the log is shorter than it was seen, and when it does not continue what
    was seen: these need a person, see ``markseal log audit``.
    """
    seen = _seen(log)
    head = _newest(log, seen)
    if head is None:
        empty = Checkpoint(log.origin, 0, tree_root(0, log.store.hashes(0)))
        return commit(log, empty, check=check)
    if not _tiles_fit(log, head):
        _rebuild(log, head)
    _check_last_bundle(log, head.size)
    if seen is not None and not _continues(log, head, seen):
        raise _changed()
    if seen is None or seen.size < head.size or _copy_missing(log):
        sync_folder(log.folder)
        keep_copies(log, head)
    return head


def _copy_missing(log: Place) -> bool:
    return log.witness is not None and not log.witness.exists()


def _continues(log: Place, head: Head, seen: Head) -> bool:
    """Say whether the tree at ``head`` has the root that was seen at its earlier size."""
    if seen.size == head.size:
        return seen.checkpoint == head.checkpoint
    return tree_root(seen.size, log.store.hashes(head.size)) == seen.checkpoint.root


def _seen(log: Place) -> Head | None:
    """Return the newest of the checkpoint's copies."""
    copies = [log.store.note(SEEN), log.store.kept(log.witness) if log.witness else None]
    return max(filter(None, copies), key=lambda head: head.size, default=None)


def _check_last_bundle(log: Place, size: int) -> None:
    """Compare the entries we are about to continue from with their leaf hashes.

    A torn bundle is put together again, entry by entry, from its earlier widths and from what
    was lined up; only entries whose leaf hash the tile holds are taken. What was changed into
    another sound entry is no tearing: LogError, for a person must see it.
    """
    if size == 0:
        return
    number = (size - 1) // WIDTH
    tile = Tile(None, number, tile_width(0, number, size))
    held = log.store.tile(Tile(0, number, tile.width))[: 32 * tile.width]
    try:
        entries = log.store.bundle(number, size)
    except LogError:
        entries = []
    if b"".join(map(leaf_hash, entries)) == held:
        return
    due = [held[at : at + 32] for at in range(0, len(held), 32)]
    pairs = zip(entries, due, strict=False)
    if any(_is_entry(entry) for entry, leaf in pairs if leaf_hash(entry) != leaf):
        raise _changed()
    known = {leaf_hash(entry): entry for entry in _remains(log, tile)}
    if any(leaf not in known for leaf in due):
        raise _changed()
    replace_file(log.folder / tile.path(), pack_entries([known[leaf] for leaf in due]))


def _is_entry(data: bytes) -> bool:
    with suppress(FormatError):
        parse_entry(data)
        return True
    return False


def _remains(log: Place, tile: Tile) -> Iterator[bytes]:
    """Yield every entry that can still be read of a bundle, whole ones of a torn file included."""
    full = log.folder / Tile(None, tile.n).path()
    for path in (full, *full.parent.glob(f"{full.name}.p/*")):
        with suppress(OSError):
            data, at = path.read_bytes(), 0
            while at + 2 <= len(data):
                begin, at = at + 2, at + 2 + int.from_bytes(data[at : at + 2], "big")
                yield data[begin:at]
    for frame in read_staged(log.folder):
        yield frame.entry


def _changed() -> LogError:
    return LogError(
        "The log's entries do not lead to its checkpoint: they were changed. Nothing is "
        "appended; run markseal log audit.",
        "日志条目推不出检查点的树根：条目被改动。已停止写入，请运行 markseal log audit。",
    )


def _newest(log: Place, seen: Head | None) -> Head | None:
    main = log.store.note(CHECKPOINT)
    if main is None:
        return _restore(log, seen)
    if seen is not None and seen.size > main.size:
        raise LogError(
            f"The log has {main.size} entries but had {seen.size}: it was rolled back. Nothing "
            "is appended; restore the newer files, or open a successor log (markseal succession).",
            f"日志现有 {main.size} 条，曾有 {seen.size} 条：日志被回退。已停止写入，"
            "请恢复较新的文件，或启用后继日志（markseal succession）。",
        )
    return main


def _restore(log: Place, seen: Head | None) -> Head | None:
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


def _tiles_fit(log: Place, head: Head) -> bool:
    """Say whether the tiles lead to the checkpoint's root (the frontier only)."""
    try:
        return log.store.root(head.size) == head.checkpoint.root
    except (LogError, FormatError):
        return False


def _rebuild(log: Place, head: Head) -> None:
    """Compute every hash tile again from the entries; LogError if the root then differs."""
    for tile, data in tiles_from_leaves(log.store.leaves(head.size)):
        path = log.folder / tile.path()
        if not path.exists() or path.read_bytes() != data:
            replace_file(path, data)
    if not _tiles_fit(log, head):
        raise _changed()
