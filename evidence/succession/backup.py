"""``markseal backup``: one encrypted file with everything that counts, consistent, all or nothing.

Content: a tar (POSIX.1-2001, plain files only) of the data folder; its last member,
``INDEX.json``, lists size and SHA-256 of all others and the log's checkpoint. The keys of single
exhibits go into a second, small file of the same form, ``FILE.keys``: erasing an exhibit for good
ends with destroying those of before, while the large files may stay.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO, cast

from evidence.errors import InputError, SealError
from evidence.format import jcs
from evidence.format.backupfile import BackupWriter, Wrap
from evidence.format.times import format_time
from evidence.home import EvidenceHome
from evidence.log.durable import Fault, no_fault, sync_folder
from evidence.succession.snapshot import Snapshot, log_files, take_snapshot, work_files

FORMAT = "markseal-backup-index/1"
INDEX = "INDEX.json"
KEYS_SUFFIX = ".keys"
EXHIBIT_KEYS = ("evidence/keys/content/", "evidence/keys/private/")
Dump = Callable[[Path], str]
"""Writes a dump of the desk's database into a folder and returns the file's name."""


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds: files, bytes before encryption, the log's head, open captures.

    ``keys`` is the file with the keys of single exhibits, None when there are none.
    """

    path: Path
    keys: Path | None
    files: int
    size: int
    log_size: int
    root: str
    unfinished: tuple[str, ...]


