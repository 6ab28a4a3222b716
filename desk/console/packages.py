"""What a page shows of a sealed package (WACZ 1.1.1): single files, read within limits.

Nothing is verified here; the verdict beside it comes from ``evidence.verify``.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk.console.tellings import Telling
from desk.errors import NotFound

RECORD = "evidence/capture.json"
ENVIRONMENT = "evidence/environment.json"
REPLAY = "evidence/replay.json"
ATTENDED = "evidence/attended.json"
MANIFEST = "evidence/manifest.json"
SCREENSHOT = "evidence/screenshot.png"
PICTURES = {
    "screenshot": SCREENSHOT,
    "licence": "evidence/licence.png",
    "replay": "evidence/replay.png",
}
_MOMENT = re.compile(r"moment-([0-9]{3})\Z", re.ASCII)
JSON_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class Contents:
    """What the page of an exhibit tells of its package."""

    record: Mapping[str, Any]
    manifest: Mapping[str, Any]
    telling: Telling

    @property
    def artefacts(self) -> list[Mapping[str, Any]]:
        """Return the files under the manifest with their sizes and digests."""
        found = self.manifest.get("artefacts", [])
        return [item for item in found if isinstance(item, Mapping)]

    @property
    def not_recorded(self) -> list[Mapping[str, Any]]:
        """Return what the page did that is named but not in the package."""
        found = self.record.get("not_recorded", [])
        return [item for item in found if isinstance(item, Mapping)]

    @property
    def exchanges(self) -> int:
        """Return how many exchanges were recorded."""
        return len(self.record.get("exchanges", []))

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the files under the manifest."""
        return frozenset(str(item.get("name")) for item in self.artefacts)

    @property
    def pictures(self) -> list[str]:
        """Return what ``picture_name`` knows of the pictures that are there."""
        moments = (f"moment-{n:03d}" for n in range(1, 100))
        return [key for key in (*PICTURES, *moments) if picture_name(key) in self.names]


def picture_name(key: str) -> str | None:
    """Return the file of a picture by its key in an address, or None for an unknown one."""
    moment = _MOMENT.match(key)
    return f"evidence/moments/{moment[1]}.png" if moment else PICTURES.get(key)


def contents(path: Path) -> Contents:
    """Return the records and the manifest of a package; raises NotFound when unreadable."""
    record = _json(path, RECORD)
    further = {name: _json_if_there(path, name) for name in (ENVIRONMENT, REPLAY, ATTENDED)}
    telling = Telling(record, further[ENVIRONMENT] or {}, further[REPLAY], further[ATTENDED])
    return Contents(record=record, manifest=_json(path, MANIFEST), telling=telling)


def _json_if_there(path: Path, name: str) -> Mapping[str, Any] | None:
    with zipfile.ZipFile(path) as package:
        there = name in package.namelist()
    return _json(path, name) if there else None


def member(path: Path, name: str, *, limit: int) -> bytes:
    """Return one file of a package; raises NotFound when missing, broken or larger."""
    try:
        with zipfile.ZipFile(path) as package, package.open(name) as inner:
            data = inner.read(limit + 1)
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise _unreadable(name) from error
    if len(data) > limit:
        raise _unreadable(name)
    return data


def _json(path: Path, name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(member(path, name, limit=JSON_LIMIT))
    except ValueError as error:
        raise _unreadable(name) from error
    if not isinstance(value, Mapping):
        raise _unreadable(name)
    return value


def _unreadable(name: str) -> NotFound:
    return NotFound(f"{name} cannot be read from the package.", f"无法从封装文件读取 {name}。")
