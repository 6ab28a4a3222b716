"""A command's output file: complete under its name, or absent."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

STANDARD = "-"


class OutputError(Exception):
    """The output cannot be written."""

    exit_code = 1

    def __init__(self, name: str, error: OSError) -> None:
        super().__init__(name)
        self.en = f"The file {name} cannot be written ({error.strerror}); choose another --out."
        self.zh = f"无法写入文件 {name}（{error.strerror}）；请换一个 --out。"


def is_stream(name: str) -> bool:
    """Tell whether ``name`` is standard output, a device or a pipe, which is never replaced."""
    path = Path(name)
    return name == STANDARD or (path.exists() and not path.is_file() and not path.is_dir())


@contextmanager
def whole_file(name: str) -> Iterator[IO[bytes]]:
    """Yield a file that appears under ``name`` only when all of it was written.

    ``-`` is standard output; a device or a pipe is written to as it stands. Raises OutputError.
    """
    try:
        with _stream(name) if is_stream(name) else _draft(Path(name)) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(name, error) from error


@contextmanager
def _stream(name: str) -> Iterator[IO[bytes]]:
    if name == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with Path(name).open("wb") as file:
        yield file


@contextmanager
def _draft(target: Path) -> Iterator[IO[bytes]]:
    if target.is_dir():
        raise IsADirectoryError(21, "is a folder")
    target = target.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o644)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
