"""The key of the encrypted part of a capture that was just made (``evidence.exhibitkeys``)."""

from __future__ import annotations

from pathlib import Path

from evidence.errors import SealError
from evidence.exhibitkeys import CONTENT, PART, drop_key, key_path, make_key, read_key
from evidence.format.names import PRIVATE
from evidence.home import EvidenceHome

__all__ = ["CONTENT", "PART", "drop_key", "key_path", "make_key", "read_key", "require_key"]


def require_key(home: EvidenceHome, capture_id: str, folder: Path) -> None:
    """Keep the key of a finished capture exactly if it has an encrypted part.

    Raises SealError when there is such a part and no key: nobody could ever open it.
    """
    if not (folder / PRIVATE).exists():
        drop_key(home, capture_id)
    elif not key_path(home, capture_id).exists():
        raise SealError(
            "The capture left an encrypted part without a key; capture the page again.",
            "取证结果含加密部分而没有密钥；请重新取证。",
        )
