"""Private keys as files: Ed25519 in PEM (PKCS 8), readable by the owner alone, and their locks."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import InputError
from evidence.log.durable import replace_file


@contextmanager
def keys_held(folder: Path, *, exclusive: bool = False) -> Iterator[Callable[[], None]]:
    """Keep the keys in ``folder`` as they are for a ``with`` block.

    ``exclusive`` waits until nobody else is in such a block, and keeps newcomers out; the
    function that is yielded then lets them in again, while the keys still stay.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    gate, handle = (_opened(folder / name) for name in ("gate.lock", "lock"))
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH

    def share() -> None:
        fcntl.flock(handle, fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)

    try:
        fcntl.flock(gate, kind)
        fcntl.flock(handle, kind)
        if not exclusive:
            fcntl.flock(gate, fcntl.LOCK_UN)
        yield share
    finally:
        os.close(handle)
        os.close(gate)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def public_pem(private: Ed25519PrivateKey) -> bytes:
    """Return the public key in PEM (SubjectPublicKeyInfo)."""
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def ensure_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key at ``path`` (0600), made durably when there is none."""
    if not path.exists():
        secret = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.with_name(path.name + ".tmp").unlink(missing_ok=True)
        replace_file(path, secret, mode=0o600)
    return load_key(path)


def load_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key at ``path``; raises InputError when others can read the file."""
    try:
        if path.stat().st_mode & 0o077:
            raise InputError(
                f"The key {path.name} can be read by others; run chmod 600 on it.",
                f"密钥 {path.name} 可被他人读取；请执行 chmod 600。",
            )
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise InputError(
            f"The key {path.name} cannot be read ({error}).",
            f"无法读取密钥 {path.name}（{error}）。",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(
            f"The key {path.name} is not an Ed25519 key; restore the right one.",
            f"密钥 {path.name} 不是 Ed25519 密钥；请恢复正确的密钥。",
        )
    return key
