"""Two captures of one page held against each other: what differs in text and picture.

Both packages are kept as they are; nothing is verified here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from evidence.errors import FormatError, InputError
from evidence.format.manifest import Manifest
from evidence.format.names import MANIFEST, SCREENSHOT, TEXT
from evidence.format.times import format_time
from evidence.format.zipform import ZipEntry, read_zip
from evidence.replay.compare import (
    PictureDifference,
    TextDifference,
    compare_pictures,
    compare_texts,
)

FORMAT = "markseal-comparison/1"
_LIMITS = {MANIFEST: 8 << 20, TEXT: 64 << 20, SCREENSHOT: 256 << 20}


@dataclass(frozen=True)
class Comparison:
    """What differs between two captures, the first named first."""

    first: Manifest
    second: Manifest
    picture: PictureDifference
    text: tuple[TextDifference, ...]

    @property
    def same_address(self) -> bool:
        """Whether both were captures of the very same address."""
        return self.first.url == self.second.url

    @property
    def equal(self) -> bool:
        """Whether neither picture nor text differ."""
        return not (self.text or self.picture.regions or self.picture.more)

    def to_json(self) -> dict[str, Any]:
        """Return the documented JSON form."""
        picture = self.picture
        return {
            "format": FORMAT,
            "verdict": "equal" if self.equal else "different",
            "same_address": self.same_address,
            "captures": [
                {
                    "capture_id": one.capture_id,
                    "url": one.url,
                    "started": format_time(one.started),
                    "finished": format_time(one.finished),
                }
                for one in (self.first, self.second)
            ],
            "picture": {
                "differing_permille": picture.permille,
                "regions": [
                    {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
                    for box in picture.regions
                ],
                "regions_not_listed": picture.more,
            },
            "text": {
                "equal": not self.text,
                "differences": [
                    {"line": item.line, "first": list(item.first), "second": list(item.second)}
                    for item in self.text
                ],
            },
        }


def compare_packages(first: Path, second: Path) -> Comparison:
    """Return what differs between any two packages (``NAME.wacz``), whichever was first.

    Raises InputError naming the file that cannot be read as a package.
    """
    a, b = _read(first), _read(second)
    try:
        picture = compare_pictures(a[SCREENSHOT], b[SCREENSHOT])
        text = compare_texts(a[TEXT].decode("utf-8"), b[TEXT].decode("utf-8"))
    except FormatError as error:
        raise InputError(
            f"The two captures cannot be compared ({error.en}).",
            f"两次取证无法比较（{error.zh}）。",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"The two captures cannot be compared ({TEXT} is not UTF-8).",
            f"两次取证无法比较（{TEXT} 不是 UTF-8 文字）。",
        ) from error
    return Comparison(Manifest.parse(a[MANIFEST]), Manifest.parse(b[MANIFEST]), picture, text)


def _read(path: Path) -> dict[str, bytes]:
    try:
        with path.open("rb") as source:
            entries = {entry.name: entry for entry in read_zip(source)}
            held = {name: _member(source, entries, name) for name in _LIMITS}
        Manifest.parse(held[MANIFEST])
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); give the .wacz of a capture.",
            f"无法读取 {path}（{error.strerror}）；请给出一次取证的 .wacz 文件。",
        ) from error
    except FormatError as error:
        raise InputError(
            f"{path.name} is not a package of ours ({error.en}); give the .wacz of a capture.",
            f"{path.name} 不是本系统的证据包（{error.zh}）；请给出一次取证的 .wacz 文件。",
        ) from error
    return held


def _member(source: BinaryIO, entries: dict[str, ZipEntry], name: str) -> bytes:
    entry = entries.get(name)
    if entry is None or entry.size > _LIMITS[name]:
        raise FormatError(f"{name} is missing or too large", f"{name} 缺失或过大")
    source.seek(entry.data_offset)
    return source.read(entry.size)
