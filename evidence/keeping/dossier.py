"""A dossier written again with papers that came later: renewals, receipts of anchoring."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from evidence.errors import EvidenceError, SealError
from evidence.format.digests import read_chunks
from evidence.format.names import REVOCATION, SERIES_LIMIT
from evidence.format.zipform import ZipEntry, ZipPart, read_zip, write_zip
from evidence.keeping.exhibit import Kept, Opener, open_plain
from evidence.log.durable import replace_file, sync_folder

Rewrite = Callable[[Kept], Path | None]
"""What writes an exhibit's dossier again, wherever it lies."""


def write_dossier(kept: Kept, *, content: Opener = open_plain) -> Path | None:
    """Write NAME.dossier.zip again with the optional papers that lie beside it; return its path.

    None when there is no dossier beside the sidecars (its content is erased, or encrypted at
    rest: it is then made when it is handed out). Every other file is taken over byte by byte.
    """
    path = kept.path(kept.sidecars.dossier)
    if not path.is_file():
        return None
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with path.open("rb") as old, temporary.open("w+b") as new:
            _write(kept, old, new, content)
            new.flush()
            os.fsync(new.fileno())
        temporary.rename(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _write(kept: Kept, old: BinaryIO, new: BinaryIO, content: Opener) -> None:
    papers = kept.papers()
    entries = {entry.name: entry for entry in read_zip(old)}
    held: dict[str, bytes] = {}
    for name, entry in entries.items():
        if name != kept.sidecars.wacz:
            held[name] = _read(old, entry)
    held |= {name: papers.files[name] for name in papers.further}
    order = kept.sidecars.dossier_order(tuple(papers.tokens), held)
    missing = [name for name in order if name not in held and name != kept.sidecars.wacz]
    if missing:
        raise SealError(
            f"{kept.sidecars.dossier} lacks {missing[0]}; it is left as it is.",
            f"{kept.sidecars.dossier} 缺少 {missing[0]}；保持原样。",
        )
    aside = kept.path(f".{kept.sidecars.wacz}.tmp")
    try:
        parts = [ZipPart(name, held[name]) for name in order if name in held]
        with closing(content(kept, kept.sidecars.wacz)) as source, aside.open("wb") as copy:
            for chunk in read_chunks(source):
                copy.write(chunk)
        write_zip(new, [ZipPart(kept.sidecars.wacz, aside), *parts])
    finally:
        aside.unlink(missing_ok=True)


def keep_revocation(kept: Kept, *, content: Opener) -> None:
    """Lay the revocation data that the dossier alone holds beside the sidecars.

    Under the number that it has there, or the next that is free: other exhibits may lie in the
    same folder. Nothing is done where there is no dossier any more, or none that can be read.
    """
    for name, data in _revocation(kept, content).items():
        stem, number, kind = name.rsplit(".", 2)
        for free in range(int(number), SERIES_LIMIT + 1):
            path = kept.path(f"{stem}.{free}.{kind}")
            if not path.exists():
                replace_file(path, data)
            if path.read_bytes() == data:
                break


def _revocation(kept: Kept, content: Opener) -> dict[str, bytes]:
    try:
        with closing(content(kept, kept.sidecars.dossier)) as held:
            rows = [entry for entry in read_zip(held) if entry.name.startswith(REVOCATION)]
            return {row.name: _read(held, row) for row in rows if kept.sidecars.rank(row.name)}
    except EvidenceError:
        return {}


def _read(source: BinaryIO, entry: ZipEntry) -> bytes:
    source.seek(entry.data_offset)
    return source.read(entry.size)
