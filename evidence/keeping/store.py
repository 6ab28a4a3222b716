"""Where the content of sealed exhibits is kept: a port, and folders with everything encrypted.

Each exhibit has a key of its own (``keys/content/<capture_id>.key``); its content lies beside its
sidecars as ``NAME.wacz.atrest`` and ``NAME.dossier.zip.atrest`` (``evidence.format.atrest``).
Without the key the content is gone: that is what erasing means.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Protocol

from evidence.errors import InputError, SealError
from evidence.exhibitkeys import CONTENT, drop_key, key_path, make_key, read_key
from evidence.format.atrest import SUFFIX, encrypt, open_encrypted
from evidence.format.digests import CHUNK, read_chunks
from evidence.home import EvidenceHome
from evidence.keeping.dossier import write_dossier
from evidence.keeping.exhibit import Kept, open_plain
from evidence.log.durable import locked, sync_folder


class ContentStore(Protocol):
    """Keeps the content of exhibits; a bucket can be one as well as a folder."""

    def put(self, kept: Kept) -> None:
        """Take in the content that lies in the clear; harmless when done again."""

    def open(self, kept: Kept, file_name: str) -> BinaryIO:
        """Return one file of the content in the clear; InputError when it cannot be had."""

    def holds(self, kept: Kept, file_name: str) -> bool:
        """Say whether the file is here and its key too."""

    def renewed(self, kept: Kept) -> Path | None:
        """Write the dossier again with the papers that came later."""

    def erase(self, kept: Kept) -> None:
        """End the exhibit's key, then its content; harmless when done again."""


@dataclass(frozen=True)
class FolderStore:
    """Content encrypted in the folders of the exhibits, the keys with those of ``home``."""

    home: EvidenceHome

    def put(self, kept: Kept) -> None:
        """Encrypt what lies in the clear, read it back, and only then remove the clear file.

        An interrupted run is repeated harmlessly. Raises SealError when what was written does not
        read back as it was; the clear file then stays.
        """
        capture_id = kept.outcome.capture_id
        with locked(kept.path(f".{kept.name}.keeping.lock")):
            for name in content_names(kept):
                path = kept.path(name)
                if not path.is_file():
                    continue
                if not key_path(self.home, capture_id, CONTENT).exists():
                    make_key(self.home, capture_id, CONTENT)
                self._replace(path, read_key(self.home, capture_id, CONTENT))

    def _replace(self, path: Path, key: bytes) -> None:
        target, temporary = _encrypted(path), path.with_name(f".{path.name}{SUFFIX}.tmp")
        with path.open("rb") as source, temporary.open("wb") as writing:
            temporary.chmod(0o600)
            encrypt(source, writing, key)
            writing.flush()
            os.fsync(writing.fileno())
        with path.open("rb") as source, temporary.open("rb") as held:
            written = hashlib.file_digest(source, "sha256").digest()
            with closing(open_encrypted(held, key)) as clear:
                same = hashlib.file_digest(clear, "sha256").digest() == written
        if not same:
            temporary.unlink()
            raise SealError(
                f"{path.name} was not written as it is; the clear file stays.",
                f"{path.name} 加密后读回不一致；原文件保留。",
            )
        temporary.rename(target)
        sync_folder(path.parent)
        path.unlink()
        sync_folder(path.parent)

    def open(self, kept: Kept, file_name: str) -> BinaryIO:
        """Return the clear content, from the encrypted file or from one not yet taken in."""
        path = kept.path(file_name)
        if path.is_file() or not _encrypted(path).is_file():
            try:
                return open_plain(kept, file_name)
            except InputError:
                if not _encrypted(path).is_file():  # else it was taken in just now
                    raise
        key = read_key(self.home, kept.outcome.capture_id, CONTENT)
        try:
            source = _encrypted(path).open("rb")
        except OSError as error:
            raise InputError(
                f"{path} cannot be read ({error.strerror}).",
                f"无法读取 {path}（{error.strerror}）。",
            ) from error
        return io.BufferedReader(open_encrypted(source, key), CHUNK)

    def holds(self, kept: Kept, file_name: str) -> bool:
        """Say whether the file is here, in the clear or with its key."""
        path = kept.path(file_name)
        if path.is_file() or not _encrypted(path).is_file():
            return path.is_file()
        return key_path(self.home, kept.outcome.capture_id, CONTENT).exists()

    def renewed(self, kept: Kept) -> Path | None:
        """Write the dossier again with the papers that came later; as ``write_dossier``.

        One that is encrypted lies in the clear only while it is written.
        """
        name = kept.sidecars.dossier
        with locked(kept.path(f".{kept.name}.keeping.lock")):
            if kept.path(name).is_file() or not _encrypted(kept.path(name)).is_file():
                return write_dossier(kept, content=self.open)
            with Stored(self, kept, name).clear(kept.folder) as clear:
                clear.rename(kept.path(name))
            written = write_dossier(kept, content=self.open)
        self.put(kept)
        return written

    def erase(self, kept: Kept) -> None:
        """End the key first, durably; the encrypted and any clear files after it."""
        drop_key(self.home, kept.outcome.capture_id, CONTENT)
        for name in content_names(kept):
            for path in (kept.path(name), _encrypted(kept.path(name))):
                path.unlink(missing_ok=True)
        for left in kept.folder.glob(f".{kept.name}.*.tmp"):
            left.unlink()
        for left in kept.folder.glob(".clear-*"):
            shutil.rmtree(left, ignore_errors=True)
        sync_folder(kept.folder)


