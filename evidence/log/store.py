"""The log's files (c2sp.org/tlog-tiles): checkpoint, hash tiles, entry bundles; reading them.

Everything beyond the checkpoint's size is ignored. Entries are the truth: a hash tile that is
missing or torn is computed again from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import FormatError, LogError, ProofError
from evidence.format.checkpoint import Checkpoint
from evidence.format.merkle import HASH_SIZE, ReadHash, leaf_hash, tree_root
from evidence.format.note import NoteKey, SignedNote, open_note
from evidence.format.tiles import WIDTH, Tile, hash_reader, tile_hash, tile_width, unpack_entries

CHECKPOINT = "checkpoint"
SEEN = "checkpoint.seen"
NEXT = "checkpoint.tmp"


@dataclass(frozen=True)
class Head:
    """A checkpoint whose signature by the log's key was verified, and its bytes."""

    checkpoint: Checkpoint
    note: bytes

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.checkpoint.size


def leaf_hashes(store: Store, size: int) -> bytes:
    """Return the leaf hashes (RFC 9162, 32 bytes each) of the first ``size`` entries of a log."""
    found = []
    for number in range(-(-size // WIDTH)):
        tile = Tile(0, number, tile_width(0, number, size))
        found.append(store.tile(tile)[: tile.width * 32])
    return b"".join(found)


def open_checkpoint(note: bytes, key: NoteKey) -> Head:
    """Return the head that ``note`` proves under ``key``; raises FormatError or ProofError."""
    signed = SignedNote.parse(note, CHECKPOINT)
    open_note(signed, [key], CHECKPOINT)
    checkpoint = Checkpoint.parse(signed.text)
    if checkpoint.origin != key.name:
        raise ProofError(
            f"the checkpoint is of the log {checkpoint.origin}, not {key.name}",
            f"检查点属于日志 {checkpoint.origin}，而非 {key.name}",
        )
    return Head(checkpoint, note)


@dataclass(frozen=True)
class Store:
    """The folder of one log and the public key of its checkpoints; reads only."""

    folder: Path
    key: NoteKey

    def head(self) -> Head | None:
        """Return the newest checkpoint, or None for a log that has none.

        Raises LogError when the file is damaged, and when the log is shorter than it was seen.
        """
        note = read(self.folder / CHECKPOINT)
        if note is None:
            return None
        try:
            return open_checkpoint(note, self.key)
        except (FormatError, ProofError) as error:
            raise LogError(
                f"The log's checkpoint is damaged ({error.en}); run markseal log audit.",
                f"日志检查点已损坏（{error.zh}）；请运行 markseal log audit。",
            ) from error

    def note(self, name: str) -> Head | None:
        """Return the checkpoint kept under another name if it is whole and ours, else None."""
        return self.kept(self.folder / name)

    def kept(self, path: Path) -> Head | None:
        """Return the checkpoint kept in any file if it is whole and ours, else None."""
        note = read(path)
        if note is None:
            return None
        try:
            return open_checkpoint(note, self.key)
        except (FormatError, ProofError):
            return None

    def newest(self) -> Head:
        """Return the newest checkpoint; LogError when there is none."""
        head = self.head()
        if head is None:
            raise LogError(
                f"The log in {self.folder} has no checkpoint: nothing was logged yet, or files "
                "were removed; run markseal log audit.",
                f"{self.folder} 中的日志没有检查点：尚无记录，或文件被删除；"
                "请运行 markseal log audit。",
            )
        return head

    def tile(self, tile: Tile) -> bytes:
        """Return the bytes of a tile or bundle, from a wider file if that one is gone."""
        for candidate in self._candidates(tile):
            try:
                return candidate.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise unreadable(candidate, error) from error
        raise LogError(
            f"The log's file {tile.path()} is missing; run markseal log audit.",
            f"日志文件 {tile.path()} 缺失；请运行 markseal log audit。",
        )

    def _candidates(self, tile: Tile) -> Iterator[Path]:
        yield self.folder / tile.path()
        full = self.folder / Tile(tile.level, tile.n).path()
        yield full
        partial = full.with_name(full.name + ".p")
        with suppress(OSError):
            widths = sorted(int(item.name) for item in partial.iterdir() if item.name.isdigit())
            yield from (partial / str(width) for width in widths if width > tile.width)

    def bundle(self, number: int, size: int) -> list[bytes]:
        """Return the entries of bundle ``number`` in the log of ``size``; raises LogError."""
        width = tile_width(0, number, size)
        tile = Tile(None, number, width)
        try:
            found = unpack_entries(self.tile(tile))
        except FormatError as error:
            raise LogError(
                f"The log's file {tile.path()} is damaged ({error.en}).",
                f"日志文件 {tile.path()} 已损坏（{error.zh}）。",
            ) from error
        if len(found) < width:
            raise LogError(
                f"The log's file {tile.path()} has {len(found)} entries instead of {width}.",
                f"日志文件 {tile.path()} 只有 {len(found)} 条，应有 {width} 条。",
            )
        return found[:width]

    def entry(self, index: int, size: int) -> bytes:
        """Return the bytes of entry ``index`` of the log of ``size``."""
        if not 0 <= index < size:
            raise LogError(
                f"There is no entry {index}; the log has {size}.",
                f"没有第 {index} 条；日志共 {size} 条。",
            )
        return self.bundle(index // WIDTH, size)[index % WIDTH]

    def leaf(self, index: int, size: int) -> bytes:
        """Return the leaf hash that the log of ``size`` committed to for entry ``index``."""
        number, offset = divmod(index, WIDTH)
        data = self.tile(Tile(0, number, tile_width(0, number, size)))
        return data[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]

    def entries(self, size: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of every entry from ``start`` on."""
        for number in range(start // WIDTH, -(-size // WIDTH)):
            for offset, entry in enumerate(self.bundle(number, size)):
                if number * WIDTH + offset >= start:
                    yield number * WIDTH + offset, entry

    def hashes(self, size: int) -> ReadHash:
        """Return a reader of subtree hashes from the tiles as they are (not recomputed)."""
        kept: dict[Tile, bytes] = {}

        def read(tile: Tile) -> bytes:
            if tile not in kept:
                kept[tile] = self.tile(tile)
            return kept[tile]

        return hash_reader(size, read)

    def root(self, size: int) -> bytes:
        """Return the root of the first ``size`` leaves by the tiles as they are."""
        return tree_root(size, self.hashes(size))

    def leaves(self, size: int) -> Iterator[bytes]:
        """Yield the leaf hash of every entry, from the entries themselves."""
        for _, entry in self.entries(size):
            yield leaf_hash(entry)


def tiles_from_leaves(leaves: Iterator[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Yield every hash tile of the tree over ``leaves``, full ones first as they fill."""
    levels: list[list[bytes]] = [[]]
    counts = [0]
    for leaf in leaves:
        carry, level = leaf, 0
        while True:
            levels[level].append(carry)
            if len(levels[level]) < WIDTH:
                break
            data = b"".join(levels[level])
            yield Tile(level, counts[level]), data
            levels[level], counts[level] = [], counts[level] + 1
            carry, level = tile_hash(data), level + 1
            if level == len(levels):
                levels.append([])
                counts.append(0)
    for level, rest in enumerate(levels):
        if rest:
            yield Tile(level, counts[level], len(rest)), b"".join(rest)


def read(path: Path) -> bytes | None:
    """Return the bytes of a file of the log, None when there is none; raises LogError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> LogError:
    """Return the error for a file of the log that the system does not let us read."""
    return LogError(
        f"The log's file {path} cannot be read ({error.strerror}).",
        f"无法读取日志文件 {path}（{error.strerror}）。",
    )
