"""The keys of an exhibit: one random AES-256 key for each purpose, and erasure is its end.

A key lies in ``keys/<purpose>/<capture_id>.key`` as 64 hex digits and a newline, readable by the
owner alone. ``private`` is that of the encrypted part: it is made before the capture and handed
to it, so that the capturing process holds no key but this exhibit's own. ``content`` is that of
the whole exhibit at rest (``evidence.keeping``).
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from evidence.errors import InputError
from evidence.home import EvidenceHome
from evidence.log.durable import replace_file, sync_folder

KEY_SIZE = 32
PART, CONTENT = "private", "content"
_FORM = re.compile(rb"[0-9a-f]{64}\n\Z")


def key_path(home: EvidenceHome, capture_id: str, purpose: str = PART) -> Path:
    """Return where the key of an exhibit lies, or would."""
    return home.keys / purpose / f"{capture_id}.key"


def make_key(home: EvidenceHome, capture_id: str, purpose: str = PART) -> bytes:
    """Return a new key (32 bytes), kept durably; one of an attempt that was cut short goes."""
    path = key_path(home, capture_id, purpose)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(KEY_SIZE)
    path.with_name(path.name + ".tmp").unlink(missing_ok=True)
    replace_file(path, key.hex().encode() + b"\n", mode=0o600)
    return key


def read_key(home: EvidenceHome, capture_id: str, purpose: str = PART) -> bytes:
    """Return the key of an exhibit, or raise InputError that says what can be done."""
    path = key_path(home, capture_id, purpose)
    try:
        if path.stat().st_mode & 0o077:
            raise InputError(
                f"The key {path.name} can be read by others; run chmod 600 on it.",
                f"密钥 {path.name} 可被他人读取；请执行 chmod 600。",
            )
        data = path.read_bytes()
    except OSError as error:
        raise _gone(purpose) from error
    if not _FORM.match(data):
        raise InputError(
            f"The key {path.name} is not 64 hex digits; restore it from the back-up.",
            f"密钥 {path.name} 不是 64 位十六进制数；请从备份恢复。",
        )
    return bytes.fromhex(data.decode("ascii"))


def _gone(purpose: str) -> InputError:
    if purpose == PART:
        return InputError(
            "This installation has no key for the encrypted part: the exhibit was sealed "
            "elsewhere, or the key was erased; without it nobody can open the part.",
            "本安装没有该加密部分的密钥：证据在别处封装，或密钥已被销毁；"
            "没有密钥，任何人都无法打开。",
        )
    return InputError(
        "This installation has no key for this exhibit's content: it was erased, or the key is to "
        "be restored from the back-up; without it nobody can read the content.",
        "本安装没有该证据内容的密钥：内容已删除，或须从备份恢复密钥；没有密钥，任何人都无法读取。",
    )


def drop_key(home: EvidenceHome, capture_id: str, purpose: str = PART) -> bool:
    """Delete the key of an exhibit; return whether there was one. It cannot be had back."""
    path = key_path(home, capture_id, purpose)
    if not path.exists():
        return False
    path.unlink()
    sync_folder(path.parent)
    return True
