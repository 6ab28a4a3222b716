"""The place of a package, held by one capture at a time: of this home, or of any other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from evidence.errors import PlaceError, SealError
from evidence.format.names import Sidecars


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """Hold the place ``out`` (``NAME.wacz``) for the length of a ``with`` block.

    Raises PlaceError while another process holds it. The hold is a lock (flock) on a hidden file
    beside it, gone with the block, and let go by the end of the process however that ends. Where
    a file system knows no locks nothing is held; ``require_ours`` then is what is left.
    """
    path = out.with_name(f".{out.name}.lock")
    handle = _held(path)
    if handle is None:
        raise PlaceError(
            f"Another capture is being written to {out.name} right now; let it finish, or choose "
            "another name.",
            f"另一次取证正在写入 {out.name}；请等它完成，或换一个文件名。",
        )
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def drop_left(out: Path) -> None:
    """Remove what a process left that was killed when all was in place, unless it is held."""
    path = out.with_name(f".{out.name}.lock")
    with suppress(OSError):
        handle = _held(path) if path.exists() else None
        if handle is not None:
            path.unlink(missing_ok=True)
            os.close(handle)


def _held(path: Path) -> int | None:
    """Return the locked file, None while somebody else has it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:
            return handle  # no locks here
        if _is(handle, path):
            return handle
        os.close(handle)  # whoever held it has just removed it


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def require_ours(folder: Path, name: str, files: Mapping[str, bytes | Path]) -> None:
    """Raise SealError unless the place is free or what lies there is of this very capture.

    The attempt's entry is put there first and no two captures have the same one.
    """
    names = Sidecars(name)
    attempt = folder / names.attempt
    if attempt.exists():
        foreign = names.attempt if attempt.read_bytes() != files[names.attempt] else None
    else:
        places = (names.wacz, names.dossier, names.outcome)
        foreign = next((place for place in places if os.path.lexists(folder / place)), None)
    if foreign is not None:
        raise SealError(
            f"{foreign} was put there by another capture meanwhile and is not overwritten; move "
            "those files away and run the same command again.",
            f"{foreign} 已由另一次取证放入，不予覆盖；请移走该组文件后重新运行同一命令。",
        )
