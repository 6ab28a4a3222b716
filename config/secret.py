"""The key that signs sessions: made once in the data folder, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from config.environment import SettingError


def secret_key(path: Path) -> str:
    """Return the key in this file, making it (mode 0600) when there is none.

    Two processes that start at once get the same key. Raises SettingError when the
    file is too short or cannot be read or written.
    """
    try:
        if not path.exists():
            _make(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"The session key {path} cannot be used ({error}); check its folder and rights.",
            f"会话密钥 {path} 无法使用（{error}），请检查目录和权限。",
        ) from error
    if len(key) < 50:
        raise SettingError(
            f"The session key {path} is shorter than 50 characters; delete it to make a new one.",
            f"会话密钥 {path} 少于 50 个字符，删除后会重新生成。",
        )
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(64))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # the first one wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()