@dataclass
class _Tar:
    """The archive being written, and its index so far."""

    archive: tarfile.TarFile
    rows: list[dict[str, object]] = field(default_factory=list)
    total: int = 0

    def put(self, name: str, source: IO[bytes], size: int, mode: int) -> None:
        """Add ``size`` bytes of ``source``; SealError when it has become shorter."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, mode
        reader = _Digesting(source)
        try:
            self.archive.addfile(info, cast(IO[bytes], reader))
        except tarfile.TarError as error:
            raise SealError(
                f"{name} became shorter while it was read; run the backup again.",
                f"{name} 在读取时变短；请重新备份。",
            ) from error
        digest = reader.sha256.hexdigest()
        self.rows.append({"name": name, "size": size, "sha256": digest, "mode": mode})
        self.total += size

    def put_bytes(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """Add a file from memory."""
        self.put(name, io.BytesIO(data), len(data), mode)


@dataclass
class _Digesting:
    source: IO[bytes]

    def __post_init__(self) -> None:
        self.sha256 = sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.sha256.update(data)
        return data


def back_up(
    home: EvidenceHome,
    out: Path,
    wrap: Wrap,
    *,
    now: datetime,
    dump: Dump | None = None,
    fault: Fault = no_fault,
) -> BackedUp:
    """Write the backup to the new file ``out``; return what is in it.

    The database is dumped first, so that it never knows an exhibit that the log does not; then it
    waits for a moment in which no exhibit is being sealed, and takes the checkpoint. Raises
    InputError for a place that is taken, SealError when the disk is full: nothing is then there.
    """
    _refuse_inside(out, home.path)
    _refuse_taken(out)
    with (
        _dumped(dump) as dumped,
        home.signing(exclusive=True) as share,
        _together(out),
        _draft(out, fault) as target,
    ):
        snapshot = take_snapshot(home)
        share()
        fault("snapshot taken")
        keys = _write_keys(snapshot, out, wrap, now)
        with _archive(target, wrap) as tar:
            for path in dumped:
                _add(tar, path, path.name)
            unfinished = _fill(tar, snapshot, fault)
            tar.put_bytes(INDEX, _index(tar, snapshot, now))
    root = snapshot.head.checkpoint.root.hex()
    size = snapshot.head.size
    return BackedUp(out, keys, len(tar.rows) - 1, tar.total, size, root, unfinished)


@contextmanager
def _together(out: Path) -> Iterator[None]:
    """Take the file of the keys away again when the backup itself does not come about."""
    beside = out.with_name(out.name + KEYS_SUFFIX)
    _refuse_taken(beside)
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            beside.unlink(missing_ok=True)


@contextmanager
def _archive(target: BinaryIO, wrap: Wrap) -> Iterator[_Tar]:
    """Yield the archive that is written, encrypted, to ``target``; finished when all went well."""
    writer = BackupWriter(target, wrap)
    sink = cast(IO[bytes], writer)
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        yield _Tar(archive)
    writer.finish()


def _write_keys(snapshot: Snapshot, out: Path, wrap: Wrap, now: datetime) -> Path | None:
    """Write the keys of single exhibits into the file beside; None when there are none."""
    names = [name for name in snapshot.files if name.startswith(EXHIBIT_KEYS)]
    if not names:
        return None
    beside = out.with_name(out.name + KEYS_SUFFIX)
    with _draft(beside, no_fault) as target, _archive(target, wrap) as tar:
        for name in names:
            with suppress(FileNotFoundError):
                _add(tar, snapshot.home.path / name, name)
        tar.put_bytes(INDEX, _index(tar, snapshot, now))
    return beside


def _refuse_inside(out: Path, home: Path) -> None:
    """A set inside the data folder would be in the next one, with keys that are erased since."""
    if out.resolve().is_relative_to(home.resolve()):
        raise InputError(
            f"{out} is inside the data folder; give a file outside it, best on another disk.",
            f"{out} 位于数据目录之内；请给出其外的文件，最好在另一块磁盘上。",
        )


def _refuse_taken(out: Path) -> None:
    if out.exists():
        raise InputError(
            f"{out} exists already; give a new file.", f"{out} 已存在；请给出新的文件名。"
        )


def _fill(tar: _Tar, snapshot: Snapshot, fault: Fault) -> tuple[str, ...]:
    """Add everything of the data folder; return the captures of which only the order went in."""
    home, unfinished = snapshot.home, set[str]()
    for name in snapshot.files:
        if name.startswith(EXHIBIT_KEYS):
            continue
        with suppress(FileNotFoundError):
            _add(tar, home.path / name, name)
    fault("files written")
    for name, whole in work_files(snapshot):
        if not whole:
            unfinished.add(Path(name).parent.name)
        _add(tar, home.path / name, name)
    fault("work written")
    for name, data in log_files(snapshot):
        tar.put_bytes(name, data)
    fault("log written")
    return tuple(sorted(unfinished))


def _add(tar: _Tar, path: Path, name: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as source:
        status = os.fstat(handle)
        tar.put(name, source, status.st_size, status.st_mode & 0o777)


def _index(tar: _Tar, snapshot: Snapshot, now: datetime) -> bytes:
    return jcs.dumps(
        {
            "format": FORMAT,
            "created": format_time(now),
            "home": str(snapshot.home.path.absolute()),
            "checkpoint": snapshot.head.note.decode(),
            "files": tar.rows,
        }
    )


@contextmanager
def _dumped(dump: Dump | None) -> Iterator[list[Path]]:
    """Yield the dump of the database in a private folder, nothing when there is none."""
    with tempfile.TemporaryDirectory(prefix="markseal-dump-") as name:
        folder = Path(name)
        yield [] if dump is None else [folder / dump(folder)]


@contextmanager
def _draft(out: Path, fault: Fault) -> Iterator[BinaryIO]:
    """Yield a hidden file that becomes ``out`` when the block ends well, and is gone otherwise."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror}); choose another place.",
            f"无法写入 {out}（{error.strerror}）；请换一个位置。",
        ) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        fault("draft whole")
        draft.rename(out)
        sync_folder(out.parent)
    except OSError as error:
        raise SealError(
            f"The backup could not be written ({error.strerror}); nothing is there, make room "
            "and run it again.",
            f"无法写入备份（{error.strerror}）；未留下任何文件，请腾出空间后重试。",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
