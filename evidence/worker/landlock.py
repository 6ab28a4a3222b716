"""Landlock (Linux, uapi/linux/landlock.h, ABI 1 to 7): the three system calls and their bits.

A process that restricts itself, and all that it starts, can open only what it was allowed
before. Opening is refused; the names and sizes of files (stat) are not hidden.
"""

from __future__ import annotations

import ctypes
import os
import platform
import stat
import struct
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_NO_NEW_PRIVILEGES = 38
_ARCHITECTURES = ("x86_64", "aarch64", "riscv64", "loongarch64", "armv7l", "i686", "ppc64le")

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
CONNECT_TCP = 1 << 1
SCOPE_ABSTRACT_UNIX, SCOPE_SIGNAL = 1 << 0, 1 << 1
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

READ = READ_FILE | READ_DIR | EXECUTE
USE_DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV


def abi() -> int:
    """Return the kernel's Landlock version, 0 when there is none."""
    if platform.system() != "Linux" or platform.machine() not in _ARCHITECTURES:
        return 0
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def every_right(version: int) -> int:
    """Return all rights over files that ``version`` of the kernel knows."""
    known = (1 << 13) - 1
    known |= REFER if version >= 2 else 0
    known |= TRUNCATE if version >= 3 else 0
    known |= IOCTL_DEV if version >= 5 else 0
    return known


class Ruleset:
    """What will be allowed; ``enforce`` makes it so for this process and its children for good.

    ``tcp`` handles outgoing TCP connections as well (from ABI 4); ``scoped`` keeps signals and,
    unless ``screen`` (an X server listens on one), abstract Unix sockets inside (from ABI 6).
    """

    def __init__(
        self, version: int, *, tcp: bool = False, scoped: bool = True, screen: bool = False
    ) -> None:
        self.files = every_right(version)
        self.tcp = CONNECT_TCP if tcp and version >= 4 else 0
        self.scopes = SCOPE_SIGNAL if scoped and version >= 6 else 0
        self.scopes |= SCOPE_ABSTRACT_UNIX if self.scopes and not screen else 0
        fields = [self.files]
        fields += [self.tcp] if version >= 4 else []
        fields += [self.scopes] if version >= 6 else []
        attributes = struct.pack(f"={len(fields)}Q", *fields)
        self._handle = _call(_CREATE_RULESET, attributes, len(attributes), 0)

    def allow(self, path: Path, rights: int) -> bool:
        """Allow ``rights`` on ``path`` and all below; False when there is no such place."""
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            if not stat.S_ISDIR(os.fstat(place).st_mode):
                rights &= _FILE_RIGHTS
            rule = struct.pack("=Qi", rights & self.files, place)
            _call(_ADD_RULE, self._handle, _PATH_BENEATH, rule, 0)
        finally:
            os.close(place)
        return True

    def allow_port(self, port: int) -> None:
        """Allow TCP connections to ``port``; without effect where TCP is not handled."""
        if self.tcp:
            _call(_ADD_RULE, self._handle, _NET_PORT, struct.pack("=QQ", self.tcp, port), 0)

    def enforce(self) -> None:
        """Restrict this process (which must have one thread) and all that it starts."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            raise _failed()
        _call(_RESTRICT_SELF, self._handle, 0)
        self.close()

    def close(self) -> None:
        """Give the rules up; what was enforced stays."""
        with suppress(OSError):
            os.close(self._handle)


def _call(number: int, *arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    given = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *given))
    if result < 0:
        raise _failed()
    return result


def _failed() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))
