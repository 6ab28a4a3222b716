"""The optional files of a dossier beside the package: what an earlier, killed run left is removed.

They belong to the proofs of one run. With other proofs they would contradict them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evidence.format.names import Sidecars
from evidence.log.durable import sync_folder


def drop_stale(folder: Path, name: str, files: Mapping[str, object]) -> None:
    """Remove the optional files of ``NAME`` in ``folder`` that are not among ``files``."""
    sidecars = Sidecars(name)
    stale = [p for p in folder.iterdir() if sidecars.rank(p.name) and p.name not in files]
    for path in stale:
        path.unlink()
    if stale:
        sync_folder(folder)


def beside(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return those of a dossier's papers that also lie beside the package.

    Revocation data is in the dossier alone: its name does not say of which package it is.
    """
    return {file: data for file, data in files.items() if "/" not in file}
