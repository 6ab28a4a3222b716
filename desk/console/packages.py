"""What a page shows of a sealed package (WACZ 1.1.1): single files, read within limits.

Nothing is verified here; the verdict beside it comes from ``evidence.verify``.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk.console.tellings import Telling
from desk.errors import NotFound
from evidence.errors import EvidenceError
from evidence.format import names
from evidence.keeping.store import Stored

PICTURES = {
    "screenshot": names.SCREENSHOT,
    "licence": names.LICENCE_PICTURE,
    "replay": names.REPLAY_PICTURE,
}
FILES = {"recording": names.RECORDING, "page": names.MHTML}
"""What can be taken out of a package by itself: its key in an address to its name."""
_NUMBERED = re.compile(r"(moment|strip)-([0-9]{3})\Z", re.ASCII)
Package = Path | Stored
"""A package in the clear, or in the store that keeps it encrypted."""
UNREADABLE = (
    OSError,
    KeyError,
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
    EvidenceError,
)
JSON_LIMIT = 16 * 1024 * 1024
CHUNK = 1 << 18


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

    def digest_of(self, name: str) -> str:
        """Return the SHA-256 that the manifest lists for a file, empty when it lists none."""
        return next((str(a.get("sha256", "")) for a in self.artefacts if a.get("name") == name), "")

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the files under the manifest."""
        return frozenset(str(item.get("name")) for item in self.artefacts)

    @property
    def pictures(self) -> list[str]:
        """Return what ``picture_name`` knows of the pictures that are there."""
        return [key for key in PICTURES if PICTURES[key] in self.names]

    @property
    def moments(self) -> list[str]:
        """Return the keys of the pictures of marked moments."""
        return self._numbered("moment")

    @property
    def strips(self) -> list[str]:
        """Return the keys of the strips of a tall page, top first."""
        return self._numbered("strip")

    @property
    def files(self) -> list[str]:
        """Return the keys of the files that can be taken out by themselves."""
        return [key for key in FILES if FILES[key] in self.names]

    def _numbered(self, kind: str) -> list[str]:
        keys = (f"{kind}-{n:03d}" for n in range(1, names.SERIES_LIMIT + 1))
        return [key for key in keys if picture_name(key) in self.names]


def picture_name(key: str) -> str | None:
    """Return the file of a picture by its key in an address, or None for an unknown one."""
    numbered = _NUMBERED.match(key)
    if numbered is None:
        return PICTURES.get(key)
    folder = names.MOMENTS if numbered[1] == "moment" else names.STRIPS
    return f"{folder}/{numbered[2]}.png"


def contents(path: Package) -> Contents:
    """Return the records and the manifest of a package; raises NotFound when unreadable."""
    record = _json(path, names.CAPTURE)
    optional = (names.ENVIRONMENT, names.REPLAY, names.ATTENDED)
    environment, replay, attended = (_json_if_there(path, name) for name in optional)
    telling = Telling(record, environment or {}, replay, attended)
    return Contents(record=record, manifest=_json(path, names.MANIFEST), telling=telling)


def _json_if_there(path: Package, name: str) -> Mapping[str, Any] | None:
    with path.open("rb") as file, zipfile.ZipFile(file) as package:
        there = name in package.namelist()
    return _json(path, name) if there else None


def member(path: Package, name: str, *, limit: int) -> bytes:
    """Return one file of a package; raises NotFound when missing, broken or larger."""
    try:
        with (
            path.open("rb") as file,
            zipfile.ZipFile(file) as package,
            package.open(name) as inner,
        ):
            data = inner.read(limit + 1)
    except UNREADABLE as error:
        raise _unreadable(name) from error
    if len(data) > limit:
        raise _unreadable(name)
    return data


def pieces(path: Package, name: str) -> tuple[int, Iterator[bytes]]:
    """Return the size of one file of a package and its bytes piece by piece.

    Raises NotFound when it is missing or cannot be read; a checksum that does not fit ends the
    pieces with zipfile.BadZipFile.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as package:
            size = package.getinfo(name).file_size
    except UNREADABLE as error:
        raise _unreadable(name) from error
    return size, _pieces(path, name)


def _pieces(path: Package, name: str) -> Iterator[bytes]:
    with (
        path.open("rb") as file,
        zipfile.ZipFile(file) as package,
        package.open(name) as inner,
    ):
        while piece := inner.read(CHUNK):
            yield piece


def _json(path: Package, name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(member(path, name, limit=JSON_LIMIT))
    except ValueError as error:
        raise _unreadable(name) from error
    if not isinstance(value, Mapping):
        raise _unreadable(name)
    return value


def _unreadable(name: str) -> NotFound:
    return NotFound(f"{name} cannot be read from the package.", f"无法从封装文件读取 {name}。")
