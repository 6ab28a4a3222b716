"""Narrower tiles and bundles (c2sp.org/tlog-tiles), kept for readers of older checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from evidence.errors import FormatError
from evidence.format.tiles import WIDTH, Tile, unpack_entries
from evidence.log.report import AuditReport
from evidence.log.store import Store


def check_narrower(
    store: Store, tiles: Mapping[tuple[int, int], bytes], size: int, report: AuditReport
) -> None:
    """Hold each narrower file of the log's edge against what the newest checkpoint fixes.

    ``tiles`` are the hash tiles computed from the entries, by level and number. Wider files
    belong to a commit that is under way and count for nothing.
    """
    level = 0
    while count := size >> (8 * level):
        tile = Tile(level, count // WIDTH, count % WIDTH)
        whole = tiles.get((level, tile.n), b"")
        for path, width, data in _narrower(store, tile):
            if data != whole[: width * 32]:
                _add(report, "tile", None, path)
        level += 1
    bundle = Tile(None, size // WIDTH, size % WIDTH)
    for path, width, data in _narrower(store, bundle):
        if not store.tile(bundle).startswith(data) or _count(data) != width:
            _add(report, "entries", bundle.n * WIDTH, path)


def _count(data: bytes) -> int:
    try:
        return len(unpack_entries(data))
    except FormatError:
        return -1


def _narrower(store: Store, tile: Tile) -> Iterator[tuple[str, int, bytes]]:
    """Yield the path, width and bytes of the files that are narrower than ``tile``."""
    if not tile.width:
        return
    folder = (store.folder / tile.path()).parent
    for path in sorted(folder.glob("[0-9]*")):
        if path.name.isdigit() and int(path.name) < tile.width:
            with suppress(FileNotFoundError):  # a commit takes old ones away
                yield _shown(path, store), int(path.name), path.read_bytes()


def _shown(path: Path, store: Store) -> str:
    return path.relative_to(store.folder).as_posix()


def _add(report: AuditReport, code: str, index: int | None, path: str) -> None:
    report.add(
        code,
        index,
        f"日志文件 {path}（供较早检查点的读者使用）与条目不符。",
        f"The log's file {path}, for readers of an older checkpoint, does not fit the entries.",
    )
