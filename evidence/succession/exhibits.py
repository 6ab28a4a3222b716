"""Every exhibit of a data folder verified, in the clear or encrypted at rest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import EvidenceError
from evidence.format.entry import Sealed, parse_entry
from evidence.format.note import NoteKey
from evidence.home import EvidenceHome
from evidence.keeping.exhibit import Kept, find
from evidence.keeping.store import FolderStore
from evidence.log import Store
from evidence.seal.workfolder import ORDER, WorkFolder
from evidence.verify.steps import verify_file


@dataclass(frozen=True)
class Exhibit:
    """A dossier, its verdict's exit code, and what is wrong with it (empty: nothing)."""

    path: Path
    exit_code: int
    zh: str
    en: str


def verify_exhibits(
    home: EvidenceHome, key: NoteKey, erased: Collection[str]
) -> tuple[tuple[Exhibit, ...], tuple[int, ...]]:
    """Verify every sealed exhibit below the data folder with its own trust folder.

    Returns the verdicts, and the indices of sealed outcomes of the log (whose key is given) that
    have no exhibit here. Erased ones are neither, nor are those yet to be put in place.
    """
    store, verdicts, there = FolderStore(home), [], {*erased, *unfinished(home)}
    for kept in find(home.path):
        try:
            capture_id = kept.outcome.capture_id
        except EvidenceError as error:
            verdicts.append(_wrong(kept, error))
            continue
        there.add(capture_id)
        if capture_id not in erased:
            verdicts.append(_verify(kept, store, home.trust))
    return tuple(verdicts), tuple(_absent(home, key, there))


def unfinished(home: EvidenceHome) -> tuple[str, ...]:
    """Return the captures that were begun and neither failed nor are done."""
    folders = sorted(path.parent for path in home.work.glob(f"*/{ORDER}"))
    return tuple(folder.name for folder in folders if WorkFolder(folder).is_open)


def _verify(kept: Kept, store: FolderStore, trust: Path) -> Exhibit:
    """Verify one dossier; content at rest is opened into a private folder for it."""
    name = kept.sidecars.dossier
    path = kept.path(name)
    try:
        if path.is_file():
            return _verdict(path, path, trust)
        with (
            tempfile.TemporaryDirectory(prefix="markseal-restore-") as folder,
            store.open(kept, name) as source,
            (Path(folder) / name).open("wb") as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            return _verdict(path, Path(folder) / name, trust)
    except EvidenceError as error:
        return _wrong(kept, error)


def _verdict(path: Path, file: Path, trust: Path) -> Exhibit:
    verdict = verify_file(file, trust=trust)
    if verdict.exit_code == 0:
        return Exhibit(path, 0, "", "")
    value = verdict.to_json()["headline"]
    return Exhibit(path, verdict.exit_code, str(value["zh"]), str(value["en"]))


def _wrong(kept: Kept, error: EvidenceError) -> Exhibit:
    return Exhibit(kept.path(kept.sidecars.dossier), error.exit_code, error.zh, error.en)


def _absent(home: EvidenceHome, key: NoteKey, there: Collection[str]) -> list[int]:
    """Return the sealed outcomes without an exhibit; none when the log cannot be read."""
    store, found = Store(home.log, key), []
    try:
        for index, data in store.entries(store.newest().size):
            if b'"outcome":"sealed"' in data:
                entry = parse_entry(data)
                if isinstance(entry, Sealed) and entry.capture_id not in there:
                    found.append(index)
    except EvidenceError:
        return found
    return found
