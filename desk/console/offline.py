"""The offline verifier that this installation can hand out: one HTML file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Offline:
    """The file, its size and its SHA-256."""

    path: Path
    size: int
    sha256: str


def offline_verifier() -> Offline | None:
    """Return the offline verifier, None where the installation has none."""
    path = Path(settings.MARKSEAL_OFFLINE_VERIFIER)
    try:
        stat = path.stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return None


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int, size: int) -> Offline:
    return Offline(path, size, hashlib.sha256(path.read_bytes()).hexdigest())
