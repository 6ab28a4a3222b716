"""Checkpoints that were kept elsewhere: a note, a proof, or the proofs in a dossier."""

from __future__ import annotations

import zipfile
from pathlib import Path

from evidence.errors import FormatError, InputError
from evidence.format.tlogproof import HEADER, LIMIT, TlogProof

SUFFIX = ".tlog-proof"
MOST = 64


def read_checkpoints(path: Path) -> list[tuple[str, bytes]]:
    """Return the checkpoints in ``path`` by name, unverified; raises InputError naming the file.

    ``path`` is a checkpoint, a ``.tlog-proof``, or a dossier, whose proofs are read.
    """
    try:
        if zipfile.is_zipfile(path):
            return _of_dossier(path)
        data = path.read_bytes()[: LIMIT + 1]
        return [(path.name, _note(data, path.name))]
    except (OSError, zipfile.BadZipFile, FormatError, NotImplementedError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path} cannot be read as a checkpoint, proof or dossier ({why}).",
            f"{path} 不能读作检查点、证明或证据移交包（{why}）。",
        ) from error


def _of_dossier(path: Path) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    with zipfile.ZipFile(path) as held:
        for item in held.infolist()[: MOST * 4]:
            if item.filename.endswith(SUFFIX) and item.file_size <= LIMIT and len(found) < MOST:
                name = f"{path.name}: {item.filename}"
                found.append((name, _note(held.read(item), name)))
    if not found:
        raise FormatError("it holds no proof", "其中没有证明")
    return found


def _note(data: bytes, name: str) -> bytes:
    return TlogProof.parse(data, name).checkpoint if data.startswith(HEADER.encode()) else data
