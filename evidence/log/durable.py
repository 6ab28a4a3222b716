"""Files that are either there whole or not at all: write, fsync, rename, fsync the folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from evidence.errors import LogError

Fault = Callable[[str], None]
LOCK_SECONDS = 120.0


def no_fault(point: str) -> None:
    """The default fault point: nothing happens. Tests hand in one that kills the process."""


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path`` and make the bytes durable; the name may still be lost."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put ``data`` at ``path`` atomically and durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    write_synced(temporary, data, mode=mode)
    temporary.rename(path)
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make the folder and those above it, the names durable too."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def write_all_synced(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write every file and make their bytes durable, side by side; the names may still be lost."""
    with ExitStack() as opened:
        handles = []
        for path, data in files:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            opened.callback(os.close, handle)
            handles.append(handle)
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
        _sync_all(handles)


def sync_folders(folders: Iterable[Path]) -> None:
    """Make the names in every folder durable, side by side."""
    with ExitStack() as opened:
        handles = []
        for folder in dict.fromkeys(folders):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, handle)
            handles.append(handle)
        _sync_all(handles)


def _sync_all(handles: Sequence[int]) -> None:
    """Sync open files at once: the disk then has one wait for all of them, not one for each."""
    if len(handles) < 2:
        for handle in handles:
            os.fsync(handle)
        return
    with ThreadPoolExecutor(min(8, len(handles))) as side_by_side:
        list(side_by_side.map(os.fsync, handles))


@contextmanager
def locked(path: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the exclusive lock of ``path`` (fcntl.flock) for the length of a ``with`` block.

    Waits up to ``seconds`` for another process; then raises LogError. The lock ends with the
    process, however that ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    try:
        while not try_lock(handle):
            if time.monotonic() > deadline:
                raise LogError(
                    f"Another process has held {path.name} for {seconds:.0f} seconds; try again.",
                    f"另一进程占用 {path.name} 已超过 {seconds:.0f} 秒；请稍后重试。",
                )
            time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    """Take the exclusive lock of an open file if nobody has it; say whether it was had."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
