"""``markseal restore``: opens a backup into a new data folder and proves what is in it.

Nothing is put in place before every digest is right. Then every exhibit is verified, the log
audited, and its size compared with every checkpoint that is known: from the exhibits, from files
that were handed in, from witnesses. A log that is behind is not written to any more.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

from evidence.errors import FormatError, InputError, SealError
from evidence.format import jcs
from evidence.format.backupfile import PieceReader, Unwrap, read_backup
from evidence.format.note import NoteKey
from evidence.home import EvidenceHome
from evidence.keeping.erasures import erased_ids
from evidence.log import AuditReport
from evidence.log.audit import VKEY, read_vkey
from evidence.log.durable import replace_file, sync_folder
from evidence.seal.private import CONTENT, drop_key
from evidence.seal.workfolder import DONE, ORDER
from evidence.succession.backup import FORMAT, INDEX, KEYS_SUFFIX
from evidence.succession.exhibits import Exhibit, unfinished, verify_exhibits
from evidence.succession.known import Known, known_below, known_in, newest
from evidence.succession.sequences import keep_sequences

INDEX_LIMIT = 1 << 28
Ask = Callable[[EvidenceHome, NoteKey], Sequence[Known]]
"""Asks the witnesses of a data folder for the newest checkpoint of its log."""


@dataclass(frozen=True)
class Restored:
    """What was restored and proved.

    ``ahead`` is a known checkpoint that the log does not reach; ``absent`` are the indices of
    sealed outcomes whose exhibits are not in the set (they lay elsewhere, or came later than it);
    ``erased`` the captures whose content was erased; ``unfinished`` those that go on when their
    command is run again; ``keys`` whether the exhibits' keys came too.
    """

    home: EvidenceHome
    created: str
    files: int
    exhibits: tuple[Exhibit, ...]
    audit: AuditReport
    ahead: Known | None
    absent: tuple[int, ...] = ()
    erased: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    keys: bool = False

    @property
    def sound(self) -> bool:
        """Whether every exhibit is valid, the log clean, and nothing newer known of it."""
        valid = all(item.exit_code == 0 for item in self.exhibits)
        return valid and self.audit.clean and self.ahead is None


def restore(
    file: Path,
    home: Path,
    unwrap: Unwrap,
    *,
    keys: Path | None = None,
    known: Sequence[Path] = (),
    ask: Ask | None = None,
) -> Restored:
    """Restore ``file`` into the new folder ``home``; return what was found.

    ``keys`` is the file of the exhibits' keys, by default ``FILE.keys`` if it is there. Raises
    InputError for a place that is taken and a known file of another log, FormatError or
    ProofError for a file that does not open or is not whole: nothing is then at ``home``. Not
    proved: that this was the newest backup; the witnesses and the known checkpoints say.
    """
    _refuse_taken(home)
    beside = file.with_name(file.name + KEYS_SUFFIX)
    second = keys or (beside if beside.exists() else None)
    with _draft(home) as draft:
        index = _unpack(file, draft, unwrap)
        if second is not None:
            _unpack(second, draft, unwrap)
        _move_paths(draft, str(index["home"]), str(home.absolute()))
        key = read_vkey(EvidenceHome(draft).log / VKEY)
        given = [item for path in known for item in known_in(path, key)]
        draft.rename(home)
        sync_folder(home.parent)
    restored = EvidenceHome(home)
    erased = _end_erased(restored)
    report = restored.audit_log()
    exhibits, absent = verify_exhibits(restored, key, erased)
    heads = [*known_below(home, key), *given]
    heads += ask(restored, key) if ask is not None else []
    keep_sequences(restored, list(known), key)
    best = newest(heads)
    ahead = best if best is not None and best.head.size > report.size else None
    if ahead is not None:
        replace_file(restored.witness, ahead.head.note)
    return Restored(
        home=restored,
        created=str(index["created"]),
        files=len(index["files"]),
        exhibits=exhibits,
        audit=report,
        ahead=ahead,
        absent=absent,
        erased=erased,
        unfinished=unfinished(restored),
        keys=second is not None,
    )


def _end_erased(home: EvidenceHome) -> tuple[str, ...]:
    """End again the keys of what was erased; return those captures."""
    gone = tuple(sorted(erased_ids(home)))
    for capture_id in gone:
        drop_key(home, capture_id, CONTENT)
        drop_key(home, capture_id)
    return gone


def _refuse_taken(home: Path) -> None:
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise InputError(
            f"{home} exists and is not an empty folder; give a new folder.",
            f"{home} 已存在且不是空文件夹；请给出新的文件夹。",
        )


@contextmanager
def _draft(home: Path) -> Iterator[Path]:
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{home.name}.restoring-", dir=home.parent))
    except OSError as error:
        raise InputError(
            f"{home} cannot be made ({error.strerror}); choose another place.",
            f"无法创建 {home}（{error.strerror}）；请换一个位置。",
        ) from error
    try:
        yield draft
    except OSError as error:
        raise SealError(
            f"The backup could not be restored ({error.strerror}); nothing is there, make room "
            "and run it again.",
            f"无法恢复备份（{error.strerror}）；未留下任何文件，请腾出空间后重试。",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unpack(file: Path, draft: Path, unwrap: Unwrap) -> dict[str, Any]:
    """Unpack into ``draft``; return the index, to which every file was found to answer."""
    found: dict[str, tuple[int, str]] = {}
    last = b""
    try:
        with file.open("rb") as source:
            pieces = PieceReader(read_backup(source, unwrap))
            with tarfile.open(fileobj=cast(IO[bytes], pieces), mode="r|") as archive:
                for member in archive:
                    data = archive.extractfile(member) if member.isreg() else None
                    if data is None or last:
                        raise _wrong(member.name)
                    if member.name == INDEX:
                        last = data.read(INDEX_LIMIT)
                    else:
                        found[member.name] = _write(draft, member, data, found)
            if pieces.drain():
                raise _wrong(INDEX)
    except FileNotFoundError as error:
        raise InputError(
            f"There is no file {file}; give the backup.", f"没有文件 {file}；请给出备份文件。"
        ) from error
    except (tarfile.TarError, EOFError) as error:
        raise FormatError(
            f"the backup's content is no archive ({error})", f"备份内容不是归档（{error}）"
        ) from error
    return _compare(last, found)


def _wrong(name: str) -> FormatError:
    return FormatError(
        f"the backup holds {name!r}, which cannot be there", f"备份中不应有 {name!r}"
    )


def _write(
    draft: Path, member: tarfile.TarInfo, data: IO[bytes], found: dict[str, tuple[int, str]]
) -> tuple[int, str]:
    """Write one file below ``draft``; return its size and SHA-256."""
    parts = member.name.split("/")
    if member.name in found or any(p in ("", ".", "..") for p in parts) or "\0" in member.name:
        raise _wrong(member.name)
    path = draft.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = sha256(), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, member.mode & 0o755), "wb") as target:
        while chunk := data.read(1 << 20):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        target.flush()
        os.fsync(target.fileno())
    return size, digest.hexdigest()


def _compare(data: bytes, found: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """Return the index if it lists exactly the files that are there, with their digests."""
    fields = {"format": str, "created": str, "home": str, "checkpoint": str, "files": list}
    index = jcs.take(jcs.loads(data, INDEX, limit=INDEX_LIMIT), INDEX, fields)
    if index["format"] != FORMAT:
        raise FormatError(f"{INDEX} is not of format {FORMAT}", f"{INDEX} 的格式不是 {FORMAT}")
    row = {"name": str, "size": int, "sha256": str, "mode": int}
    listed = [jcs.take(item, INDEX, row) for item in index["files"]]
    stated = {item["name"]: (item["size"], item["sha256"]) for item in listed}
    differing = sorted(set(stated.items()) ^ set(found.items()))
    if differing or len(stated) != len(listed):
        raise FormatError(
            f"{differing[0][0] if differing else INDEX} is not as the backup's index lists it",
            f"{differing[0][0] if differing else INDEX} 与备份索引所列不符",
        )
    return index


def _move_paths(draft: Path, before: str, after: str) -> None:
    """Let the captures' orders name the folder that the set is restored to."""
    for path in [*draft.glob(f"evidence/work/*/{ORDER}"), *draft.glob(f"evidence/work/*/{DONE}")]:
        value = json.loads(path.read_bytes())
        moved = {
            k: after + v[len(before) :] if isinstance(v, str) and v.startswith(before + "/") else v
            for k, v in value.items()
        }
        if moved != value:
            replace_file(path, jcs.dumps(moved))