@dataclass(frozen=True)
class Stored:
    """One file of an exhibit's content in a store; opened like a path, always in the clear."""

    store: ContentStore
    kept: Kept
    name: str

    @property
    def path(self) -> Path:
        """Where it would lie in the clear, beside its sidecars."""
        return self.kept.path(self.name)

    def is_file(self) -> bool:
        """Say whether it can be had."""
        return self.store.holds(self.kept, self.name)

    def open(self, mode: str = "rb") -> BinaryIO:
        """Return the open file, for reading; InputError when it cannot be had."""
        return self.store.open(self.kept, self.name)

    def read_bytes(self) -> bytes:
        """Return all of it."""
        with self.open() as source:
            return source.read()

    @contextmanager
    def clear(self, folder: Path) -> Iterator[Path]:
        """Give it as a file in the clear below ``folder`` (0700), gone with the ``with`` block."""
        with TemporaryDirectory(dir=folder, prefix=".clear-") as place:
            target = Path(place) / self.name
            with self.open() as source, target.open("wb") as writing:
                for chunk in read_chunks(source):
                    writing.write(chunk)
            yield target


@contextmanager
def in_the_clear(home: EvidenceHome, path: Path) -> Iterator[Path]:
    """Give the file at ``path``, or the clear copy of one that is encrypted there.

    A path at which neither lies is given back as it is. The copy is gone with the block.
    """
    if path.exists() or not _encrypted(path).is_file():
        yield path
        return
    name = path.name.removesuffix(".dossier.zip").removesuffix(".wacz")
    stored = Stored(FolderStore(home), Kept(path.parent, name), path.name)
    with stored.clear(path.parent) as clear:
        yield clear


def at_rest(path: Path) -> Path | None:
    """Return the clear name of the file at ``path`` if it lies there encrypted, else None.

    ``path`` may be the name of the encrypted file as well.
    """
    if not path.name:  # a folder such as "." or "/"
        return None
    clear = path.with_name(path.name.removesuffix(SUFFIX))
    return clear if not clear.exists() and _encrypted(clear).is_file() else None


def content_names(kept: Kept) -> tuple[str, str]:
    """Return the names of the files that are an exhibit's content."""
    return kept.sidecars.wacz, kept.sidecars.dossier


def _encrypted(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)
