"""The private folder of one capture: its home, its temporary files, its answer; gone afterwards.

Layout: ``lock`` (held while the caller lives), ``words`` (what the processes say), and
``inside``, the only part that the capture itself may write: ``home``, ``tmp``, ``capture``.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import InputError
from evidence.worker import family

PREFIX = "markseal-capture-"


@dataclass(frozen=True)
class Account:
    """The ordinary user that captures run as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Private:
    """The places of one capture's private folder."""

    path: Path

    @property
    def inside(self) -> Path:
        """What the capture may write."""
        return self.path / "inside"

    @property
    def words(self) -> Path:
        """What the processes said on standard error."""
        return self.path / "words"


def account(name: str) -> Account | None:
    """Return the user to become, None for the user who runs this.

    Raises InputError for a name that does not exist, or when this process may not become it.
    """
    if not name:
        return None
    try:
        found = pwd.getpwnam(name)
    except KeyError as error:
        raise InputError(
            f"There is no user {name} on this machine; correct MARKSEAL_CAPTURE_USER.",
            f"本机没有用户 {name}；请更正 MARKSEAL_CAPTURE_USER。",
        ) from error
    if found.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0 or found.pw_uid == 0:
        raise InputError(
            f"Captures cannot run as {name}: MARKSEAL_CAPTURE_USER is for a service run by root "
            "and names an ordinary user.",
            f"无法以用户 {name} 取证：MARKSEAL_CAPTURE_USER 仅在服务由 root 运行时使用，"
            "且须为普通用户。",
        )
    return Account(name, found.pw_uid, found.pw_gid)


@contextmanager
def private_folder(owner: Account | None) -> Iterator[Private]:
    """Make a private folder for the length of a ``with`` block; those of the dead are removed."""
    _sweep()
    path, handle = _locked_folder()
    private = Private(path)
    try:
        for folder in (private.inside, *(private.inside / n for n in ("home", "tmp", "capture"))):
            folder.mkdir(mode=0o700)
            if owner is not None:
                os.chown(folder, owner.uid, owner.gid)
        if owner is not None:
            path.chmod(0o711)
        yield private
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def _locked_folder() -> tuple[Path, int]:
    """Return a new folder and its lock, which is held before the folder has its own name."""
    made = Path(tempfile.mkdtemp(prefix=".markseal-"))
    handle = os.open(made / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return made.rename(made.with_name(PREFIX + secrets.token_hex(4))), handle


def _sweep() -> None:
    """Remove private folders whose caller is dead, and end what still bears their name."""
    for path in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        try:
            status = path.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            handle = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            family.end_bearers(str(path), seconds=5)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(handle)


def require_plain(folder: Path) -> str | None:
    """Return the name of the first thing in ``folder`` that is no plain file or folder, or None.

    A capture that was taken over by a page could leave a link to a key, which the seal would
    then follow: nothing but plain files with one name each is taken.
    """
    for place, folders, files in os.walk(folder, followlinks=False):
        for name in (*folders, *files):
            status = os.lstat(Path(place) / name)
            plain = stat.S_ISDIR(status.st_mode) or (
                stat.S_ISREG(status.st_mode) and status.st_nlink == 1
            )
            if not plain:
                return name
    return None


def take_over(source: Path, target: Path) -> None:
    """Move the plain files below ``source`` to ``target`` as files of this process's user."""
    for place, folders, files in os.walk(source, followlinks=False):
        here = target / Path(place).relative_to(source)
        for name in folders:
            (here / name).mkdir(exist_ok=True)
        for name in files:
            handle = os.open(Path(place) / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with open(handle, "rb") as taken, (here / name).open("wb") as kept:  # noqa: PTH123
                shutil.copyfileobj(taken, kept, 1 << 20)
            with suppress(OSError):
                (Path(place) / name).unlink()


def read_answer(path: Path, limit: int) -> bytes | None:
    """Return the content of a plain file of at most ``limit`` bytes, None for anything else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(handle, "rb") as source:  # noqa: PTH123
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        return source.read(limit)
