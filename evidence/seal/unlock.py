"""Opening the encrypted part of a package with the key that this installation keeps."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from evidence.errors import FormatError, InputError
from evidence.format import jcs
from evidence.format.digests import CHUNK
from evidence.format.manifest import Manifest
from evidence.format.names import CAPTURE, MANIFEST, PRIVATE
from evidence.format.private import decrypt
from evidence.format.zipform import ZipEntry, read_zip

_MANIFEST_LIMIT = 8 << 20
_RECORD_LIMIT = 32 << 20


@dataclass(frozen=True)
class Part:
    """The encrypted part of a package: which capture it is of, and its SHA-256 (hex).

    ``inside`` are the files in it and their SHA-256, as the capture's record states them.
    """

    wacz: Path
    capture_id: str
    sha256: str
    offset: int
    size: int
    inside: Mapping[str, str]


def find_part(wacz: Path) -> Part:
    """Return the encrypted part of ``NAME.wacz``; its digest is compared with the manifest's.

    Raises InputError when the file is no package of ours, has no such part, or it was altered.
    Not checked: signature, log and timestamps; ``markseal verify`` does that.
    """
    try:
        with wacz.open("rb") as source:
            entries = {entry.name: entry for entry in read_zip(source)}
            manifest = _manifest(source, entries)
            entry = entries.get(PRIVATE)
            listed = {a.name: a.digests.sha256 for a in manifest.artefacts}.get(PRIVATE)
            if entry is None or listed is None:
                raise InputError(
                    f"{wacz.name} has no encrypted part: it was captured without a login.",
                    f"{wacz.name} 没有加密部分：取证时未声明登录状态。",
                )
            inside = dict(_stated(source, entries))
            digest = hashlib.sha256()
            for chunk in _chunks(source, entry.data_offset, entry.size):
                digest.update(chunk)
    except OSError as error:
        raise InputError(
            f"{wacz} cannot be read ({error.strerror}); give the .wacz of a capture.",
            f"无法读取 {wacz}（{error.strerror}）；请给出一次取证的 .wacz 文件。",
        ) from error
    except FormatError as error:
        raise InputError(
            f"{wacz.name} is not a package of ours ({error.en}); give the .wacz of a capture.",
            f"{wacz.name} 不是本系统的证据包（{error.zh}）；请给出一次取证的 .wacz 文件。",
        ) from error
    if digest.hexdigest() != listed:
        raise InputError(
            f"{PRIVATE} in {wacz.name} is not the one that the manifest lists; it was altered.",
            f"{wacz.name} 中的 {PRIVATE} 与清单所列不符，已被改动。",
        )
    return Part(wacz, manifest.capture_id, listed, entry.data_offset, entry.size, inside)


def refuse_folder(out: Path) -> None:
    """Raise InputError unless ``out`` is a new or an empty folder: nothing is overwritten."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} exists and is not an empty folder; choose another, nothing is overwritten.",
            f"{out} 已存在且不是空目录；请换一个目录，已有文件不会被覆盖。",
        )


def open_part(part: Part, key: bytes, out: Path) -> tuple[Path, ...]:
    """Write what is in an encrypted part into the folder ``out``; return the files.

    The folder is readable by the owner alone. Raises InputError when it is not empty, when the
    key is another's, or, naming it, when a file is not the one that the capture's record states;
    what was written by then stays.
    """
    refuse_folder(out)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    out.chmod(0o700)
    with part.wacz.open("rb") as source, tempfile.TemporaryFile(dir=out) as clear:
        source.seek(part.offset)
        try:
            for chunk in decrypt(io.BufferedReader(_Limited(source, part.size)), key):
                clear.write(chunk)
            files = {entry.name: _extract(clear, entry, out) for entry in read_zip(clear)}
        except FormatError as error:
            raise InputError(error.en, error.zh) from error
    found = {name: _sha256(path) for name, path in files.items()}
    for name in sorted(found.keys() | part.inside.keys()):
        if found.get(name) != part.inside.get(name):
            raise InputError(
                f"{name} is not the file that the capture's record states.",
                f"{name} 与取证记录所列不符。",
            )
    return tuple(files.values())


class _Limited(io.RawIOBase):
    """``size`` bytes of a file from where it stands, as a file."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        super().__init__()
        self._source, self._left = source, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def _manifest(source: BinaryIO, entries: dict[str, ZipEntry]) -> Manifest:
    entry = entries.get(MANIFEST)
    if entry is None or entry.size > _MANIFEST_LIMIT:
        raise FormatError(f"{MANIFEST} is missing or too large", f"{MANIFEST} 缺失或过大")
    return Manifest.parse(b"".join(_chunks(source, entry.data_offset, entry.size)))


def _stated(source: BinaryIO, entries: dict[str, ZipEntry]) -> Iterator[tuple[str, str]]:
    """Yield name and SHA-256 of each file that ``capture.json`` says is in the part."""
    entry = entries.get(CAPTURE)
    if entry is None or entry.size > _RECORD_LIMIT:
        raise FormatError(f"{CAPTURE} is missing or too large", f"{CAPTURE} 缺失或过大")
    data = b"".join(_chunks(source, entry.data_offset, entry.size))
    record = jcs.loads(data, CAPTURE, limit=_RECORD_LIMIT)
    rows = record.get("private") if isinstance(record, dict) else None
    for row in rows if isinstance(rows, list) else []:
        fields = {"name": str, "size": int, "sha256": str, "sm3": str}
        stated = jcs.take(row, f"{CAPTURE}: private", fields)
        yield stated["name"], stated["sha256"]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(source: BinaryIO, offset: int, size: int) -> Iterator[bytes]:
    source.seek(offset)
    while size > 0:
        chunk = source.read(min(CHUNK, size))
        if not chunk:
            return
        size -= len(chunk)
        yield chunk


def _extract(clear: BinaryIO, entry: ZipEntry, out: Path) -> Path:
    target = out / entry.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as writing:
        for chunk in _chunks(clear, entry.data_offset, entry.size):
            writing.write(chunk)
    return target
