"""Checkpoints of a log that are known from outside it: from dossiers, proofs, files, witnesses."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import EvidenceError, InputError
from evidence.format.note import NoteKey
from evidence.format.tlogproof import TlogProof
from evidence.log import Head
from evidence.log.store import open_checkpoint

LIMIT = 1 << 20
PROOF = ".tlog-proof"


@dataclass(frozen=True)
class Known:
    """A checkpoint that the log's own key signed, and from where it is known."""

    head: Head
    where: str


def known_in(path: Path, key: NoteKey) -> list[Known]:
    """Return the log's checkpoints in a dossier, a tlog-proof, or a checkpoint file.

    Those of other logs do not count. Raises InputError when nothing of this log is in the file.
    """
    found = [Known(head, str(path)) for note in _notes(path) if (head := _opened(note, key))]
    if not found:
        raise InputError(
            f"{path} holds no checkpoint of the log {key.name}; give a dossier, a .tlog-proof or "
            "a checkpoint of it.",
            f"{path} 中没有日志 {key.name} 的检查点；请给出其证据移交包、.tlog-proof 或检查点。",
        )
    return found


def known_below(folder: Path, key: NoteKey) -> Iterator[Known]:
    """Yield the log's checkpoints in every proof and dossier below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.name.endswith((PROOF, ".dossier.zip")) and path.is_file():
            for note in _notes(path):
                head = _opened(note, key)
                if head is not None:
                    yield Known(head, str(path))


def newest(known: Iterable[Known]) -> Known | None:
    """Return the largest of them; InputError when two of one size differ: the log was forked."""
    best: Known | None = None
    for item in known:
        if best is None or item.head.size > best.head.size:
            best = item
        elif item.head.size == best.head.size and item.head.checkpoint != best.head.checkpoint:
            raise InputError(
                f"{item.where} and {best.where} hold two checkpoints of size {best.head.size} "
                "with different roots: the log was forked. Keep both files; they prove it.",
                f"{item.where} 与 {best.where} 中有两个大小同为 {best.head.size} 而树根不同的检查"
                "点：日志分叉。请保存两份文件，它们即为证明。",
            )
    return best


def _opened(note: bytes, key: NoteKey) -> Head | None:
    try:
        return open_checkpoint(note, key)
    except EvidenceError:
        return None


def _notes(path: Path) -> Sequence[bytes]:
    """Return what may be checkpoints in a file."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as dossier:
                names = [i for i in dossier.infolist() if i.filename.endswith(PROOF)]
                held = [dossier.read(i) for i in names if i.file_size <= LIMIT]
            return [note for data in held for note in _of_proof(data)]
        with path.open("rb") as source:
            data = source.read(LIMIT)
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise InputError(
            f"{path} cannot be read ({error}).", f"无法读取 {path}（{error}）。"
        ) from error
    return [data, *_of_proof(data)]


def _of_proof(data: bytes) -> list[bytes]:
    try:
        return [TlogProof.parse(data).checkpoint]
    except EvidenceError:
        return []
